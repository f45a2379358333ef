//! events.md, from the kinds of records and their payloads.

use std::collections::BTreeMap;

use planaria_core::Kind;
use serde_json::Value;

use super::rustdoc::{Item, members};
use super::{hold, table};
use crate::docs::page;
use crate::support::{LongCall, TestFleet};

/// What a record carries.
enum Payload {
    /// Nothing but what every record has.
    Nothing,
    /// The fields of this struct.
    Struct(&'static str),
    /// These fields, which are made on the spot.
    Fields(&'static [(&'static str, &'static str)]),
}
use Payload::{Fields, Nothing, Struct};

/// The payload of every kind that has one.
fn payload(kind: &str) -> Payload {
    match kind {
        "genesis" => Struct("Genesis"),
        "accepted" => Struct("Accepted"),
        "claim" => Struct("Claim"),
        "model.answer" => Struct("Answer"),
        "model.attempt" => Struct("Attempt"),
        "tool.dispatch" => Struct("Dispatch"),
        "hand.bound" => Struct("HandBound"),
        "call.closed" => Struct("CallClosed"),
        "session.parked" => Struct("Parked"),
        "compaction.wanted" => Struct("CompactionWanted"),
        "compacted" => Struct("Compacted"),
        "user.message" | "system.message" | "agent.message" => Struct("Content"),
        "user.tool_confirmation" => Struct("Confirmation"),
        "user.custom_tool_result" => Struct("CustomToolResult"),
        "agent.tool_use" => Struct("ToolUse"),
        "agent.tool_result" => Struct("ToolResult"),
        "agent.custom_tool_use" => Struct("CustomToolUse"),
        "session.status_idle" | "session.thread_status_idle" => Struct("Idle"),
        "session.error" => Struct("SessionError"),
        "session.usage" => Fields(&[
            ("usage", "Tokens, active seconds and cost so far."),
            ("budget", "Always null: there are no budgets yet."),
        ]),
        "session.thread_status_running" | "session.thread_status_rescheduled" => {
            Struct("ThreadStatus")
        }
        "span.model_request_end" => Struct("ModelRequestEnd"),
        "user.interrupt"
        | "user.tool_result"
        | "agent.thinking"
        | "agent.thread_context_compacted"
        | "session.status_running"
        | "session.status_rescheduled"
        | "session.status_terminated"
        | "session.thread_status_terminated"
        | "span.model_request_start" => Nothing,
        other => panic!("give {other} its payload in tests/planaria/docs/reference/events.rs"),
    }
}

/// The name that a field has in JSON.
fn renamed(field: &Item) -> String {
    let new = field.attributes.split_once("rename = \"").and_then(|(_, new)| new.split_once('"'));
    new.map_or_else(|| field.name.clone(), |(new, _)| new.to_owned())
}

/// The fields of a struct of payloads; those that are flattened in their place.
fn fields(source: &str, name: &str, of_thread: bool) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for field in members(source, "struct", name) {
        if field.attributes.contains("flatten") {
            if of_thread {
                found.extend(fields(source, "ThreadStatus", of_thread));
            }
        } else if field.rest == "ErrorBody" {
            let inner = fields(source, "ErrorBody", of_thread);
            found.extend(inner.into_iter().map(|(name, doc)| (format!("error.{name}"), doc)));
        } else {
            found.push((renamed(&field), field.doc));
        }
    }
    found
}

/// Every kind with its documentation, as they stand in the source.
fn documented() -> BTreeMap<String, String> {
    let source = page("crates/core/src/record/kind.rs");
    let (_, list) = source.split_once("\nkinds! {\n").expect("the list of kinds");
    let (mut doc, mut found) = (Vec::new(), BTreeMap::new());
    for line in list.lines().take_while(|line| *line != "}").map(str::trim) {
        if let Some(words) = line.strip_prefix("///") {
            doc.push(words.trim().to_owned());
        } else if let Some(name) = line.split('"').nth(1) {
            found.insert(name.to_owned(), std::mem::take(&mut doc).join(" "));
        }
    }
    found
}

/// A kind's fields with what they are.
fn fields_of(source: &str, kind: &str) -> Vec<(String, String)> {
    match payload(kind) {
        Nothing => Vec::new(),
        Struct(name) => fields(source, name, kind.contains("thread_status")),
        Fields(list) => list.iter().map(|(n, d)| ((*n).to_owned(), (*d).to_owned())).collect(),
    }
}

fn rows(public: bool) -> String {
    let (source, documented) = (page("crates/core/src/record/payload.rs"), documented());
    let kinds = Kind::ALL.iter().filter(|kind| kind.is_public() == public);
    let rows = kinds.map(|kind| {
        let name = kind.name();
        let fields = fields_of(&source, &name);
        let fields: Vec<String> = fields.iter().map(|(name, doc)| plain(name, doc)).collect();
        let shown = if public { name.to_string() } else { format!("private.{name}") };
        vec![format!("`{shown}`"), documented[&*name].clone(), fields.join("<br>")]
    });
    table(&["type", "what happened", "fields"], rows)
}

/// A field in words; links within the source lead nowhere here.
fn plain(name: &str, doc: &str) -> String {
    let doc = match doc.split_once(", see [`crate::") {
        Some((words, link)) => {
            format!("{words}{}", link.split_once("`]").map_or(".", |(_, rest)| rest))
        }
        None => doc.replace("[`", "`").replace("`]", "`"),
    };
    format!("`{name}`: {doc}")
}

#[test]
fn the_page_of_events_holds_every_kind_of_record() {
    let body = format!(
        "# Events\n\nWhat `planaria events SESSION` shows, and what `Runtime::follow` and \
         `Runtime::read` return. Every event has `type`, `id` and `processed_at`; the command adds \
         `seq`, its position in the log, from 1 without gaps. The public ones have the form of the \
         events of the Managed Agents API. The types of errors are in [errors](errors.md).\n\n## Public events\n\n{}\n## Private records\n\nShown \
         with `--all`: what the session needs to go on after a crash. Their fields stand below \
         `payload`.\n\n{}",
        rows(true),
        rows(false)
    );
    hold("events.md", "the kinds of records and their payloads", &body);
}

/// The fields of an event beside those that every one has.
fn keys(event: &Value) -> Vec<String> {
    let object = event.get("payload").unwrap_or(event).as_object().expect("an object");
    let common = ["type", "id", "processed_at", "seq"];
    object.keys().filter(|key| !common.contains(&key.as_str())).cloned().collect()
}

#[test]
fn events_have_the_fields_that_the_page_says() {
    let call = LongCall::new();
    let up = call.fleet.start_up();
    call.started.read();
    call.release.write("on");
    assert_eq!(up.finish().0, Some(0));
    check(&call.fleet, "job", 15);
    let failing = TestFleet::of_one("steps:\n  - expect: 'never'\n    say: x\n");
    assert_eq!(failing.up().status.code(), Some(1));
    check(&failing, "job", 5);
}

/// Compares what a session's log has with what the page says.
fn check(fleet: &TestFleet, session: &str, at_least: usize) {
    let source = page("crates/core/src/record/payload.rs");
    let args = ["events", session, "--all", "--output", "json"];
    let output = fleet.command(&args).output().unwrap();
    let events: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    assert!(events.len() >= at_least, "{} events", events.len());
    for event in &events {
        let name = event["type"].as_str().expect("a type");
        let documented = fields_of(&source, name.trim_start_matches("private."));
        for key in keys(event) {
            let is = |(name, _): &(String, String)| name.split('.').next() == Some(&key);
            assert!(documented.iter().any(is), "{name} has a field `{key}` that no page names");
        }
    }
}
