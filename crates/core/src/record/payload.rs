//! The payloads of records, as structs. JSON, additive: a reader names only what it needs.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::agent::Agent;
use crate::id::{EventId, SessionId, ThreadId};
use crate::model::{Block, StopReason as ModelStop, Usage};
use crate::port::sandbox::{Isolation, Locator};

/// Record 1: who the session is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Genesis {
    /// The session itself, so that a log says whose it is.
    pub session: SessionId,
    /// The workspace it belongs to.
    pub workspace: String,
    /// The agent, as it was when the session began.
    pub agent: Agent,
    /// The environment's name.
    pub environment: String,
    /// The session's title.
    pub title: Option<String>,
    /// The owner's labels; a fleet writes its own name and the session's here.
    #[serde(default)]
    pub metadata: BTreeMap<String, String>,
}

impl Genesis {
    /// A session of this agent in the workspace `default`, without title and labels.
    pub fn new(session: SessionId, agent: Agent) -> Self {
        Self {
            session,
            workspace: "default".to_owned(),
            agent,
            environment: "local".to_owned(),
            title: None,
            metadata: BTreeMap::new(),
        }
    }
}

/// A client's event that was not taken up yet.
#[derive(Debug, Serialize, Deserialize)]
pub struct Accepted {
    /// The event's type.
    pub kind: String,
    /// Its public payload.
    pub event: Box<RawValue>,
}

/// A harness took over.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Claim {
    /// Which harness.
    pub harness: String,
    /// Which version of it.
    pub version: u32,
    /// The attempt that reports of this harness carry.
    pub attempt: u32,
}

/// A model's raw answer.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Answer {
    /// The `span.model_request_start` it answers.
    pub request: EventId,
    /// Digest of the request, see [`crate::model::Request::digest`].
    pub digest: String,
    /// The harness that chose the context, and its version.
    pub harness: (String, u32),
    /// The model that answered.
    pub model: String,
    /// What it said.
    pub blocks: Vec<Block>,
    /// Why it stopped.
    pub stop: ModelStop,
    /// What it cost.
    pub usage: Usage,
}

/// A failed attempt at a model request that is repeated within its span.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Attempt {
    /// Type of the error, as a `session.error` would have it.
    pub error: String,
    /// The error in words.
    pub message: String,
    /// When the next attempt may start, in microseconds.
    pub due: u64,
    /// What it cost, where no `span.model_request_end` says so: the span goes on.
    #[serde(default)]
    pub usage: Usage,
}

/// A call became runnable.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Dispatch {
    /// The call.
    pub tool_use_id: EventId,
}

/// A hand was started.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct HandBound {
    /// Where it is.
    pub locator: Locator,
    /// What it enforces.
    pub isolation: Isolation,
}

/// A call that the client was to answer was closed by us.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CallClosed {
    /// The call.
    pub tool_use_id: EventId,
    /// What the model is told.
    pub text: String,
}

/// The session's restart budget is spent.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Parked {
    /// The last failure, in words.
    pub reason: String,
}

/// The context of the request in flight is to be summarised first.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CompactionWanted {
    /// How much is left out of what is summarised: 0 is nothing, see
    /// [`crate::context::Context::compaction`].
    pub level: u32,
    /// What the attempt cost that showed it.
    #[serde(default)]
    pub usage: Usage,
}

/// From here on a summary stands for what came before. The log keeps everything.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Compacted {
    /// The last record that the summary stands for.
    pub upto: u64,
    /// The summary.
    pub summary: String,
    /// The level at which it was made.
    pub level: u32,
    /// Digest of the request that asked for it, see [`crate::model::Request::digest`].
    pub digest: String,
    /// The harness that chose what is summarised, and its version.
    pub harness: (String, u32),
    /// The model that wrote it.
    pub model: String,
    /// What it cost.
    pub usage: Usage,
}

/// Public: `agent.message`, `user.message`, `system.message`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Content {
    /// Content blocks of the API.
    pub content: Vec<Value>,
}

/// Public: `agent.tool_use`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ToolUse {
    /// The tool.
    pub name: String,
    /// The model's input.
    pub input: Value,
    /// `allow`, `ask` or `deny`.
    pub evaluated_permission: String,
    /// How that came about; absent when the call was refused before a policy applied.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub evaluation: Option<Value>,
}

/// Public: `agent.custom_tool_use`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CustomToolUse {
    /// The tool.
    pub name: String,
    /// The model's input.
    pub input: Value,
}

/// Public: `agent.tool_result`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ToolResult {
    /// The call.
    pub tool_use_id: EventId,
    /// What the model gets.
    pub content: Vec<Value>,
    /// Whether the call failed.
    pub is_error: bool,
}

/// Public: `user.tool_confirmation`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Confirmation {
    /// The call.
    pub tool_use_id: EventId,
    /// `allow` or `deny`.
    pub result: Verdict,
    /// Why not.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub deny_message: Option<String>,
}

/// A person's verdict on a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Run it.
    Allow,
    /// Do not.
    Deny,
}

/// Public: `user.custom_tool_result`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CustomToolResult {
    /// The call.
    pub custom_tool_use_id: EventId,
    /// What the model gets.
    #[serde(default)]
    pub content: Vec<Value>,
    /// Whether the call failed.
    #[serde(default)]
    pub is_error: bool,
}

/// Public: `session.thread_status_running` and its like.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ThreadStatus {
    /// The thread.
    pub session_thread_id: ThreadId,
    /// Its agent.
    pub agent_name: String,
}

/// Public: `session.status_idle`, and with the thread's fields `session.thread_status_idle`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Idle {
    /// The thread, on the thread's event only.
    #[serde(flatten, skip_serializing_if = "Option::is_none", default)]
    pub thread: Option<ThreadStatus>,
    /// Why the turn ended.
    pub stop_reason: StopReason,
    /// What the model said about a refusal.
    pub stop_details: Option<StopDetails>,
}

/// Why a turn ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[non_exhaustive]
pub enum StopReason {
    /// A normal end, also after an interrupt.
    EndTurn,
    /// Waits for confirmations or custom tool results.
    RequiresAction {
        /// The calls that wait, in tool-use order.
        event_ids: Vec<EventId>,
    },
    /// Errors used up the turn.
    RetriesExhausted,
    /// The model refused.
    Refusal,
}

/// Details of a refusal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[non_exhaustive]
pub enum StopDetails {
    /// The only kind there is.
    Refusal {
        /// The endpoint's category.
        category: Option<String>,
        /// The endpoint's explanation.
        explanation: Option<String>,
    },
}

/// Public: `session.error`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SessionError {
    /// The error.
    pub error: ErrorBody,
}

/// The error of a `session.error`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ErrorBody {
    /// Its type: one of the errors page, `core::event::SESSION_ERRORS`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The error in words.
    pub message: String,
    /// What the client may expect.
    pub retry_status: RetryStatus,
}

/// What a client may expect after an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[non_exhaustive]
pub enum RetryStatus {
    /// The server tries again by itself.
    Retrying,
    /// The turn is dead; send a new prompt.
    Exhausted,
    /// The session will be terminated.
    Terminal,
}

/// Public: `span.model_request_end`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ModelRequestEnd {
    /// The start that this ends.
    pub model_request_start_id: EventId,
    /// Whether there is no answer.
    pub is_error: bool,
    /// What it cost, attempts that failed within the span included.
    pub model_usage: Usage,
}
