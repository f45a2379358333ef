//! A session of the example fleet: its workspace, its script, and calls that may be lost.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use futures_util::StreamExt;
use planaria_core::model::{Answer, Block, Message, Request, Role, ToolInput};
use planaria_core::port::provider::{Delta, Provider};
use planaria_core::session::OUTCOME_UNKNOWN;
use planaria_drivers::model::{Script, Scripted};
use serde_json::{Value, json};

use crate::tools;

/// Requests of one turn; the scripts need less than half.
const REQUESTS_MAX: usize = 60;

/// What becomes of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It runs, and the model is told how it ended.
    Reported,
    /// It never ran, and nobody knows.
    NeverRan,
    /// It ran, and nobody knows.
    RanUnseen,
    /// It runs twice, which must never happen.
    RanTwice,
}

/// A turn that ended.
#[derive(Debug)]
pub struct Played {
    /// What was answered.
    pub answer: String,
    /// How many calls that took.
    pub calls: usize,
}

/// Plays a session to the end of its turn and judges its workspace by the fleet's own check.
/// `fate` is asked for each call, counted from 0.
pub fn play(session: &str, fate: &dyn Fn(usize) -> Fate) -> Played {
    let fleet = fleet_file();
    let configured = &fleet["sessions"][session];
    let workspace = tempfile::tempdir().unwrap();
    seed(session, workspace.path());
    let prompt = configured["prompt"].as_str().unwrap();
    let prompt = fill(prompt, configured["after"].as_array().map_or(&[][..], |a| a));
    let path = format!("scripts/{session}.yaml");
    let yaml = std::fs::read_to_string(example().join(&path)).unwrap();
    let script = Arc::new(Script::parse(&path, &yaml).unwrap());
    let played = turn(script, &prompt, workspace.path(), fate);
    let check = configured["check"].as_str().unwrap();
    let run = Command::new("/bin/bash").arg("-c").arg(check).current_dir(workspace.path()).output();
    let run = run.unwrap();
    assert!(run.status.success(), "the check of {session} fails: {run:?}");
    played
}

fn turn(
    script: Arc<Script>,
    prompt: &str,
    workspace: &Path,
    fate: &dyn Fn(usize) -> Fate,
) -> Played {
    let model = Scripted::new(script);
    let mut calls = 0;
    let user = |content| Message { role: Role::User, content };
    let mut messages = vec![user(vec![json!({ "type": "text", "text": prompt })])];
    for _ in 0..REQUESTS_MAX {
        let answer = ask(&model, &messages);
        messages.push(Message { role: Role::Assistant, content: said(&answer) });
        let mut results = Vec::new();
        for block in &answer.blocks {
            let Block::ToolUse { name, input: ToolInput::Object(input) } = block else { continue };
            let text = call(workspace, name, input, fate(calls));
            calls += 1;
            let content = json!([{ "type": "text", "text": text }]);
            results.push(json!({ "type": "tool_result", "tool_use_id": "x", "content": content }));
        }
        if results.is_empty() {
            let text = answer.blocks.iter().find_map(|block| match block {
                Block::Text(text) => Some(text.clone()),
                _ => None,
            });
            return Played { answer: text.unwrap_or_default(), calls };
        }
        messages.push(user(results));
    }
    panic!("the turn does not end");
}

fn call(workspace: &Path, tool: &str, input: &Value, fate: Fate) -> String {
    let run = || tools::run(workspace, tool, input);
    match fate {
        Fate::Reported => run(),
        Fate::NeverRan => OUTCOME_UNKNOWN.to_owned(),
        Fate::RanUnseen => {
            run();
            OUTCOME_UNKNOWN.to_owned()
        }
        Fate::RanTwice => {
            run();
            run()
        }
    }
}

/// One request. The scripts pause a little, which must not slow the tests down.
fn ask(model: &Scripted, messages: &[Message]) -> Answer {
    let request = Arc::new(Request {
        model: "m".into(),
        effort: None,
        system: String::new(),
        messages: messages.to_vec(),
        tools: Vec::new(),
        max_tokens: 1,
    });
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_time().start_paused(true).build().unwrap();
    let deltas = runtime.block_on(model.answer(request).collect::<Vec<_>>());
    match deltas.into_iter().last().expect("an answer").unwrap_or_else(|e| panic!("{e}")) {
        Delta::Done(answer) => answer,
        other => panic!("the stream ends with {other:?}"),
    }
}

fn said(answer: &Answer) -> Vec<Value> {
    let content = answer.blocks.iter().map(|block| match block {
        Block::Text(text) => json!({ "type": "text", "text": text }),
        Block::Thinking(raw) => raw.clone(),
        Block::ToolUse { name, input: ToolInput::Object(input) } => {
            json!({ "type": "tool_use", "id": "x", "name": name, "input": input })
        }
        other => panic!("{other:?}"),
    });
    content.collect()
}

/// The example fleet's directory.
pub fn example() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/fleet")
}

fn fleet_file() -> Value {
    let yaml = std::fs::read_to_string(example().join("fleet.yaml")).unwrap();
    serde_saphyr::from_str(&yaml).unwrap()
}

/// The answers of the sessions before, as they are when nothing is lost.
fn fill(prompt: &str, after: &[Value]) -> String {
    after.iter().filter_map(Value::as_str).fold(prompt.to_owned(), |prompt, name| {
        let place = format!("${{session.{name}.answer}}");
        prompt.replace(&place, &play(name, &|_| Fate::Reported).answer)
    })
}

/// What the workspace begins with. A repository of two crates stands in for the real one.
fn seed(session: &str, workspace: &Path) {
    let copy = |from: &str| {
        for entry in std::fs::read_dir(example().join(from)).unwrap() {
            let path = entry.unwrap().path();
            std::fs::copy(&path, workspace.join(path.file_name().unwrap())).unwrap();
        }
    };
    match session {
        "repair" => copy("broken"),
        "inventory" => copy("warehouse"),
        "survey" => {
            let port = "//! A port.\n\npub trait Port {}\n";
            let tests = "//! Tests.\n\n#[test]\nfn a() {}\n\n#[tokio::test]\nasync fn b() {}\n";
            for (file, text) in [
                ("Cargo.toml", "[workspace]\n"),
                ("crates/core/Cargo.toml", ""),
                ("crates/core/src/port/one.rs", port),
                ("crates/more/Cargo.toml", ""),
                ("crates/more/tests/all.rs", tests),
            ] {
                let path = workspace.join(file);
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                std::fs::write(path, text).unwrap();
            }
        }
        _ => {}
    }
}
