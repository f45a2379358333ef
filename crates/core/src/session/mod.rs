//! The session machine: what happens is decided by three functions and nothing else.
//!
//! [`decide()`] looks at the state and a command and says which records to append; it touches
//! nothing. [`evolve()`] folds a record that is durable into the state; a fact cannot be refused.
//! [`effects()`] says what must be in flight right now. It is a function of the state alone, so
//! starting, going on and recovering are one path: fold, then reconcile.
//!
//! The state holds control state and positions, not content; whoever needs content reads the log.
//! The one exception are client events that wait to be taken up: they are not history yet.

mod batch;
mod command;
pub mod decide;
mod effects;
mod evolve;
pub mod snapshot;
mod state;

pub use command::{Command, ModelFailure, Rejection};
pub use decide::decide;
pub use effects::{Effect, EffectId, effects};
pub use evolve::{evolve, fold};
pub use state::{Call, ModelRequest, Phase, Queued, SessionState, Status};

/// What a decision knows of the outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    /// Wall-clock time in microseconds since the Unix epoch.
    pub now: u64,
    /// Seed of the ids that the decision makes.
    pub id_seed: u128,
    /// A random number for back-off.
    pub jitter: u32,
}

/// What the model is told of a call whose outcome nobody knows.
pub const OUTCOME_UNKNOWN: &str = "The outcome is unknown: the sandbox that ran this call died before it could \
    report. The call may have taken effect wholly, partly or not at all. Look at the state of things before you \
    repeat it. The shell and its variables are gone; the files remain.";
/// What the model is told of a call that the server itself ran, when the server died or gave it up.
pub const CALLER_LOST: &str = "The outcome is unknown: whoever ran this call was stopped before it could report. \
    The call may have taken effect wholly, partly or not at all. Look at the state of things before you repeat it.";
/// What the model is told of a call that was interrupted (contract §6.5).
pub const INTERRUPTED: &str = "Tool execution was interrupted before completion. Please retry.";
