//! What the Messages API demands of a request.

use std::collections::BTreeSet;

use planaria_core::model::{Request, Role};
use serde_json::Value;

pub fn check(request: &Request) {
    let messages = &request.messages;
    assert_eq!(messages.first().map(|m| m.role), Some(Role::User), "starts with the user");
    let mut calls: Vec<&str> = Vec::new();
    let mut seen = BTreeSet::new();
    for (index, message) in messages.iter().enumerate() {
        let expected = if index % 2 == 0 { Role::User } else { Role::Assistant };
        assert_eq!(message.role, expected, "roles alternate");
        assert!(!message.content.is_empty(), "message {index} is empty");
        message.content.iter().for_each(blank);
        message.content.iter().for_each(|block| belongs(block, message.role));
        if message.role == Role::User {
            results(&message.content, &calls);
            calls.clear();
        } else {
            assert!(calls.is_empty());
            assert_ne!(kind(message.content.last().unwrap()), "thinking", "ends with thinking");
            calls.extend(message.content.iter().filter(|b| kind(b) == "tool_use").map(id));
        }
        assert!(calls.iter().all(|call| seen.insert((index, *call))), "a call twice");
    }
    assert!(calls.is_empty(), "calls without a result: {calls:?}");
}

fn kind(block: &Value) -> &str {
    block["type"].as_str().expect("every block has a type")
}

fn id(block: &Value) -> &str {
    assert!(block["input"].is_object(), "{block}");
    block["id"].as_str().expect("a call has an id")
}

/// Each role has its types of blocks, and thinking goes back with its signature.
fn belongs(block: &Value, role: Role) {
    let types: &[&str] = match role {
        Role::User => &["text", "image", "document", "tool_result"],
        Role::Assistant => &["text", "thinking", "tool_use"],
    };
    assert!(types.contains(&kind(block)), "{role:?} says {block}");
    assert!(kind(block) != "thinking" || block["signature"] == "s", "{block} is not signed");
}

/// Text blocks must say something.
fn blank(block: &Value) {
    let text = block["text"].as_str();
    assert!(text.is_none_or(|text| !text.trim().is_empty()), "a blank text: {block}");
}

/// One result per call of the answer before, in its order, in front of everything else.
fn results(content: &[Value], calls: &[&str]) {
    let result = |block: &&Value| kind(block) == "tool_result";
    assert_eq!(content.iter().filter(result).count(), calls.len());
    for (block, call) in content.iter().zip(calls) {
        assert_eq!(kind(block), "tool_result");
        assert_eq!(block["tool_use_id"], *call);
        let parts = block["content"].as_array().unwrap();
        parts.iter().for_each(blank);
        if block["is_error"] == true {
            assert!(!parts.is_empty(), "a failure without content");
            assert!(parts.iter().all(|part| kind(part) == "text"), "a failure shows {block}");
        }
    }
}
