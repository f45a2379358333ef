//! What the Messages API demands of a request. One that it refuses once is refused for ever, since
//! the log does not change.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Message, Request, Role};

impl Request {
    /// Whether an endpoint takes the conversation: roles alternate and begin with the user, every
    /// call has its one result right behind it, nothing is blank, and each role says only what it
    /// may.
    ///
    /// # Errors
    /// In words: the first thing that is wrong.
    pub fn check(&self) -> Result<(), String> {
        let Some(first) = self.messages.first() else { return Err("it has no message".to_owned()) };
        if first.role != Role::User {
            return Err("it does not start with the user".to_owned());
        }
        let mut calls: Vec<&str> = Vec::new();
        let mut seen = BTreeSet::new();
        for (index, message) in self.messages.iter().enumerate() {
            let at = |problem: String| format!("message {index}: {problem}");
            let expected = if index % 2 == 0 { Role::User } else { Role::Assistant };
            if message.role != expected {
                return Err(at("roles do not alternate".to_owned()));
            }
            blocks(message).map_err(at)?;
            if message.role == Role::User {
                results(&message.content, &calls).map_err(at)?;
                calls.clear();
            } else {
                calls = message.content.iter().filter(|b| kind(b) == "tool_use").map(id).collect();
                if !calls.iter().all(|call| seen.insert(*call)) {
                    return Err(at("a call occurs twice".to_owned()));
                }
            }
        }
        match calls.as_slice() {
            [] => Ok(()),
            [call, ..] => Err(format!("the call {call} has no result")),
        }
    }
}

fn kind(block: &Value) -> &str {
    block["type"].as_str().unwrap_or_default()
}

fn id(block: &Value) -> &str {
    block["id"].as_str().unwrap_or_default()
}

/// What each block is, wherever it stands.
fn blocks(message: &Message) -> Result<(), String> {
    let types: &[&str] = match message.role {
        Role::User => &["text", "image", "document", "search_result", "tool_result"],
        Role::Assistant => &["text", "thinking", "redacted_thinking", "tool_use"],
    };
    for block in &message.content {
        if !types.contains(&kind(block)) {
            return Err(format!("{:?} says {block}", message.role));
        }
        not_blank(block)?;
        let incomplete = !block["input"].is_object() || id(block).is_empty();
        if kind(block) == "tool_use" && incomplete {
            return Err(format!("a call without id or input: {block}"));
        }
    }
    match message.content.last() {
        None => Err("it is empty".to_owned()),
        Some(last) if kind(last).ends_with("thinking") => Err("it ends with thinking".to_owned()),
        Some(_) => Ok(()),
    }
}

/// Text blocks must say something.
fn not_blank(block: &Value) -> Result<(), String> {
    match block["text"].as_str() {
        Some(text) if text.trim().is_empty() => Err(format!("a blank text: {block}")),
        _ => Ok(()),
    }
}

/// One result per call of the answer before, in its order, in front of everything else.
fn results(content: &[Value], calls: &[&str]) -> Result<(), String> {
    let count = content.iter().filter(|block| kind(block) == "tool_result").count();
    if count != calls.len() {
        return Err(format!("{count} results for {} calls", calls.len()));
    }
    for (block, call) in content.iter().zip(calls) {
        if kind(block) != "tool_result" || block["tool_use_id"] != *call {
            return Err(format!("{block} stands where the result of {call} belongs"));
        }
        let parts = block["content"].as_array().map(Vec::as_slice).unwrap_or_default();
        parts.iter().try_for_each(not_blank)?;
        let texts = parts.iter().all(|part| kind(part) == "text");
        if block["is_error"] == true && (parts.is_empty() || !texts) {
            return Err(format!("a failure must say something, and in text: {block}"));
        }
    }
    Ok(())
}
