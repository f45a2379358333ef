//! What is said after the hello, in version 1.

use planaria_core::EventId;
use planaria_core::port::sandbox::{Call, Ended};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// From the server.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Request {
    /// Chosen by the server, not 0, and in the answer again.
    pub id: u64,
    pub ask: Ask,
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum Ask {
    /// Start, join or collect.
    Ensure(WireCall),
    /// Stop it if it runs, seal it if it never started.
    Cancel(EventId),
    /// Seal it unless it has started.
    Seal(EventId),
    /// End the hand.
    Retire,
    /// Nothing; the answer says that the hand is there.
    Ping,
}

/// The port's call as it is written on the wire.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct WireCall {
    pub id: EventId,
    pub name: String,
    pub input: Value,
    pub deadline: u64,
    pub rerun: bool,
}

/// From the hand. Id 0 answers no request: it is said before the hand hangs up.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Answer {
    pub id: u64,
    pub body: Body,
}

/// What is answered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum Body {
    /// How a call ended.
    Ended(Ended),
    /// Done as asked.
    Done,
    /// Not done, and why. The same request is refused for ever.
    Refused(String),
    /// Not now, and why. Nothing is known of the call by that; ask again, maybe another hand.
    Later(String),
    /// A server with a higher epoch took over.
    Fenced(String),
}

impl From<Call> for WireCall {
    fn from(call: Call) -> Self {
        let Call { id, name, input, deadline, rerun } = call;
        Self { id, name, input, deadline, rerun }
    }
}
