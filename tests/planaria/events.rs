//! `planaria events` and `planaria send` through the real binary.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdout, Stdio};

use serde_json::Value;

use crate::support::{LongCall, TestFleet, success};

const TWO_CALLS: &str = "steps:\n  - call: { bash: { command: echo apples } }\n  - call: { bash: { command: echo pears } }\n  - say: done\n";

fn finished() -> TestFleet {
    let fleet = TestFleet::of_one(TWO_CALLS);
    success(&fleet.up());
    fleet
}

/// The rows that these words let pass.
fn rows(fleet: &TestFleet, words: &[&str]) -> Vec<Value> {
    let args = [&["events", "job", "--output", "ndjson"], words].concat();
    let text = success(&fleet.command(&args).output().unwrap());
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn positions(rows: &[Value]) -> Vec<u64> {
    rows.iter().map(|row| row["seq"].as_u64().unwrap()).collect()
}

#[test]
fn filters_by_type_position_time_and_number_let_pass_what_they_say() {
    let fleet = finished();
    let all = rows(&fleet, &["--all"]);
    let count = all.len() as u64;
    assert_eq!(positions(&all), (1..=count).collect::<Vec<_>>(), "private records fill the gaps");
    assert!(all.iter().any(|row| row["type"] == "private.genesis"));

    let public = rows(&fleet, &[]);
    assert!(public.iter().all(|row| !row["type"].as_str().unwrap().starts_with("private.")));
    let results = rows(&fleet, &["--type", "agent.tool_result"]);
    assert_eq!(results.len(), 2);
    let both = rows(&fleet, &["--type", "agent.tool_*", "--type", "agent.message"]);
    assert_eq!(both.len(), 5);

    assert_eq!(positions(&rows(&fleet, &["--all", "--from", "3", "--to", "5"])), [3, 4, 5]);
    assert_eq!(positions(&rows(&fleet, &["--limit", "2"])), positions(&public)[..2]);
    let last = positions(&public).split_off(public.len() - 3);
    assert_eq!(positions(&rows(&fleet, &["--tail", "3"])), last);
    let tail = rows(&fleet, &["--type", "agent.tool_result", "--tail", "1"]);
    assert_eq!(positions(&tail), positions(&results)[1..]);

    let moment = results[1]["processed_at"].as_str().unwrap();
    let since = rows(&fleet, &["--since", moment]);
    assert!(since.iter().all(|row| row["processed_at"].as_str().unwrap() >= moment));
    let until = rows(&fleet, &["--until", moment]);
    assert!(until.iter().all(|row| row["processed_at"].as_str().unwrap() <= moment));
    assert!(positions(&since).contains(&results[1]["seq"].as_u64().unwrap()));
    assert!(since.len() < public.len() && until.len() < public.len());
    assert_eq!(rows(&fleet, &["--since", "1h"]).len(), public.len());
    assert!(rows(&fleet, &["--until", "1h"]).is_empty());
}

#[test]
fn json_is_one_document_and_ndjson_a_row_of_them() {
    let fleet = finished();
    let document = |words: &[&str]| {
        let args = [&["events", "job", "--output", "json"], words].concat();
        let text = success(&fleet.command(&args).output().unwrap());
        serde_json::from_str::<Value>(&text).unwrap()
    };
    assert_eq!(document(&[]), Value::from(rows(&fleet, &[])));
    assert_eq!(document(&["--until", "1h"]), Value::from(Vec::<Value>::new()));
}

#[test]
fn a_filter_that_cannot_be_meant_is_not_understood() {
    let fleet = TestFleet::new();
    for (words, expected) in [
        (&["--type", "agent.mesage"][..], "`agent.message`"),
        (&["--since", "soon"], "10m"),
        (&["--from", "5", "--to", "4"], "--to 4"),
        (&["--follow", "--output", "json"], "ndjson"),
        (&["--limit", "1", "--tail", "1"], "--tail"),
    ] {
        let args = [&["events", "job"], words].concat();
        let output = fleet.command(&args).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{words:?}");
        let message = String::from_utf8_lossy(&output.stderr);
        assert!(message.contains(expected), "{words:?}: {message}");
    }
}

#[test]
fn a_reader_that_goes_early_is_no_error() {
    let fleet = finished();
    let mut command = fleet.command(&["events", "job", "--all"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn following_a_log_that_nobody_writes_prints_it_and_says_so() {
    let fleet = finished();
    let output = fleet.command(&["events", "job", "--follow"]).output().unwrap();
    assert_eq!(success(&output).lines().count(), rows(&fleet, &[]).len());
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(message.contains("nothing more will come"), "{message}");
}

/// A command under way whose rows are read one by one.
struct Rows {
    child: Child,
    out: BufReader<ChildStdout>,
}

impl Rows {
    fn start(fleet: &TestFleet, words: &[&str]) -> Self {
        let args = [&["events", "job", "--output", "ndjson"], words].concat();
        let mut command = fleet.command(&args);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        Self { child, out }
    }

    fn next(&mut self) -> Option<Value> {
        let mut line = String::new();
        self.out.read_line(&mut line).unwrap();
        serde_json::from_str(&line).ok()
    }

    fn until(&mut self, kind: &str) -> Value {
        std::iter::from_fn(|| self.next()).find(|row| row["type"] == kind).expect(kind)
    }

    fn end(mut self) -> (Option<i32>, String) {
        while self.next().is_some() {}
        let code = self.child.wait().unwrap().code();
        let mut err = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
        (code, err)
    }
}

#[test]
fn a_running_session_is_followed_to_the_end_of_its_up() {
    let call = LongCall::new();
    let up = call.fleet.start_up();
    call.started.read();
    let mut rows = Rows::start(&call.fleet, &["--follow"]);
    rows.until("agent.tool_use");
    let types = ["--type", "agent.tool_use", "--type", "agent.message"];
    let mut limited =
        Rows::start(&call.fleet, &[&["--follow", "--limit", "2"][..], &types].concat());
    // It looks on before there is anything more to see.
    limited.until("agent.tool_use");

    call.release.write("on");

    rows.until("agent.tool_result");
    rows.until("session.status_idle");
    limited.until("agent.message");
    assert_eq!(limited.end().0, Some(0), "a limit ends it");
    assert_eq!(up.finish().0, Some(0));
    let (code, err) = rows.end();
    assert_eq!(code, Some(0), "{err}");
    assert!(err.contains("nothing more will come"), "{err}");
}

#[test]
fn whoever_follows_a_process_that_is_killed_is_told_how_to_go_on() {
    let call = LongCall::new();
    let up = call.fleet.start_up();
    call.started.read();
    let mut rows = Rows::start(&call.fleet, &["--follow"]);
    let seq = rows.until("agent.tool_use")["seq"].as_u64().unwrap();

    up.kill_9();

    let (code, err) = rows.end();
    assert_eq!(code, Some(1));
    let from = err.split("--from ").nth(1).and_then(|rest| rest.split([':', '\n']).next());
    let from: u64 = from.expect(&err).trim().parse().unwrap();
    assert!(from > seq, "{err}");
}

#[test]
fn a_message_to_a_running_session_is_taken_up_in_its_turn() {
    let call = LongCall::new();
    let up = call.fleet.start_up();
    call.started.read();

    let sent =
        call.fleet.command(&["send", "job", "hurry up", "--output", "json"]).output().unwrap();

    let event: Value = serde_json::from_str(&success(&sent)).unwrap();
    assert_eq!(event["type"], "user.message");
    assert_eq!(event["content"][0]["text"], "hurry up");
    let stranger = call.fleet.command(&["send", "nobody", "hello"]).output().unwrap();
    assert_eq!(stranger.status.code(), Some(1));
    let wrong = call.fleet.command(&["send", "job", "--confirm", event["id"].as_str().unwrap()]);
    let wrong = { wrong }.output().unwrap();
    assert_eq!(wrong.status.code(), Some(1), "that is not a call");
    call.release.write("on");
    up.finish();
    let events = call.fleet.events("job");
    assert!(events.iter().any(|e| e["id"] == event["id"] && !e["processed_at"].is_null()));
}

#[test]
fn what_is_sent_where_nobody_runs_is_refused_with_what_to_do() {
    let fleet = finished();
    let output = fleet.command(&["send", "job", "hello"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(message.contains("planaria up"), "{message}");
    assert_eq!(fleet.command(&["send", "job"]).output().unwrap().status.code(), Some(2));
}

/// A fleet whose session `ask` waits for a person while `job` keeps the fleet up.
fn with_one_that_asks() -> LongCall {
    let call = LongCall::new();
    call.fleet.file(
        "fleet.yaml",
        "fleet: test\nsessions:\n  job: { agent: worker, environment: local, prompt: go }\n  \
         ask: { agent: asker, environment: local, prompt: go }\n",
    );
    call.fleet.file(
        "agents/asker.md",
        "---\nname: asker\nmodel: claude-sonnet-5\ntools:\n  - type: agent_toolset_20260401\n    \
         default_config: { permission_policy: { type: always_ask } }\n---\n",
    );
    let steps = "steps:\n  - call: { bash: { command: echo apples } }\n  - expect: '(apples|Friday)'\n    say: 'I heard ${1}.'\n";
    call.fleet.file("scripts/ask.yaml", steps);
    call
}

#[test]
fn a_session_that_waits_for_a_person_goes_on_with_the_answer() {
    for (answer, heard) in
        [(&[][..], "I heard apples."), (&["--deny", "Not on a Friday."], "I heard Friday.")]
    {
        let call = with_one_that_asks();
        let up = call.fleet.start_up();
        call.started.read();
        up.wait_for(&["ask", "waiting"]);
        let tree = success(&call.fleet.command(&["tree"]).output().unwrap());
        assert!(tree.contains("waits for a confirmation for bash (sevt_"), "{tree}");
        let use_of = call.fleet.events("ask").into_iter().find(|e| e["type"] == "agent.tool_use");
        let id = use_of.unwrap()["id"].as_str().unwrap().to_owned();
        assert!(tree.contains(&id), "{tree}");

        let args = [&["send", "ask", "--confirm", &id], answer].concat();
        success(&call.fleet.command(&args).output().unwrap());

        let follow = ["events", "ask", "--follow", "--type", "agent.message", "--limit", "1"];
        let said = success(&call.fleet.command(&follow).output().unwrap());
        assert!(said.contains(heard), "{said}");
        call.release.write("on");
        up.finish();
    }
}
