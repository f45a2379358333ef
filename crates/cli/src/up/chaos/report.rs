//! What a chaos run found, for people and for programs.

use std::time::Duration;

use owo_colors::OwoColorize;
use planaria_runtime::Fault;
use planaria_testkit::check::{INVARIANTS, Violation};
use serde_json::{Value, json};

use super::Fired;
use crate::output::data;

/// What a chaos run found.
pub struct Faults {
    /// The seed of the plan.
    pub seed: u64,
    /// The command that repeats the run.
    pub replay: String,
    /// The fleet's sessions.
    pub names: Vec<String>,
    /// Faults in the plan.
    pub planned: usize,
    /// Faults that were injected.
    pub fired: Vec<Fired>,
    /// Broken invariants.
    pub violations: Vec<Violation>,
    /// Whether every session did what it was asked to, by its own check.
    pub all_done: bool,
}

/// One row of the table.
struct Row {
    fault: Fault,
    fired: usize,
    times: Vec<Duration>,
}

impl Faults {
    /// Whether the fleet got the same results and no invariant was broken, although something was.
    pub fn passed(&self) -> bool {
        self.all_done && self.violations.is_empty() && self.hits() > 0
    }

    fn hits(&self) -> usize {
        self.fired.iter().filter(|f| f.hit).count()
    }

    fn rows(&self) -> Vec<Row> {
        let row = |fault: &Fault| {
            let mine: Vec<&Fired> =
                self.fired.iter().filter(|f| f.hit && f.planned.fault == *fault).collect();
            let mut times: Vec<Duration> = mine.iter().filter_map(|f| f.recovered).collect();
            times.sort_unstable();
            Row { fault: *fault, fired: mine.len(), times }
        };
        Fault::ALL.iter().map(row).collect()
    }

    /// For people.
    pub fn human(&self) -> anyhow::Result<()> {
        let hit = self.hits();
        data(&format!(
            "\n== chaos: seed {}, {} faults planned, {hit} hit",
            self.seed, self.planned
        ))?;
        data("fault          hit   to the next record: p50       max")?;
        for Row { fault, fired, times } in self.rows() {
            let (p50, max) = (ms(times.get(times.len().saturating_sub(1) / 2)), ms(times.last()));
            data(&format!("{:<14} {fired:>3}  {p50:>24}  {max:>8}", fault.name()))?;
        }
        for (name, meaning) in INVARIANTS {
            let broken = self.violations.iter().filter(|v| v.invariant == *name).count();
            let mark = if broken == 0 { "ok    ".to_owned() } else { format!("BROKEN ({broken})") };
            data(&format!("{mark} {name:<10} {meaning}"))?;
        }
        for v in &self.violations {
            data(&format!(
                "       {} record {}: {}: {}",
                v.session, v.seq, v.invariant, v.problem
            ))?;
        }
        let verdict = if self.passed() {
            "passed".green().bold().to_string()
        } else {
            "failed".red().bold().to_string()
        };
        let verdict = match hit {
            0 => format!("{verdict}: nothing was hit, so nothing is proved; try another seed"),
            _ => verdict,
        };
        data(&format!("verdict {verdict}"))?;
        data(&format!("replay  {}", self.replay))
    }

    /// For programs.
    pub fn json(&self) -> Value {
        let faults: Vec<Value> = self
            .fired
            .iter()
            .map(|f| {
                json!({
                    "fault": f.planned.fault.name(),
                    "session": self.names[f.planned.job],
                    "after": f.planned.step.describe(),
                    "delay_ms": f.planned.delay_ms,
                    "hit": f.hit,
                    "recovered_ms": f.recovered.map(|t| t.as_secs_f64() * 1e3),
                })
            })
            .collect();
        let violations: Vec<Value> = self
            .violations
            .iter()
            .map(|v| {
                json!({
                    "invariant": v.invariant,
                    "session": v.session,
                    "seq": v.seq,
                    "problem": v.problem,
                })
            })
            .collect();
        json!({
            "seed": self.seed,
            "planned": self.planned,
            "faults": faults,
            "invariants": INVARIANTS.iter().map(|(name, _)| *name).collect::<Vec<_>>(),
            "violations": violations,
            "passed": self.passed(),
            "replay": self.replay,
        })
    }
}

fn ms(time: Option<&Duration>) -> String {
    time.map_or("-".to_owned(), |t| format!("{:.1} ms", t.as_secs_f64() * 1e3))
}
