//! The conversation, from blocks of the Messages API to messages of chat completions.

use planaria_core::model::{Message, Request, Role};
use serde_json::{Value, json};

use super::media::{Part, part};

/// What begins the text of a failed call: a tool message has no field for it.
const FAILED: &str = "[The call failed.]";
/// The text of a result that has none; some servers refuse an empty message.
const NOTHING: &str = "[The call returned nothing.]";

/// The messages of a request, in order. `documents`: whether the endpoint takes PDF documents.
pub(super) fn messages(request: &Request, documents: bool) -> Vec<Value> {
    let mut messages = Vec::with_capacity(request.messages.len() + 1);
    if !request.system.trim().is_empty() {
        messages.push(json!({ "role": "system", "content": request.system }));
    }
    for message in &request.messages {
        match message.role {
            Role::User => user(message, documents, &mut messages),
            Role::Assistant => messages.extend(assistant(message)),
        }
    }
    messages
}

/// Results become tool messages, which have to follow their calls at once. What the user said comes
/// after them, and before it what results have that is not text.
fn user(message: &Message, documents: bool, out: &mut Vec<Value>) {
    let mut parts = Vec::new();
    let mut said = Vec::new();
    for block in &message.content {
        match kind(block) {
            "tool_result" => out.push(result(block, documents, &mut parts)),
            _ => said.push(part(block, documents)),
        }
    }
    parts.append(&mut said);
    if !parts.is_empty() {
        out.push(json!({ "role": "user", "content": content(parts) }));
    }
}

/// One tool message. What is not text in it goes to `parts`, with a word of where it is from.
fn result(block: &Value, documents: bool, parts: &mut Vec<Part>) -> Value {
    let call = block["tool_use_id"].as_str().unwrap_or_default();
    let mut texts = Vec::new();
    if block["is_error"] == true {
        texts.push(FAILED.to_owned());
    }
    let said = texts.len();
    match &block["content"] {
        Value::String(text) => texts.push(text.clone()),
        Value::Array(blocks) => {
            for block in blocks {
                match part(block, documents) {
                    Part::Text(text) => texts.push(text),
                    Part::Media { what, part } => {
                        texts.push(format!("[{what}: it follows in the next user message.]"));
                        parts.push(Part::Text(format!("[{what} that the call {call} returned:]")));
                        parts.push(Part::Media { what, part });
                    }
                }
            }
        }
        _ => {}
    }
    if texts.len() == said {
        texts.push(NOTHING.to_owned());
    }
    json!({ "role": "tool", "tool_call_id": call, "content": texts.join("\n") })
}

/// A message of the model: its texts, then its calls. Thinking has no field to go back in, and
/// blocks of other kinds mean something to their own endpoint only.
fn assistant(message: &Message) -> Option<Value> {
    let of =
        |wanted: &'static str| message.content.iter().filter(move |block| kind(block) == wanted);
    let texts: Vec<&str> = of("text").filter_map(|block| block["text"].as_str()).collect();
    let calls: Vec<Value> = of("tool_use").map(call).collect();
    let text = match texts.is_empty() {
        true => Value::Null,
        false => Value::String(texts.join("\n\n")),
    };
    match (text.is_null(), calls.is_empty()) {
        (true, true) => None,
        (false, true) => Some(json!({ "role": "assistant", "content": text })),
        _ => Some(json!({ "role": "assistant", "content": text, "tool_calls": calls })),
    }
}

/// A call; its input is a text here.
fn call(block: &Value) -> Value {
    let arguments = block["input"].to_string();
    json!({
        "id": block["id"],
        "type": "function",
        "function": { "name": block["name"], "arguments": arguments },
    })
}

/// A message's content: one text wherever that is enough, because not every server takes parts.
fn content(parts: Vec<Part>) -> Value {
    let mut texts = Vec::new();
    for part in &parts {
        match part {
            Part::Text(text) => texts.push(text.as_str()),
            Part::Media { .. } => return parts.into_iter().map(Part::into_value).collect(),
        }
    }
    Value::String(texts.join("\n\n"))
}

fn kind(block: &Value) -> &str {
    block["type"].as_str().unwrap_or_default()
}
