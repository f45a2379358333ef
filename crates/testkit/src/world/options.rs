//! What a seed means.

use std::fmt;
use std::time::Duration;

use super::limits::{PASSIVATE_AFTER_MS, QUIET_MAX};
use super::plan::Plan;
use super::workload::{self, Script};
use crate::rng::Rng;
use crate::sandbox::HandFaults;

/// A seed, expanded. Five streams of chance, so that another plan of faults leaves the work alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// The seed.
    pub seed: u64,
    /// The sessions and what their clients do (the stream `workload`).
    pub scripts: Vec<Script>,
    /// What is broken (the stream `faults`).
    pub plan: Plan,
    /// Seed of the model's answers and failures (the stream `model`).
    pub model: u64,
    /// Of a hundred places in conversations, so many meet failures of the model.
    pub model_percent: u64,
    /// Tokens of a conversation at which it is summed up.
    pub compact_at: u64,
    /// How long every session may take to come to rest, once nothing is broken any more.
    pub patience: Duration,
    /// How long a commit takes (the stream `timing`).
    pub commit: Duration,
    /// How long a session hears nothing before it is put to sleep (the stream `sleep`).
    pub passivate_after: Duration,
    /// Whether followers go away while nothing happens, and come back (the stream `sleep`).
    pub fickle: bool,
}

impl Options {
    /// Expands a seed.
    pub fn new(seed: u64) -> Self {
        let mut timing = Rng::of(seed, "timing");
        let mut model = Rng::of(seed, "model");
        let commit = Duration::from_millis(timing.below(12));
        let mut scripts = workload::scripts(&mut Rng::of(seed, "workload"), &mut timing);
        let mut sleep = Rng::of(seed, "sleep");
        let passivate_after = Duration::from_millis(*sleep.pick(&PASSIVATE_AFTER_MS));
        workload::meet_sleep(&mut scripts, passivate_after, &mut sleep);
        let fickle = sleep.chance(50);
        let plan = Plan::draw(&mut Rng::of(seed, "faults"), &scripts);
        let model_percent = *model.pick(&[0, 10, 30]);
        let (model, compact_at) = (model.next_u64(), *model.pick(&[u64::MAX, 4_000, 800]));
        Self {
            seed,
            scripts,
            plan,
            model,
            model_percent,
            compact_at,
            patience: QUIET_MAX,
            commit,
            passivate_after,
            fickle,
        }
    }

    /// The same world, and nothing in it is broken from outside.
    #[must_use]
    pub fn without_faults(&self) -> Self {
        let hands = vec![HandFaults::default(); self.scripts.len()];
        Self { plan: Plan { faults: Vec::new(), hands }, ..self.clone() }
    }
}

impl fmt::Display for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seed, model_percent, commit, passivate_after, .. } = self;
        writeln!(
            f,
            "seed {seed}: commits take {commit:?}, model fails at {model_percent} %, sleep comes \
             after {passivate_after:?}"
        )?;
        for (script, hands) in self.scripts.iter().zip(&self.plan.hands) {
            let says: Vec<String> = script
                .says
                .iter()
                .map(|say| match &say.race {
                    None => format!("`{}`", say.text),
                    Some(race) => {
                        let what = race.text.as_deref().unwrap_or("interrupt");
                        format!("`{}` and `{what}` {:?} later", say.text, race.after)
                    }
                })
                .collect();
            writeln!(f, "  {} {}: {}", script.name, script.session, says.join(", "))?;
            if *hands != HandFaults::default() {
                let HandFaults { percent, kinds, starts, attaches, destroys, .. } = hands;
                writeln!(
                    f,
                    "    hands: {kinds:?} {percent} %, {starts} starts, {attaches} attaches and \
                     {destroys} destroys fail"
                )?;
            }
        }
        self.plan.faults.iter().try_for_each(|fault| writeln!(f, "  {fault}"))
    }
}
