//! Short words for what clients send and models say.

use planaria_core::event::ClientEvent;
use planaria_core::id::EventId;
use planaria_core::model::{Answer, Block, StopReason, ToolInput, UNSIGNED, Usage};
use planaria_core::record::payload::{Confirmation, CustomToolResult, Verdict};
use planaria_core::session::ModelFailure;
use planaria_core::tool::text_block;
use serde_json::{Value, json};

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

/// Results of a client's tool: well or badly ended, with text, with more than text, with nothing.
pub fn any_result(custom_tool_use_id: EventId, choice: u8) -> ClientEvent {
    let one = || media().swap_remove(usize::from(choice) % media().len());
    let (content, is_error) = match choice % 6 {
        0 => (vec![text_block("42")], false),
        1 => (media(), true),
        2 => (media(), false),
        3 => (vec![text_block(" "), one()], true),
        4 => (vec![text_block(" "), one()], false),
        _ => (vec![text_block("")], true),
    };
    ClientEvent::CustomToolResult(CustomToolResult { custom_tool_use_id, content, is_error })
}

/// A message that is not only text, or not text at all.
pub fn shows(choice: u8) -> ClientEvent {
    let mut content = media();
    // Search results are for results only.
    content.retain(|block| block["type"] != "search_result");
    content.rotate_left(usize::from(choice) % 4);
    content.truncate(usize::from(choice) / 4 % 3 + 1);
    ClientEvent::Message { content }
}

/// One block of each type and source.
pub fn media() -> Vec<Value> {
    let base64 = |kind| json!({ "type": "base64", "media_type": kind, "data": "AA==" });
    let url = |name| json!({ "type": "url", "url": format!("https://example.com/{name}") });
    let plain = json!({ "type": "text", "media_type": "text/plain", "data": "x" });
    vec![
        json!({ "type": "image", "source": base64("image/png") }),
        json!({ "type": "document", "source": plain, "title": "t", "context": null }),
        text_block("Look."),
        json!({ "type": "image", "source": url("a.png") }),
        json!({
            "type": "search_result", "source": "s", "title": "t",
            "content": [text_block("found")], "citations": { "enabled": false },
        }),
        json!({ "type": "document", "source": base64("application/pdf") }),
    ]
}

pub fn text(text: &str) -> Block {
    Block::Text(text.to_owned())
}

pub fn thinking() -> Block {
    Block::Thinking(json!({ "type": "thinking", "thinking": "Hm.", "signature": "s" }))
}

pub fn unsigned() -> Block {
    Block::Thinking(json!({ "type": "thinking", "thinking": "Hm.", "signature": UNSIGNED }))
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

/// What stands for a refusal of the request as too long, which is no failure of the session's.
pub fn too_long() -> ModelFailure {
    ModelFailure { kind: TOO_LONG.to_owned(), ..refused() }
}

/// The kind of [`too_long`].
pub const TOO_LONG: &str = "too_long";
