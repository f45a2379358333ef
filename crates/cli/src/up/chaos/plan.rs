//! Which faults hit which session, and where in its log: a function of the seed and the sessions.

use planaria_runtime::Fault;
use planaria_testkit::rng::Rng;

/// Fewest faults of a session.
const FAULTS_MIN: u64 = 2;
/// Most faults of a session. Fewer than the default restart budget, so that the plan alone never
/// spends it.
const FAULTS_MAX: u64 = 3;
/// A fault hits one of the first so many steps of its kind; later ones would often not be reached.
const STEPS_MAX: u64 = 5;
/// Longest wait in milliseconds between the step and its fault, so that it hits in the middle.
const DELAY_MS_MAX: u64 = 30;

/// A step of a session's log after which a fault fires.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The n-th model request of the log has begun.
    ModelRequest(u64),
    /// The n-th tool call of the log has been dispatched.
    ToolCall(u64),
}

impl Step {
    /// In words, for the report.
    pub fn describe(self) -> String {
        match self {
            Self::ModelRequest(n) => format!("model request {n}"),
            Self::ToolCall(n) => format!("tool call {n}"),
        }
    }
}

/// One fault of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    /// The session's place in the fleet.
    pub job: usize,
    /// What is broken.
    pub fault: Fault,
    /// When.
    pub step: Step,
    /// How long after that, in milliseconds.
    pub delay_ms: u64,
}

/// The plan of a seed for that many sessions. Every kind of fault occurs when there are sessions
/// enough for it.
pub fn plan(seed: u64, jobs: usize) -> Vec<Planned> {
    let mut rng = Rng::new(seed);
    let mut kinds = Vec::new();
    let mut planned = Vec::new();
    for job in 0..jobs {
        let mut rng = rng.fork();
        let first = Step::ModelRequest(1);
        let mut steps: Vec<Step> = (1..=STEPS_MAX)
            .flat_map(|n| [Step::ModelRequest(n), Step::ToolCall(n)])
            .filter(|step| *step != first)
            .collect();
        rng.shuffle(&mut steps);
        // Every session has a first request: its plan hits something, however short its work is.
        // There is no sandbox to break yet.
        let fault = *rng.pick(&[Fault::KillHarness, Fault::KillSession]);
        planned.push(Planned { job, fault, step: first, delay_ms: rng.below(DELAY_MS_MAX) });
        let more = FAULTS_MIN - 1 + rng.below(FAULTS_MAX - FAULTS_MIN + 1);
        for step in steps.into_iter().take(more as usize) {
            if kinds.is_empty() {
                kinds = Fault::ALL.to_vec();
                rng.shuffle(&mut kinds);
            }
            let fault = kinds.pop().expect("refilled");
            // A sandbox is there to be hit only after the first call.
            let step = match (fault, step) {
                (
                    Fault::KillSandbox | Fault::KillHand,
                    Step::ModelRequest(n) | Step::ToolCall(n),
                ) => Step::ToolCall(n + 1),
                (_, step) => step,
            };
            planned.push(Planned { job, fault, step, delay_ms: rng.below(DELAY_MS_MAX) });
        }
    }
    planned
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_one_plan_and_another_seed_another() {
        assert_eq!(plan(7, 4), plan(7, 4));
        assert_ne!(plan(7, 4), plan(8, 4));
    }

    #[test]
    fn every_session_is_hit_within_its_budget_and_every_kind_of_fault_occurs() {
        for seed in 0..50 {
            let planned = plan(seed, 6);
            for job in 0..6 {
                let hits = planned.iter().filter(|p| p.job == job).count() as u64;
                assert!((FAULTS_MIN..=FAULTS_MAX).contains(&hits), "seed {seed}");
            }
            let all = Fault::ALL.iter().all(|kind| planned.iter().any(|p| p.fault == *kind));
            assert!(all, "seed {seed}: {planned:?}");
        }
    }
}
