//! Short words for what clients send and models say.

use planaria_core::event::ClientEvent;
use planaria_core::id::EventId;
use planaria_core::model::{Answer, Block, StopReason, ToolInput, Usage};
use planaria_core::record::payload::{Confirmation, CustomToolResult, Verdict};
use planaria_core::session::ModelFailure;
use planaria_core::tool::text_block;
use serde_json::json;

pub fn message(text: &str) -> ClientEvent {
    ClientEvent::message(text)
}

pub fn system(text: &str) -> ClientEvent {
    ClientEvent::System { content: vec![text_block(text)] }
}

pub fn interrupt() -> ClientEvent {
    ClientEvent::Interrupt { session_thread_id: None }
}

pub fn allow(tool_use_id: EventId) -> ClientEvent {
    let result = Verdict::Allow;
    ClientEvent::Confirmation(Confirmation { tool_use_id, result, deny_message: None })
}

pub fn deny(tool_use_id: EventId, why: &str) -> ClientEvent {
    let deny_message = Some(why.to_owned());
    ClientEvent::Confirmation(Confirmation { tool_use_id, result: Verdict::Deny, deny_message })
}

pub fn custom(custom_tool_use_id: EventId, text: &str) -> ClientEvent {
    let content = vec![text_block(text)];
    ClientEvent::CustomToolResult(CustomToolResult { custom_tool_use_id, content, is_error: false })
}

pub fn text(text: &str) -> Block {
    Block::Text(text.to_owned())
}

pub fn thinking() -> Block {
    Block::Thinking(json!({ "type": "thinking", "thinking": "Hm.", "signature": "s" }))
}

pub fn call(name: &str) -> Block {
    Block::ToolUse { name: name.to_owned(), input: ToolInput::Object(json!({ "of": name })) }
}

pub fn malformed(name: &str, input: &str) -> Block {
    Block::ToolUse { name: name.to_owned(), input: ToolInput::Malformed(input.to_owned()) }
}

/// An answer of ten tokens read and one written, which stops as its blocks suggest.
pub fn says(blocks: impl IntoIterator<Item = Block>) -> Answer {
    let blocks: Vec<Block> = blocks.into_iter().collect();
    let calls = blocks.iter().any(|b| matches!(b, Block::ToolUse { .. }));
    let stop = if calls { StopReason::ToolUse } else { StopReason::EndTurn };
    let usage = Usage { input_tokens: 10, output_tokens: 1, ..Usage::default() };
    Answer { model: "test-model".to_owned(), blocks, stop, usage }
}

pub fn stops(blocks: impl IntoIterator<Item = Block>, stop: StopReason) -> Answer {
    Answer { stop, ..says(blocks) }
}

pub fn overloaded() -> ModelFailure {
    ModelFailure {
        kind: "model_overloaded_error".to_owned(),
        message: "Overloaded".to_owned(),
        retryable: true,
        retry_after: None,
        usage: Usage::default(),
    }
}

/// An answer broke off that had used ten tokens read and one written.
pub fn broke_off() -> ModelFailure {
    let usage = Usage { input_tokens: 10, output_tokens: 1, ..Usage::default() };
    overloaded().having_used(usage)
}

pub fn retry_after(micros: u64) -> ModelFailure {
    ModelFailure { retry_after: Some(micros), ..overloaded() }
}

pub fn refused() -> ModelFailure {
    ModelFailure {
        kind: "model_request_failed_error".to_owned(),
        message: "400".to_owned(),
        retryable: false,
        retry_after: None,
        usage: Usage::default(),
    }
}
