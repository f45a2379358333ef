//! The Anthropic Messages API, event by event.

use planaria_core::model::{StopReason, Usage};
use serde_json::{Value, json};

use super::{Dialect, Failure, Said};

/// The dialect of the Anthropic Messages API. It has words for every case.
#[derive(Debug, Clone, Copy, Default)]
pub struct Messages;

impl Dialect for Messages {
    fn answer(&self, said: &[Said], stop: &StopReason) -> Option<String> {
        let mut events = vec![message_start()];
        for (index, said) in said.iter().enumerate() {
            events.extend(block(index, said));
        }
        events.extend([stopped(stop)?, message_stop()]);
        Some(sse(&events))
    }

    fn begun(&self, text: &[String]) -> Option<String> {
        let mut events = vec![message_start(), text_start(0)];
        events.extend(text.iter().map(|piece| text_delta(0, piece)));
        Some(sse(&events))
    }

    fn used(&self, usage: &Usage) -> Option<String> {
        let mut start = message_start();
        start["message"]["usage"] = json!(usage);
        Some(sse(&[start]))
    }

    fn refusal(&self, failure: Failure) -> Option<(u16, Value)> {
        let (status, kind, message) = words(failure);
        Some((status, error(kind, message)))
    }

    fn interruption(&self, failure: Failure) -> Option<String> {
        let (_, kind, message) = words(failure);
        Some(sse(&[error(kind, message)]))
    }
}

fn block(index: usize, said: &Said) -> Vec<Value> {
    let mut events = match said {
        Said::Text(pieces) => {
            let mut events = vec![text_start(index)];
            events.extend(pieces.iter().map(|piece| text_delta(index, piece)));
            events
        }
        Said::Thinking(text) => vec![
            block_start(index, json!({ "type": "thinking", "thinking": "", "signature": "" })),
            delta(index, json!({ "type": "thinking_delta", "thinking": text })),
            delta(index, json!({ "type": "signature_delta", "signature": "c2ln" })),
        ],
        Said::Call { name, input } => {
            let mut events = vec![call_start(index, name)];
            events.extend(input.iter().map(|piece| input_delta(index, piece)));
            events
        }
    };
    events.push(block_stop(index));
    events
}

fn stopped(stop: &StopReason) -> Option<Value> {
    Some(match stop {
        StopReason::EndTurn => message_delta("end_turn"),
        StopReason::ToolUse => message_delta("tool_use"),
        StopReason::MaxTokens => message_delta("max_tokens"),
        StopReason::StopSequence => message_delta("stop_sequence"),
        StopReason::PauseTurn => message_delta("pause_turn"),
        StopReason::Refusal { category, explanation } => {
            let mut event = message_delta("refusal");
            event["delta"]["stop_details"] =
                json!({ "type": "refusal", "category": category, "explanation": explanation });
            event
        }
        _ => return None,
    })
}

fn words(failure: Failure) -> (u16, &'static str, &'static str) {
    match failure {
        Failure::Overloaded => (529, "overloaded_error", "Overloaded"),
        Failure::RateLimited => (429, "rate_limit_error", "Too many requests."),
        Failure::Unavailable => (500, "api_error", "Internal server error"),
        Failure::Rejected => (400, "invalid_request_error", "messages.0: must have content"),
        Failure::Unauthorized => (401, "authentication_error", "invalid x-api-key"),
        Failure::Billing => (402, "billing_error", "Your credit balance is too low."),
        Failure::TooLong => {
            let message = "prompt is too long: 210000 tokens > 200000 maximum";
            (400, "invalid_request_error", message)
        }
    }
}

/// Events as the API writes them, each under its own name.
///
/// # Panics
/// When an event has no `type`.
pub fn sse(events: &[Value]) -> String {
    let write = |event: &Value| {
        format!("event: {}\ndata: {event}\n\n", event["type"].as_str().expect("a type"))
    };
    events.iter().map(write).collect()
}

/// The first event. Its message has used 11 tokens of input, 1 of output, 5 written to the cache
/// and 7 read from it.
pub fn message_start() -> Value {
    json!({ "type": "message_start", "message": {
        "id": "msg_1", "type": "message", "role": "assistant", "model": "claude-test-20260101",
        "content": [], "stop_reason": null, "stop_sequence": null,
        "usage": { "input_tokens": 11, "output_tokens": 1, "cache_creation_input_tokens": 5,
            "cache_read_input_tokens": 7, "service_tier": "standard" },
    } })
}

/// Block `index` begins.
pub fn block_start(index: usize, block: Value) -> Value {
    json!({ "type": "content_block_start", "index": index, "content_block": block })
}

/// A text begins.
pub fn text_start(index: usize) -> Value {
    block_start(index, json!({ "type": "text", "text": "" }))
}

/// A call of a tool begins.
pub fn call_start(index: usize, name: &str) -> Value {
    let id = format!("toolu_{index}");
    block_start(index, json!({ "type": "tool_use", "id": id, "name": name, "input": {} }))
}

/// Block `index` grows.
pub fn delta(index: usize, delta: Value) -> Value {
    json!({ "type": "content_block_delta", "index": index, "delta": delta })
}

/// A text grows.
pub fn text_delta(index: usize, text: &str) -> Value {
    delta(index, json!({ "type": "text_delta", "text": text }))
}

/// A call's input grows.
pub fn input_delta(index: usize, json: &str) -> Value {
    delta(index, json!({ "type": "input_json_delta", "partial_json": json }))
}

/// Block `index` ends.
pub fn block_stop(index: usize) -> Value {
    json!({ "type": "content_block_stop", "index": index })
}

/// The message stops for a reason, with 42 tokens of output.
pub fn message_delta(reason: &str) -> Value {
    json!({ "type": "message_delta", "delta": { "stop_reason": reason, "stop_sequence": null },
        "usage": { "output_tokens": 42 } })
}

/// The last event.
pub fn message_stop() -> Value {
    json!({ "type": "message_stop" })
}

/// A failure, as an event and as the document of a status.
pub fn error(kind: &str, message: &str) -> Value {
    json!({ "type": "error", "error": { "type": kind, "message": message } })
}

/// A whole answer around the events of its blocks.
pub fn answer(blocks: Vec<Value>) -> Vec<Value> {
    let mut events = vec![message_start()];
    events.extend(blocks);
    events.extend([message_delta("end_turn"), message_stop()]);
    events
}

/// A whole answer that is one text, in two pieces.
pub fn hello() -> Vec<Value> {
    answer(vec![text_start(0), text_delta(0, "Hello"), text_delta(0, " there"), block_stop(0)])
}
