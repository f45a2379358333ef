//! What a session's log adds up to.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::effects::EffectId;
use crate::agent::Agent;
use crate::id::{EventId, SessionId};
use crate::model::{StopReason as ModelStop, Usage};
use crate::port::sandbox::Locator;
use crate::record::Kind;
use crate::record::payload::StopReason;
use crate::tool::{EffectClass, Runner};

/// The fold of a session's log.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct SessionState {
    /// The last record's position; 0 for a session that does not exist yet.
    pub seq: u64,
    /// The last record's time, in microseconds.
    pub at_us: u64,
    /// The last record's epoch.
    pub epoch: u64,
    /// Raised by every claim; reports of effects carry it.
    pub attempt: u32,
    /// Who the session is.
    pub session: Option<SessionId>,
    /// The agent, from the genesis record.
    pub agent: Option<Arc<Agent>>,
    /// The session's labels, from the genesis record.
    pub metadata: Arc<BTreeMap<String, String>>,
    /// Idle, running, …
    pub status: Status,
    /// Client events that wait to be taken up, in order of arrival.
    pub queue: Vec<Queued>,
    /// An accepted interrupt that waits for running calls to end.
    pub interrupt: Option<EventId>,
    /// The model request in flight.
    pub model: Option<ModelRequest>,
    /// Calls without a result, in tool-use order.
    pub calls: Vec<Call>,
    /// The hand that was bound last.
    pub hand: Option<Locator>,
    /// Whether something was said that the model has not been asked about.
    pub needs_model: bool,
    /// Why the model stopped last; decides how the turn ends.
    pub last_stop: Option<ModelStop>,
    /// Failed attempts since the last answer.
    pub failures: u32,
    /// When the last failed request may be repeated, in microseconds; 0 if none has failed.
    pub retry_due: u64,
    /// Answers of the model since the last message that was taken up.
    pub turn_requests: u32,
    /// Tokens of the whole session.
    pub usage: Usage,
    /// When the session last began to run.
    pub running_since: Option<u64>,
    /// Microseconds that it ran before that.
    pub active_us: u64,
    /// Position of the last `agent.message`, the session's answer so far.
    pub last_message: Option<u64>,
    /// Tool results so far, for progress lines.
    pub steps: u64,
}

/// Where a session stands (contract §6.1).
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub enum Status {
    /// Created, and nothing happened yet.
    #[default]
    New,
    /// Waits for a client, and why.
    Idle(StopReason),
    /// A turn is on.
    Running,
    /// A turn waits before it asks the model again.
    Rescheduling {
        /// The effect that ends the wait.
        effect: EffectId,
        /// When.
        due: u64,
    },
    /// It will not run again.
    Terminated,
}

/// A client's event that waits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Queued {
    /// The event's id.
    pub id: EventId,
    /// `user.message` or `system.message`.
    #[serde(with = "super::snapshot::kind")]
    pub kind: Kind,
    /// Its public payload.
    #[serde(with = "super::snapshot::payload")]
    pub payload: Bytes,
}

/// A model request in flight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelRequest {
    /// What reports about it carry: the position of the record that called for this attempt.
    pub effect: EffectId,
    /// The id of its `span.model_request_start`.
    pub start: EventId,
    /// Not before this time.
    pub due: u64,
    /// Tokens that failed attempts and compactions within its span have used.
    pub used: Usage,
    /// Set while its context is to be summarised first: the level.
    pub compact: Option<u32>,
    /// How often that has been done within its span.
    pub compactions: u32,
}

/// A call without a result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    /// The id of its tool-use event.
    pub id: EventId,
    /// The position of that event: its input stands there.
    pub use_seq: u64,
    /// The tool.
    pub name: String,
    /// Who runs it.
    pub runner: Runner,
    /// Where it stands.
    pub phase: Phase,
}

/// Where a call stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Phase {
    /// Waits for `user.tool_confirmation`.
    Ask(EffectClass),
    /// Waits for `user.custom_tool_result`.
    Client,
    /// May run, but is not dispatched yet: others of its answer still wait for a person.
    Ready(EffectClass),
    /// Is to run.
    Wanted(EffectId, EffectClass),
    /// Is to stop; sealed when `by` has passed without an outcome.
    Cancelling(EffectId, EffectClass, u64),
}

impl SessionState {
    /// Whether the session waits for its client to answer calls.
    pub fn is_blocked(&self) -> bool {
        matches!(self.status, Status::Idle(StopReason::RequiresAction { .. }))
            && self.pending().next().is_some()
    }

    /// The calls that the client must answer, in tool-use order.
    pub fn pending(&self) -> impl Iterator<Item = &Call> {
        self.calls.iter().filter(|c| matches!(c.phase, Phase::Ask(_) | Phase::Client))
    }

    /// Whether nothing will happen until somebody sends something.
    pub fn is_idle(&self) -> bool {
        matches!(self.status, Status::New | Status::Idle(_) | Status::Terminated)
    }

    /// Microseconds that the session has been running, up to `now`.
    pub fn active_until(&self, now: u64) -> u64 {
        self.active_us + self.running_since.map_or(0, |since| now.saturating_sub(since))
    }
}
