//! What the world outside has seen of the hands.

use std::time::Duration;

use planaria_core::{EventId, SessionId};

/// One run of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// Whose.
    pub session: SessionId,
    /// The call.
    pub call: EventId,
    /// The tool.
    pub tool: String,
    /// What it works on; see [`crate::sandbox::SimHands::written`].
    pub key: String,
    /// The generation that ran it.
    pub generation: u64,
    /// When it began, since the world did.
    pub at: Duration,
    /// Whether its effect came about.
    pub took_effect: bool,
}

/// A hand's end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Death {
    /// Whose.
    pub session: SessionId,
    /// Which hand.
    pub generation: u64,
    /// Its address, which no other hand has.
    pub address: String,
    /// When, since the world began.
    pub at: Duration,
    /// How many runs it had begun.
    pub runs: usize,
    /// Why.
    pub cause: Cause,
}

/// Why a hand ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// Of itself, as [`super::CallFault`] has it.
    Fault,
    /// With the machine.
    Crashed,
    /// It was destroyed.
    Destroyed,
    /// It was retired.
    Retired,
    /// It lived when the next one was started, and was killed for that.
    Replaced,
}
