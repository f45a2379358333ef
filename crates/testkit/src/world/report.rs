//! What a world's judge has to say, and how to see it again.

use std::collections::BTreeMap;
use std::fmt;

use planaria_core::session::{Call, OUTCOME_UNKNOWN, Phase, SessionState, fold};
use planaria_core::{Kind, Record};

use super::past::Past;
use super::verdict::result_text;
use crate::check::Violation;

/// The judgment of one world.
pub struct Report {
    /// What was broken that must never be.
    pub violations: Vec<Violation>,
    /// The history with faults.
    pub past: Past,
}

/// What happened in a number of worlds, counted: an invariant means little where nothing happened.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Coverage {
    counts: BTreeMap<String, u64>,
}

impl Report {
    pub(super) fn new(past: Past, violations: Vec<Violation>) -> Self {
        Self { violations, past }
    }

    /// The names of the broken invariants, each once.
    pub fn broken(&self) -> Vec<&'static str> {
        let mut names: Vec<_> = self.violations.iter().map(|broken| broken.invariant).collect();
        names.sort_unstable();
        names.dedup();
        names
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.past.options)?;
        for Violation { invariant, session, seq, problem } in &self.violations {
            let name = self.past.options.scripts.iter().find(|script| script.session == *session);
            let name = name.map_or("the world", |script| script.name.as_str());
            writeln!(f, "VIOLATED {invariant}: {name} record {seq}: {problem}")?;
        }
        writeln!(
            f,
            "replay: PLANARIA_SEED={} cargo test -p planaria-testkit --test world one_seed -- \
             --nocapture",
            self.past.options.seed
        )
    }
}

impl Coverage {
    /// Counts what happened in a world.
    pub fn add(&mut self, past: &Past) {
        let mut count = |what: &str| *self.counts.entry(what.to_owned()).or_default() += 1;
        past.fired.iter().for_each(|fault| count(fault.what.name()));
        past.fired
            .iter()
            .filter_map(|fault| fault.hold)
            .for_each(|point| count(&format!("held {point:?}")));
        past.requests.iter().filter_map(|asked| asked.fault).for_each(|fault| {
            let name = format!("model {fault:?}");
            count(name.split('(').next().unwrap_or_default());
        });
        past.deaths.iter().for_each(|death| count(&format!("hand {:?}", death.cause)));
        (0..past.hands.spared()).for_each(|_| count("destroy failed"));
        let parked = past.logs.values().map(|log| parked_with_calls(log)).sum();
        (0..parked).for_each(|_: usize| count("parked with a running call"));
        for record in past.logs.values().flatten() {
            count(&record.kind.name());
            if record.kind == Kind::AgentToolResult && result_text(record).contains(OUTCOME_UNKNOWN)
            {
                count("outcome unknown");
            }
        }
        let (kept, found) = past.snapshots;
        (0..kept).for_each(|_| count("snapshot kept"));
        (0..found).for_each(|_| count("snapshot found"));
        (1..past.lives).for_each(|_| count("server started again"));
    }

    /// Counts what happened in other worlds.
    pub fn add_all(&mut self, others: &Coverage) {
        for (what, count) in &others.counts {
            *self.counts.entry(what.clone()).or_default() += count;
        }
    }

    /// How often something happened.
    pub fn of(&self, what: &str) -> u64 {
        self.counts.get(what).copied().unwrap_or_default()
    }
}

impl fmt::Display for Coverage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.counts.iter().try_for_each(|(what, count)| writeln!(f, "{count:>8} {what}"))
    }
}

/// How often a session was parked while a call of it ran.
fn parked_with_calls(log: &[Record]) -> usize {
    let runs = |call: &Call| matches!(call.phase, Phase::Wanted(..) | Phase::Cancelling(..));
    let mut state = SessionState::default();
    let mut parked = 0;
    for record in log {
        if record.kind == Kind::Parked && state.calls.iter().any(runs) {
            parked += 1;
        }
        // A log that does not fold is its judge's business.
        if fold(&mut state, [record]).is_err() {
            break;
        }
    }
    parked
}
