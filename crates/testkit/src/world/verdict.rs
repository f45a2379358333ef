//! What a record says about the fate of a call.

use planaria_core::record::payload::{Idle, StopReason, ToolResult};
use planaria_core::session::INTERRUPTED;
use planaria_core::{Kind, Record};
use serde_json::Value;

/// All the text of a tool result; empty for any other record.
pub(super) fn result_text(record: &Record) -> String {
    if record.kind != Kind::AgentToolResult {
        return String::new();
    }
    let content = record.parse::<ToolResult>().map(|result| result.content).unwrap_or_default();
    let texts: Vec<&str> = content.iter().filter_map(|block| block["text"].as_str()).collect();
    texts.join("\n")
}

/// Whether something came between the session and its work that shows in its history.
pub(super) fn is_disturbed(records: &[Record]) -> bool {
    records.iter().any(|record| match record.kind {
        Kind::Parked | Kind::UserInterrupt => true,
        Kind::SessionStatusIdle => {
            let idle = record.parse::<Idle>();
            idle.is_ok_and(|idle| idle.stop_reason == StopReason::RetriesExhausted)
        }
        Kind::AgentToolResult => {
            let text = result_text(record);
            let marks = ["outcome is unknown", INTERRUPTED, "killed: ", "timed out: "];
            marks.iter().any(|mark| text.contains(mark))
        }
        _ => false,
    })
}

/// The tool and the key of a tool use, for explanations.
pub(super) fn call_text(record: &Record) -> String {
    let call: Value = record.parse().unwrap_or_default();
    format!("{} {}", call["name"], call["input"])
}
