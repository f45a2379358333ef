//! Model requests and answers, in the shapes of the Messages API: what most providers speak or are
//! translated to.

mod check;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use xxhash_rust::xxh3::xxh3_128;

use crate::tool::ToolSpec;

/// One model request: a pure function of the log, the harness and its policy.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Request {
    /// The model's id.
    pub model: String,
    /// How hard the model should think (`low` … `max`), where the agent says so.
    pub effort: Option<String>,
    /// The system prompt; empty for none.
    pub system: String,
    /// The conversation, starting with a user message, roles alternating.
    pub messages: Vec<Message>,
    /// The tools on offer.
    pub tools: Vec<ToolSpec>,
    /// Tokens that the answer may have.
    pub max_tokens: u32,
}

impl Request {
    /// A digest of everything the model sees, recorded with each answer.
    pub fn digest(&self) -> String {
        let bytes = serde_json::to_vec(self).expect("a request is plain JSON");
        format!("{:032x}", xxh3_128(&bytes))
    }
}

/// Who speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// The user, and results of tools.
    User,
    /// The model.
    Assistant,
}

/// One message of the conversation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// Who speaks.
    pub role: Role,
    /// Content blocks in the Messages API's shape: `text`, `image`, `document`, `thinking`,
    /// `redacted_thinking`, `tool_use`, `tool_result`.
    pub content: Vec<Value>,
}

/// Why the model stopped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum StopReason {
    /// It had said what it wanted to say.
    EndTurn,
    /// It waits for tool results.
    ToolUse,
    /// It ran into `max_tokens`.
    MaxTokens,
    /// It met a stop sequence.
    StopSequence,
    /// It paused a long turn and wants to be asked again.
    PauseTurn,
    /// It refused.
    Refusal {
        /// The category the endpoint gave.
        category: Option<String>,
        /// The explanation the endpoint gave.
        explanation: Option<String>,
    },
}

/// A tool call's input as it came from the model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ToolInput {
    /// A JSON object.
    Object(Value),
    /// Text that is not a JSON object: the call gets an error result, the text stays for diagnosis.
    Malformed(String),
}

/// The signature of thinking that no endpoint has signed, such as the scripted model's. Endpoints
/// that look at signatures would refuse it for ever, so it is never sent: see [`crate::context`].
pub const UNSIGNED: &str = "scripted";

/// One block of an answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Block {
    /// Text for the reader.
    Text(String),
    /// A tool call. The provider's own call id is not kept: the call's event id takes its place.
    ToolUse {
        /// Which tool.
        name: String,
        /// With what.
        input: ToolInput,
    },
    /// Thinking, with its signature, exactly as it must be sent back (`thinking`,
    /// `redacted_thinking`). What has no signature, or [`UNSIGNED`], is kept and not sent back.
    Thinking(Value),
}

/// Tokens of one request.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Tokens read, cached ones not counted.
    pub input_tokens: u64,
    /// Tokens written.
    pub output_tokens: u64,
    /// Tokens put into the provider's cache.
    pub cache_creation_input_tokens: u64,
    /// Tokens read from the provider's cache.
    pub cache_read_input_tokens: u64,
}

impl Usage {
    /// Adds another request's tokens. Counts come from endpoints, so a sum that is too large stays
    /// at its largest.
    pub fn add(&mut self, other: Usage) {
        let pairs = [
            (&mut self.input_tokens, other.input_tokens),
            (&mut self.output_tokens, other.output_tokens),
            (&mut self.cache_creation_input_tokens, other.cache_creation_input_tokens),
            (&mut self.cache_read_input_tokens, other.cache_read_input_tokens),
        ];
        for (sum, more) in pairs {
            *sum = sum.saturating_add(more);
        }
    }

    /// All tokens together, for progress lines.
    pub fn total(&self) -> u64 {
        self.input_tokens
            .saturating_add(self.output_tokens)
            .saturating_add(self.cache_creation_input_tokens)
            .saturating_add(self.cache_read_input_tokens)
    }
}

/// A model's whole answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// The model that answered, as the endpoint names it.
    pub model: String,
    /// What it said, in order.
    pub blocks: Vec<Block>,
    /// Why it stopped.
    pub stop: StopReason,
    /// What it cost.
    pub usage: Usage,
}
