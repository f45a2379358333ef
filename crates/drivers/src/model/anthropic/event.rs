//! The events of a stream, as the API sends them.

use planaria_core::model::{StopReason, Usage};
use serde::Deserialize;
use serde_json::Value;

use crate::model::http::TOKENS_MAX;

/// One event (`types/raw_message_stream_event.py` of the SDK). Fields that we do not use are passed
/// over: the API adds some without a new version.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Event {
    MessageStart {
        message: Head,
    },
    ContentBlockStart {
        index: usize,
        content_block: Value,
    },
    ContentBlockDelta {
        index: usize,
        delta: Value,
    },
    ContentBlockStop {
        index: usize,
    },
    MessageDelta {
        delta: Change,
        usage: Option<Counts>,
    },
    MessageStop,
    Ping,
    Error,
    #[serde(other)]
    Unknown,
}

/// The `event:` names that we know. As with the SDKs, what comes under another name is not for us,
/// whatever is in it.
pub(super) const NAMES: &[&str] = &[
    "message_start",
    "content_block_start",
    "content_block_delta",
    "content_block_stop",
    "message_delta",
    "message_stop",
    "error",
];

#[derive(Deserialize)]
pub(super) struct Head {
    pub model: Option<String>,
    pub usage: Option<Counts>,
}

/// How the message as a whole has changed.
#[derive(Deserialize)]
pub(super) struct Change {
    pub stop_reason: Option<String>,
    pub stop_details: Option<Details>,
}

#[derive(Deserialize)]
pub(super) struct Details {
    category: Option<String>,
    explanation: Option<String>,
}

/// Counts so far: each one that is there replaces the one before. They are an endpoint's word, and
/// bounded.
#[derive(Deserialize)]
pub(super) struct Counts {
    input_tokens: Option<u64>,
    output_tokens: Option<u64>,
    cache_creation_input_tokens: Option<u64>,
    cache_read_input_tokens: Option<u64>,
}

impl Counts {
    pub fn apply(&self, usage: &mut Usage) {
        let pairs = [
            (self.input_tokens, &mut usage.input_tokens),
            (self.output_tokens, &mut usage.output_tokens),
            (self.cache_creation_input_tokens, &mut usage.cache_creation_input_tokens),
            (self.cache_read_input_tokens, &mut usage.cache_read_input_tokens),
        ];
        for (count, total) in pairs {
            *total = count.map_or(*total, |count| count.min(TOKENS_MAX));
        }
    }
}

impl Change {
    /// The reason to stop, if this change has one.
    pub fn stop(self) -> Option<StopReason> {
        Some(match self.stop_reason?.as_str() {
            "end_turn" => StopReason::EndTurn,
            "tool_use" => StopReason::ToolUse,
            // To whoever goes on with the session, both say that the answer was cut off by a bound.
            "max_tokens" | "model_context_window_exceeded" => StopReason::MaxTokens,
            "stop_sequence" => StopReason::StopSequence,
            "pause_turn" => StopReason::PauseTurn,
            "refusal" => {
                let (category, explanation) = match self.stop_details {
                    Some(details) => (details.category, details.explanation),
                    None => (None, None),
                };
                StopReason::Refusal { category, explanation }
            }
            other => {
                // The blocks are whole, and what happens next follows from them.
                tracing::warn!(
                    reason = other,
                    "the model stopped for a reason that has no name here"
                );
                StopReason::EndTurn
            }
        })
    }
}
