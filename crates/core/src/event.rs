//! What a client may send to a session (contract §7).

use serde::Deserialize;
use serde_json::Value;

use crate::record::payload::{Confirmation, CustomToolResult};

/// A client's event, as it stands in the body of a send.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "type", deny_unknown_fields)]
#[non_exhaustive]
pub enum ClientEvent {
    /// A message for the agent.
    #[serde(rename = "user.message")]
    Message {
        /// Content blocks: text, image, document.
        content: Vec<Value>,
    },
    /// Stop what you are doing.
    #[serde(rename = "user.interrupt")]
    Interrupt {
        /// One thread only.
        #[serde(default)]
        session_thread_id: Option<String>,
    },
    /// Verdict on a call that asked.
    #[serde(rename = "user.tool_confirmation")]
    Confirmation(Confirmation),
    /// Result of a tool that the client runs.
    #[serde(rename = "user.custom_tool_result")]
    CustomToolResult(CustomToolResult),
    /// An addition to the system prompt from here on.
    #[serde(rename = "system.message")]
    System {
        /// Text blocks.
        content: Vec<Value>,
    },
}

impl ClientEvent {
    /// A message of one text block.
    pub fn message(text: &str) -> Self {
        Self::Message { content: vec![crate::tool::text_block(text)] }
    }

    /// The event's type.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Message { .. } => "user.message",
            Self::Interrupt { .. } => "user.interrupt",
            Self::Confirmation(_) => "user.tool_confirmation",
            Self::CustomToolResult(_) => "user.custom_tool_result",
            Self::System { .. } => "system.message",
        }
    }
}
