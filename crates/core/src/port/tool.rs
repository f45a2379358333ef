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

/// A shared tool is a tool.
impl<T: Tool + ?Sized> Tool for std::sync::Arc<T> {
    fn spec(&self) -> ToolSpec {
        (**self).spec()
    }

    fn class(&self) -> EffectClass {
        (**self).class()
    }

    fn deadline(&self) -> u64 {
        (**self).deadline()
    }

    fn call(&self, call: ToolCall) -> BoxFuture<'static, Outcome> {
        (**self).call(call)
    }
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

/// A tool that is a function; see [`tool_fn`].
#[derive(Clone)]
pub struct FnTool<F> {
    spec: ToolSpec,
    class: EffectClass,
    run: F,
}

/// Makes a tool of an async function.
///
/// ```
/// use planaria_core::port::tool::tool_fn;
/// use planaria_core::tool::{EffectClass, Outcome, ToolSpec};
///
/// let schema = serde_json::json!({ "type": "object" });
/// let spec = ToolSpec::new("add", "Adds two numbers.", schema);
/// let add = tool_fn(spec, EffectClass::Read, |call| async move {
///     let number = |key: &str| call.input[key].as_f64().unwrap_or_default();
///     Outcome::text((number("a") + number("b")).to_string())
/// });
/// # let _ = add;
/// ```
pub fn tool_fn<F, R>(spec: ToolSpec, class: EffectClass, run: F) -> FnTool<F>
where
    F: Fn(ToolCall) -> R + Send + Sync,
    R: Future<Output = Outcome> + Send + 'static,
{
    FnTool { spec, class, run }
}

impl<F, R> Tool for FnTool<F>
where
    F: Fn(ToolCall) -> R + Send + Sync,
    R: Future<Output = Outcome> + Send + 'static,
{
    fn spec(&self) -> ToolSpec {
        self.spec.clone()
    }

    fn class(&self) -> EffectClass {
        self.class
    }

    fn call(&self, call: ToolCall) -> BoxFuture<'static, Outcome> {
        Box::pin((self.run)(call))
    }
}
