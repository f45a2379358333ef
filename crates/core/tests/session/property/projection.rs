//! Every public record is an event of the contract (§8): its fields, no others.

use planaria_core::record::{event_json, timestamp};
use planaria_core::{EventId, Kind, Record};
use serde_json::Value;

pub fn check(record: &Record) {
    let Some(json) = event_json(record) else {
        assert!(!record.kind.is_public());
        return;
    };
    assert!(!json.contains('\n'), "an event is one line");
    let event: Value = serde_json::from_str(&json).unwrap_or_else(|e| panic!("{e}: {json}"));
    assert_eq!(event["type"].as_str(), Some(record.kind.name().as_ref()));
    assert_eq!(event["id"].as_str().unwrap().parse(), Ok(record.id));
    assert_eq!(event["processed_at"].as_str(), Some(timestamp(record.at_us).as_str()));
    let (required, optional) = fields(record.kind);
    let object = event.as_object().unwrap();
    for (field, kind) in required {
        assert!(is(&event[*field], kind), "{field} is not a {kind}: {json}");
    }
    for field in object.keys().map(String::as_str) {
        let known = ["type", "id", "processed_at"].contains(&field)
            || required.iter().any(|(name, _)| *name == field)
            || optional.contains(&field);
        assert!(known, "{field}: {json}");
    }
    details(record.kind, &event);
}

type Fields = (&'static [(&'static str, &'static str)], &'static [&'static str]);

fn fields(kind: Kind) -> Fields {
    match kind {
        Kind::UserMessage | Kind::SystemMessage | Kind::AgentMessage => {
            (&[("content", "array")], &[])
        }
        Kind::UserInterrupt => (&[], &["session_thread_id"]),
        Kind::UserToolConfirmation => {
            (&[("tool_use_id", "id"), ("result", "string")], &["deny_message"])
        }
        Kind::UserCustomToolResult => (&[("custom_tool_use_id", "id")], &["content", "is_error"]),
        Kind::AgentToolUse => (
            &[("name", "string"), ("input", "object"), ("evaluated_permission", "string")],
            &["evaluation"],
        ),
        Kind::AgentCustomToolUse => (&[("name", "string"), ("input", "object")], &[]),
        Kind::AgentToolResult => {
            (&[("tool_use_id", "id"), ("content", "array"), ("is_error", "bool")], &[])
        }
        Kind::SessionStatusIdle => (&[("stop_reason", "object")], &["stop_details"]),
        Kind::ThreadStatusIdle => (
            &[("session_thread_id", "thread"), ("agent_name", "string"), ("stop_reason", "object")],
            &["stop_details"],
        ),
        Kind::ThreadStatusRunning | Kind::ThreadStatusRescheduled => {
            (&[("session_thread_id", "thread"), ("agent_name", "string")], &[])
        }
        Kind::SessionError => (&[("error", "object")], &[]),
        Kind::SessionUsage => (&[("usage", "object")], &["budget"]),
        Kind::ModelRequestEnd => (
            &[("model_request_start_id", "id"), ("is_error", "bool"), ("model_usage", "object")],
            &[],
        ),
        Kind::AgentThinking
        | Kind::ThreadContextCompacted
        | Kind::SessionStatusRunning
        | Kind::SessionStatusRescheduled
        | Kind::ModelRequestStart => (&[], &[]),
        other => panic!("{other:?} is not written by this version"),
    }
}

fn is(value: &Value, kind: &str) -> bool {
    match kind {
        "array" => value.is_array(),
        "object" => value.is_object(),
        "bool" => value.is_boolean(),
        "string" => value.is_string(),
        "int" => value.is_u64(),
        "id" => value.as_str().is_some_and(|text| text.parse::<EventId>().is_ok()),
        "thread" => value.as_str().is_some_and(|text| text.starts_with("sthr_01")),
        other => panic!("{other}"),
    }
}

fn details(kind: Kind, event: &Value) {
    match kind {
        Kind::SessionStatusIdle | Kind::ThreadStatusIdle => {
            let reason = event["stop_reason"]["type"].as_str().unwrap();
            let reasons = ["end_turn", "requires_action", "retries_exhausted", "refusal"];
            assert!(reasons.contains(&reason), "{event}");
            assert_eq!(reason == "requires_action", event["stop_reason"]["event_ids"].is_array());
            assert_eq!(reason == "refusal", event["stop_details"].is_object());
        }
        Kind::SessionError => {
            let error = &event["error"];
            assert!(error["type"].as_str().unwrap().ends_with("_error"));
            assert!(is(&error["message"], "string"));
            let retry = error["retry_status"]["type"].as_str().unwrap();
            assert!(["retrying", "exhausted", "terminal"].contains(&retry));
        }
        Kind::SessionUsage => {
            let usage = &event["usage"];
            for field in ["input_tokens", "output_tokens", "cache_read_input_tokens"] {
                assert!(is(&usage[field], "int"), "{field}");
            }
            assert!(is(&usage["cache_creation"]["ephemeral_5m_input_tokens"], "int"));
            assert!(is(&usage["list_cost"]["amount"], "string"));
            assert!(usage["active_seconds"].is_number());
        }
        Kind::ModelRequestEnd => {
            for field in [
                "input_tokens",
                "output_tokens",
                "cache_creation_input_tokens",
                "cache_read_input_tokens",
            ] {
                assert!(is(&event["model_usage"][field], "int"), "{field}");
            }
        }
        Kind::AgentToolUse => {
            let verdict = event["evaluated_permission"].as_str().unwrap();
            assert!(["allow", "ask", "deny"].contains(&verdict));
            assert_eq!(verdict == "deny", event.get("evaluation").is_none(), "{event}");
        }
        _ => {}
    }
}
