//! `kill -9` at the worst moment, with the real binary, real hands and a ledger outside of both.

use serde_json::Value;

use crate::support::{LongCall, TestFleet, success};

fn of_type<'a>(events: &'a [Value], kind: &str) -> Vec<&'a Value> {
    events.iter().filter(|event| event["type"] == kind).collect()
}

#[test]
fn a_server_killed_in_mid_call_finds_the_same_run_again_and_finishes_the_turn() {
    let call = LongCall::new();
    let up = call.fleet.start_up();
    assert_eq!(call.started.read(), "yes\n");
    up.kill_9();
    assert_eq!(call.fleet.hands().len(), 1, "the hand outlives its server");

    let up = call.fleet.start_up();
    up.wait_for(&["job", "running"]);
    call.release.write("alive");
    let (code, out, err) = up.finish();

    assert_eq!(code, Some(0), "{out}\n{err}");
    assert!(out.contains("I heard alive."), "{out}");
    assert_eq!(call.ledger(), ["begun", "ended"]);
    let events = call.fleet.events("job");
    let results = of_type(&events, "agent.tool_result");
    assert_eq!(results.len(), 1);
    assert_eq!(results[0]["is_error"], false);
    assert!(call.fleet.hands().is_empty(), "a finished fleet leaves no hand behind");
}

#[test]
fn a_call_whose_server_and_hand_were_killed_ends_as_unknown_and_is_not_repeated() {
    let call = LongCall::new();
    let up = call.fleet.start_up();
    assert_eq!(call.started.read(), "yes\n");
    up.kill_9();
    assert_eq!(call.fleet.kill_hands(), 1);

    let output = call.fleet.up();

    let out = success(&output);
    assert!(out.contains("I heard 1."), "{out}");
    assert_eq!(call.ledger(), ["begun"]);
    let events = call.fleet.events("job");
    let results = of_type(&events, "agent.tool_result");
    assert_eq!(results.len(), 2);
    assert_eq!(results[0]["is_error"], true);
    assert!(results[0]["content"][0]["text"].as_str().unwrap().contains("outcome is unknown"));
}

#[test]
fn a_finished_fleet_prints_its_stored_answers_and_does_nothing_again() {
    let call = LongCall::new();
    let up = call.fleet.start_up();
    call.started.read();
    call.release.write("once");
    let (code, first, err) = up.finish();
    assert_eq!(code, Some(0), "{first}\n{err}");

    let second = success(&call.fleet.up());

    assert!(second.contains("I heard once."), "{second}");
    assert_eq!(call.ledger(), ["begun", "ended"]);
}

#[test]
fn a_server_killed_again_and_again_still_brings_every_session_to_its_end() {
    let fleet = TestFleet::of_one(
        "steps:\n  - call: { bash: { command: 'echo 1 >> log; cat log' } }\n  - expect: '1'\n    call: { bash: { command: 'echo 2 >> log; cat log' } }\n  - expect: '2'\n    call: { bash: { command: 'echo 3 >> log; cat log' } }\n  - expect: '(?s)(1.2.3)\\s*$'\n    say: 'log: ${1}'\n",
    );
    // Hands survive these kills, so no outcome is ever unknown.
    for line in 1..=8 {
        let up = fleet.start_up();
        up.wait_for_line(line);
        up.kill_9();
    }

    let out = success(&fleet.up());

    assert!(out.contains("log: 1\n2\n3"), "{out}");
    let events = fleet.events("job");
    assert_eq!(of_type(&events, "agent.tool_use").len(), 3);
    assert_eq!(of_type(&events, "agent.tool_result").len(), 3);
}
