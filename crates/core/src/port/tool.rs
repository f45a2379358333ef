//! The port of tools that an embedder brings along. They run in the server's own process.

use serde_json::Value;

use super::BoxFuture;
use crate::id::{EventId, SessionId};
use crate::limits::CALL_DEADLINE;
use crate::tool::{EffectClass, Outcome, ToolSpec};

/// A tool of the embedder's. An agent is given it by [`crate::agent::Agent::with_tool`], the
/// runtime by its builder.
///
/// A call runs in the process of the server and dies with it, or with its harness. What becomes of
/// it then depends on its [class](Self::class): it is run again, or the model is told that its
/// outcome is unknown. It is never run twice unless the class allows it.
pub trait Tool: Send + Sync {
    /// What the model is told of the tool. The name has 1–128 of `[A-Za-z0-9_-]` and does not
    /// change.
    fn spec(&self) -> ToolSpec;

    /// What may be done about a call that was lost. [`EffectClass::AtMostOnce`] unless running it
    /// twice is harmless.
    fn class(&self) -> EffectClass {
        EffectClass::AtMostOnce
    }

    /// How long one call may take, in microseconds; then it is dropped.
    fn deadline(&self) -> u64 {
        CALL_DEADLINE
    }

    /// Runs one call. Failures are outcomes, for the model to read. Dropping the future gives the
    /// call up: that happens when the session is interrupted.
    fn call(&self, call: ToolCall) -> BoxFuture<'static, Outcome>;
}

/// One call of an embedder's tool.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ToolCall {
    /// Whose call.
    pub session: SessionId,
    /// The call's own id, the same when it is run again: a key for effects that are to happen once.
    pub id: EventId,
    /// What the model passed, a JSON object. It is not checked against the tool's schema.
    pub input: Value,
}

impl ToolCall {
    /// A call.
    pub fn new(session: SessionId, id: EventId, input: Value) -> Self {
        Self { session, id, input }
    }
}
