//! Chat completions, chunk by chunk.

use planaria_core::model::{StopReason, Usage};
use serde_json::{Value, json};

use super::{Dialect, Failure, Said};

/// The dialect of chat completions, as OpenAI defined them. A message there has one thinking, one
/// text and then its calls, and a refusal has no category: see [`Chat::UNSAID`].
#[derive(Debug, Clone, Copy, Default)]
pub struct Chat;

/// The event behind the last chunk.
pub const DONE: &str = "data: [DONE]\n\n";

impl Chat {
    /// What the suite skips for lack of words.
    pub const UNSAID: &'static [&'static str] =
        &["two_texts_stay_apart", "the_category_of_a_refusal_is_told"];
}

impl Dialect for Chat {
    fn answer(&self, said: &[Said], stop: &StopReason) -> Option<String> {
        if !said.is_sorted_by(follows) {
            return None;
        }
        let mut chunks = vec![role()];
        let mut calls = 0;
        for said in said {
            match said {
                Said::Thinking(thinking) => chunks.push(reasoning(thinking)),
                Said::Text(pieces) => chunks.extend(pieces.iter().map(|piece| text(piece))),
                Said::Call { name, input } => {
                    chunks.push(call_start(calls, name));
                    chunks.extend(input.iter().map(|piece| call_more(calls, piece)));
                    calls += 1;
                }
            }
        }
        chunks.extend(stopped(stop)?);
        chunks.push(used(&Usage { input_tokens: 11, output_tokens: 42, ..Usage::default() }));
        Some(sse(&chunks) + DONE)
    }

    fn begun(&self, said: &[String]) -> Option<String> {
        let mut chunks = vec![role()];
        chunks.extend(said.iter().map(|piece| text(piece)));
        Some(sse(&chunks))
    }

    fn used(&self, usage: &Usage) -> Option<String> {
        Some(sse(&[role(), used(usage)]))
    }

    fn refusal(&self, failure: Failure) -> Option<(u16, Value)> {
        let (status, kind, code) = words(failure);
        Some((status, error(kind, code, "In words.")))
    }

    fn interruption(&self, failure: Failure) -> Option<String> {
        let (_, kind, code) = words(failure);
        Some(sse(&[error(kind, code, "In words.")]))
    }
}

/// Whether a message can have one behind the other, as two blocks.
fn follows(one: &Said, next: &Said) -> bool {
    match (one, next) {
        (Said::Thinking(_), next) => !matches!(next, Said::Thinking(_)),
        (_, next) => matches!(next, Said::Call { .. }),
    }
}

fn stopped(stop: &StopReason) -> Option<Vec<Value>> {
    Some(match stop {
        StopReason::EndTurn => vec![finish("stop")],
        StopReason::ToolUse => vec![finish("tool_calls")],
        StopReason::MaxTokens => vec![finish("length")],
        StopReason::Refusal { category: None, explanation } => {
            vec![chunk(json!({ "refusal": explanation })), finish("stop")]
        }
        _ => return None,
    })
}

fn words(failure: Failure) -> (u16, &'static str, Value) {
    match failure {
        Failure::Overloaded => (503, "overloaded_error", json!(503)),
        Failure::RateLimited => (429, "requests", json!("rate_limit_exceeded")),
        Failure::Unavailable => (500, "server_error", Value::Null),
        Failure::Rejected => (400, "invalid_request_error", json!("invalid_value")),
        Failure::Unauthorized => (401, "invalid_request_error", json!("invalid_api_key")),
        Failure::Billing => (429, "insufficient_quota", json!("insufficient_quota")),
        Failure::TooLong => (400, "invalid_request_error", json!("context_length_exceeded")),
    }
}

/// Chunks as servers write them. [`DONE`] is not among them.
pub fn sse(chunks: &[Value]) -> String {
    chunks.iter().map(|chunk| format!("data: {chunk}\n\n")).collect()
}

/// A chunk that adds `delta` to the message.
pub fn chunk(delta: Value) -> Value {
    json!({ "id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1_767_225_600,
        "model": "chat-test-2026-01-01", "system_fingerprint": "fp_1", "usage": null,
        "choices": [{ "index": 0, "delta": delta, "logprobs": null, "finish_reason": null }] })
}

/// The first chunk, which says nothing yet.
pub fn role() -> Value {
    chunk(json!({ "role": "assistant", "content": "", "refusal": null }))
}

/// More text.
pub fn text(text: &str) -> Value {
    chunk(json!({ "content": text }))
}

/// More thinking.
pub fn reasoning(text: &str) -> Value {
    chunk(json!({ "reasoning_content": text }))
}

/// A piece of a call, as it is.
pub fn call_piece(piece: Value) -> Value {
    chunk(json!({ "tool_calls": [piece] }))
}

/// Call `index` begins.
pub fn call_start(index: usize, name: &str) -> Value {
    call_piece(json!({ "index": index, "id": format!("call_{index}"), "type": "function",
        "function": { "name": name, "arguments": "" } }))
}

/// The input of call `index` grows.
pub fn call_more(index: usize, arguments: &str) -> Value {
    call_piece(json!({ "index": index, "function": { "arguments": arguments } }))
}

/// The message stops for a reason.
pub fn finish(reason: &str) -> Value {
    let mut chunk = chunk(json!({}));
    chunk["choices"][0]["finish_reason"] = json!(reason);
    chunk
}

/// What was used, in a chunk without choices.
pub fn used(usage: &Usage) -> Value {
    let (read, written) = (usage.cache_read_input_tokens, usage.cache_creation_input_tokens);
    let prompt = usage.input_tokens + read + written;
    let mut chunk = chunk(Value::Null);
    chunk["choices"] = json!([]);
    chunk["usage"] = json!({ "prompt_tokens": prompt, "completion_tokens": usage.output_tokens,
        "total_tokens": prompt + usage.output_tokens,
        "prompt_tokens_details": { "cached_tokens": read, "cache_write_tokens": written } });
    chunk
}

/// A failure, as an event and as the document of a status.
pub fn error(kind: &str, code: Value, message: &str) -> Value {
    json!({ "error": { "message": message, "type": kind, "param": null, "code": code } })
}

/// A whole answer around some chunks.
pub fn answer(inner: Vec<Value>, reason: &str) -> String {
    let mut chunks = vec![role()];
    chunks.extend(inner);
    chunks.push(finish(reason));
    chunks.push(used(&Usage {
        input_tokens: 11,
        output_tokens: 42,
        cache_creation_input_tokens: 0,
        cache_read_input_tokens: 7,
    }));
    sse(&chunks) + DONE
}

/// A whole answer that is one text, in two pieces.
pub fn hello() -> String {
    answer(vec![text("Hello"), text(" there")], "stop")
}
