//! Broken logs, and the names under which they are found.

use bytes::Bytes;
use planaria_core::agent::AgentParams;
use planaria_core::event::ClientEvent;
use planaria_core::model::{Block, StopReason, Usage};
use planaria_core::record::payload::Genesis;
use planaria_core::session::{Command, SessionState, Stamp, decide, effects, evolve};
use serde_json::json;

use super::*;

fn record(seq: u64, kind: Kind, payload: &str) -> Record {
    Record {
        seq,
        id: EventId(u128::from(seq)),
        at_us: seq,
        kind,
        thread: 0,
        epoch: 1,
        payload: Bytes::from(payload.to_owned()),
    }
}

fn broken(records: &[Record]) -> Vec<&'static str> {
    log(SessionId(1), records, true).into_iter().map(|v| v.invariant).collect()
}

fn result(seq: u64, call: u128) -> Record {
    let payload = format!(r#"{{"tool_use_id":"{}"}}"#, EventId(call));
    record(seq, Kind::AgentToolResult, &payload)
}

#[test]
fn a_hole_an_old_epoch_and_a_repeated_id_are_found() {
    let mut records = vec![record(1, Kind::Genesis, "{}"), record(3, Kind::Claim, "{}")];
    assert_eq!(broken(&records), ["dense"]);
    records[1] = record(2, Kind::Claim, "{}");
    records[1].epoch = 0;
    assert_eq!(broken(&records), ["fenced"]);
    records[1].epoch = 1;
    records[1].id = records[0].id;
    assert_eq!(broken(&records), ["unique"]);
}

#[test]
fn missing_doubled_and_late_results_are_found() {
    let used = || vec![record(1, Kind::AgentToolUse, "{}")];
    assert_eq!(broken(&used()), ["settled"]);
    let twice = [used(), vec![result(2, 1), result(3, 1)]].concat();
    assert_eq!(broken(&twice), ["results"]);
    let early = [used(), vec![record(2, Kind::ModelRequestStart, "{}")]].concat();
    assert_eq!(broken(&early), ["results", "settled", "settled"]);
    assert!(broken(&[used(), vec![result(2, 1)]].concat()).is_empty());
}

#[test]
fn an_event_after_idle_is_found() {
    let idle =
        [record(1, Kind::SessionStatusRunning, "{}"), record(2, Kind::SessionStatusIdle, "{}")];
    let after = |kind| broken(&[idle.as_slice(), &[record(3, kind, "{}")]].concat());
    assert_eq!(after(Kind::AgentMessage), ["idle-last"]);
    assert!(after(Kind::SessionStatusRunning).is_empty());
}

#[test]
fn an_accepted_message_that_was_never_taken_up_is_found() {
    let accepted = |kind| {
        let payload = format!(r#"{{"kind":"{kind}","event":{{}}}}"#);
        record(1, Kind::Accepted, &payload)
    };
    assert_eq!(broken(&[accepted("user.message")]), ["settled"]);
    assert!(broken(&[accepted("system.message")]).is_empty());
    let mut taken_up = record(2, Kind::UserMessage, "{}");
    taken_up.id = EventId(1);
    assert!(broken(&[accepted("user.message"), taken_up]).is_empty());
}

#[test]
fn statuses_out_of_turn_are_found() {
    let log = |kinds: &[Kind]| {
        let records = (1..).zip(kinds).map(|(seq, kind)| record(seq, *kind, "{}"));
        broken(&records.collect::<Vec<_>>())
    };
    use Kind::{SessionStatusIdle as Idle, SessionStatusRunning as Running};
    assert!(log(&[Running, Kind::SessionStatusRescheduled, Running, Idle, Running]).is_empty());
    assert_eq!(log(&[Running, Running]), ["status"]);
    assert_eq!(log(&[Idle]), ["status"]);
    assert_eq!(log(&[Running, Kind::SessionStatusTerminated, Running]), ["status"]);
}

#[test]
fn claims_and_hands_that_skip_or_repeat_are_found() {
    let claim = |seq, attempt| {
        let payload = format!(r#"{{"harness":"h","version":1,"attempt":{attempt}}}"#);
        record(seq, Kind::Claim, &payload)
    };
    assert!(broken(&[claim(1, 1), claim(2, 2)]).is_empty());
    assert_eq!(broken(&[claim(1, 1), claim(2, 1)]), ["claims"]);
    let hand = |seq, generation: u64| {
        let payload = serde_json::json!({
            "locator": {
                "driver": "sim", "generation": generation, "session": SessionId(1), "address": "",
            },
            "isolation": { "level": "none", "summary": "" },
        });
        record(seq, Kind::HandBound, &payload.to_string())
    };
    assert!(broken(&[hand(1, 1), hand(2, 2)]).is_empty());
    assert_eq!(broken(&[hand(1, 1), hand(2, 3)]), ["hands"]);
}

#[test]
fn spans_that_overlap_or_end_twice_are_found() {
    let start = |seq| record(seq, Kind::ModelRequestStart, "{}");
    let end = |seq, start: u128| {
        let payload = json!({
            "model_request_start_id": EventId(start),
            "model_usage": Usage::default(),
            "is_error": false,
        });
        record(seq, Kind::ModelRequestEnd, &payload.to_string())
    };
    assert!(broken(&[start(1), end(2, 1)]).is_empty());
    assert_eq!(broken(&[start(1)]), ["settled"]);
    assert_eq!(broken(&[start(1), start(2), end(3, 2)]), ["spans"]);
    assert_eq!(broken(&[start(1), end(2, 1), end(3, 1)]), ["spans"]);
    assert_eq!(broken(&[start(1), end(2, 7)]), ["spans"]);
}

/// What a session records of one turn, whose model was asked the request of this digest.
fn turn(digest: impl Fn(&str) -> String) -> Vec<Record> {
    let params = json!({ "name": "worker", "model": "any" });
    let agent = serde_json::from_value::<AgentParams>(params).unwrap().materialise().unwrap();
    let genesis = Genesis {
        session: SessionId(1),
        workspace: "local".to_owned(),
        agent,
        environment: "local".to_owned(),
        title: None,
        metadata: BTreeMap::new(),
    };
    let mut state = SessionState::default();
    let mut log = Vec::new();
    let mut step = |log: &mut Vec<Record>, command| {
        let stamp = Stamp { now: 1, id_seed: 1_000 + u128::from(state.seq), jitter: 0 };
        let records = decide(&state, command, &stamp).unwrap();
        records.iter().for_each(|record| evolve(&mut state, record));
        log.extend(records);
        effects(&state)
    };
    step(&mut log, Command::Create(Box::new(genesis)));
    let open = step(&mut log, Command::Send(vec![ClientEvent::message("hello")]));
    let mut context = Context::default();
    log.iter().for_each(|record| context.push(record).unwrap());
    let command = Command::ModelAnswered {
        effect: open[0].id(),
        attempt: 0,
        digest: digest(&context.request().unwrap().digest()),
        harness: (HARNESS.to_owned(), HARNESS_VERSION),
        answer: Box::new(planaria_core::model::Answer {
            model: "any".to_owned(),
            blocks: vec![Block::Text("Hello.".to_owned())],
            stop: StopReason::EndTurn,
            usage: Usage::default(),
        }),
    };
    step(&mut log, command);
    log
}

#[test]
fn an_answer_to_another_request_than_the_log_gives_is_found() {
    assert!(broken(&turn(str::to_owned)).is_empty());
    assert_eq!(broken(&turn(|digest| format!("{digest}0"))), ["replayed"]);
}
