//! Records and effects as a person reads them: `+` is public, `.` private.

use std::fmt::Write;

use planaria_core::limits::MS;
use planaria_core::record::payload::Accepted;
use planaria_core::session::{Effect, effects};
use planaria_core::{Kind, Record};
use serde_json::Value;

use super::World;

/// The records from index `from` on, and the effects that are wanted now.
pub fn records(world: &World, from: usize) -> String {
    let mut out = String::new();
    for record in &world.log[from..] {
        let sign = if record.kind.is_public() { '+' } else { '.' };
        let detail = detail(record);
        let gap = if detail.is_empty() { "" } else { " " };
        writeln!(out, "{sign} {}{gap}{detail}", record.kind.name()).unwrap();
    }
    let wanted: Vec<String> = effects(&world.state).iter().map(|e| effect(world, e)).collect();
    let wanted = if wanted.is_empty() { "none".to_owned() } else { wanted.join(", ") };
    writeln!(out, "effects: {wanted}").unwrap();
    out
}

/// Replaces the ids of calls by `call1`, `call2`, … in the order of the log.
pub fn name_ids(world: &World, text: &str) -> String {
    let is_use = |r: &&Record| matches!(r.kind, Kind::AgentToolUse | Kind::AgentCustomToolUse);
    let mut text = text.to_owned();
    for (index, record) in world.log.iter().filter(is_use).enumerate() {
        text = text.replace(&record.id.to_string(), &format!("call{}", index + 1));
    }
    text
}

fn effect(world: &World, effect: &Effect) -> String {
    let wait = |due: u64| match due.saturating_sub(world.now) / MS {
        0 => String::new(),
        ms => format!(" in {ms} ms"),
    };
    match effect {
        Effect::Model { due, .. } => format!("model{}", wait(*due)),
        Effect::Timer { due, .. } => format!("timer{}", wait(*due)),
        Effect::Tool { name, call, cancel_by, .. } => match cancel_by {
            Some(by) => format!("stop {name} {call}, sealed{}", wait(*by)),
            None => format!("{name} {call}"),
        },
        other => format!("{other:?}"),
    }
}

fn detail(record: &Record) -> String {
    if record.kind == Kind::Accepted {
        return record.parse::<Accepted>().unwrap().kind;
    }
    let v: Value = serde_json::from_slice(&record.payload).unwrap();
    let word = |field: &str| v[field].as_str().unwrap_or_default().to_owned();
    let error = if v["is_error"] == true { " is_error" } else { "" };
    match record.kind {
        Kind::UserMessage | Kind::SystemMessage | Kind::AgentMessage => texts(&v["content"]),
        Kind::AgentToolUse => {
            format!("{} {} {}", word("name"), record.id, word("evaluated_permission"))
        }
        Kind::AgentCustomToolUse => format!("{} {}", word("name"), record.id),
        Kind::AgentToolResult => {
            format!("{}{error} {}", word("tool_use_id"), texts(&v["content"]))
        }
        Kind::UserCustomToolResult => {
            format!("{}{error} {}", word("custom_tool_use_id"), texts(&v["content"]))
        }
        Kind::CallClosed => format!("{} {:?}", word("tool_use_id"), word("text")),
        Kind::UserToolConfirmation => format!("{} {}", word("tool_use_id"), word("result")),
        Kind::Dispatch => word("tool_use_id"),
        Kind::Claim => format!("attempt {}", v["attempt"]),
        Kind::Attempt => word("error"),
        Kind::HandBound => format!("generation {}", v["locator"]["generation"]),
        Kind::SessionError => {
            let (kind, retry) = (&v["error"]["type"], &v["error"]["retry_status"]["type"]);
            format!("{} {}", kind.as_str().unwrap(), retry.as_str().unwrap())
        }
        Kind::SessionUsage => {
            format!("{} in, {} out", v["usage"]["input_tokens"], v["usage"]["output_tokens"])
        }
        Kind::SessionStatusIdle | Kind::ThreadStatusIdle => idle(&v["stop_reason"]),
        Kind::ModelRequestEnd => error.trim().to_owned(),
        _ => String::new(),
    }
}

fn idle(reason: &Value) -> String {
    let kind = reason["type"].as_str().unwrap();
    let Some(ids) = reason["event_ids"].as_array() else { return kind.to_owned() };
    let ids: Vec<&str> = ids.iter().filter_map(Value::as_str).collect();
    format!("{kind} {}", ids.join(" "))
}

/// Text blocks in quotes, cut to a readable length and number.
fn texts(content: &Value) -> String {
    let texts = content.as_array().unwrap().iter().take(8).map(|block| {
        let text = block["text"].as_str().unwrap_or("…");
        let cut: String = text.chars().take(60).collect();
        let more = if cut.len() < text.len() { "…" } else { "" };
        format!("{cut:?}{more}")
    });
    texts.collect::<Vec<_>>().join(" ")
}
