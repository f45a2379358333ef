//! `planaria up` and its neighbours through the real binary, as a person types them.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::support::{LongCall, TestFleet, planaria, success};

fn example() -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/fleet").display().to_string()
}

fn up_example(fleet: &TestFleet, more: &[&str]) -> Value {
    let example = example();
    let args = [&["up", example.as_str(), "--output", "json"], more].concat();
    let output = fleet.command(&args).output().unwrap();
    serde_json::from_str(&success(&output)).unwrap()
}

#[test]
fn the_example_fleet_does_its_work_and_every_check_passes() {
    let fleet = TestFleet::new();
    let document = up_example(&fleet, &[]);
    let sessions = document["sessions"].as_array().unwrap();
    assert!(sessions.len() >= 3);
    for session in sessions {
        assert_eq!(session["state"], "done", "{session}");
        assert!(session["tokens"].as_u64().unwrap() > 0, "{session}");
        assert!(Path::new(session["workspace"].as_str().unwrap()).is_dir(), "{session}");
    }
    assert!(fleet.hands().is_empty());
}

#[test]
fn the_example_fleet_gets_the_same_results_while_its_parts_are_killed() {
    for seed in ["1", "2"] {
        let fleet = TestFleet::new();
        let document = up_example(&fleet, &["--chaos", "--seed", seed]);
        let chaos = &document["chaos"];
        assert_eq!(chaos["passed"], true, "seed {seed}: {chaos:#}");
        let faults = chaos["faults"].as_array().unwrap();
        assert!(faults.iter().any(|f| f["hit"] == true), "seed {seed}: nothing was hit: {chaos:#}");
        assert!(chaos["replay"].as_str().unwrap().contains(seed));
    }
}

#[test]
fn a_second_process_on_the_same_data_directory_is_told_who_holds_it() {
    let LongCall { fleet, started, release } = LongCall::new();
    let up = fleet.start_up();
    started.read();

    let second = fleet.up();
    let tree = success(&fleet.command(&["tree"]).output().unwrap());
    let events = fleet.events("job");
    let stranger = fleet.command(&["events", "nobody"]).output().unwrap();

    release.write("go");
    assert_eq!(stranger.status.code(), Some(1), "an error is one, whoever answers");
    let message = String::from_utf8_lossy(&stranger.stderr);
    assert!(message.contains("no session `nobody`") && message.contains("job"), "{message}");
    assert_eq!(second.status.code(), Some(1));
    let message = String::from_utf8_lossy(&second.stderr);
    assert!(message.contains("is in use by another planaria process"), "{message}");
    assert!(tree.contains("journal") && tree.contains("(job)"), "{tree}");
    assert!(events.iter().any(|event| event["type"] == "agent.tool_use"));
    assert_eq!(up.finish().0, Some(0));
}

#[test]
fn an_interrupted_up_says_what_it_leaves_and_goes_on_where_it_stopped() {
    let LongCall { fleet, started, release } = LongCall::new();
    let up = fleet.start_up();
    started.read();
    let pid = up.pid().to_string();
    assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    let (code, _, err) = up.finish();
    assert_eq!(code, Some(130));
    assert!(err.contains("one command still runs"), "{err}");

    let up = fleet.start_up();
    release.write("onward");

    let (code, out, err) = up.finish();
    assert_eq!(code, Some(0), "{out}\n{err}");
    assert!(out.contains("I heard onward."), "{out}");
}

#[test]
fn a_session_that_waits_for_a_person_ends_up_with_its_reason_and_code_4() {
    let fleet = TestFleet::of_one("steps:\n  - call: { bash: { command: date } }\n  - say: done\n");
    fleet.file(
        "agents/worker.md",
        "---\nname: worker\nmodel: claude-sonnet-5\ntools:\n  - type: agent_toolset_20260401\n    default_config: { permission_policy: { type: always_ask } }\n---\n",
    );
    let output = fleet.up();
    assert_eq!(output.status.code(), Some(4));
    let out = String::from_utf8_lossy(&output.stdout);
    assert!(out.contains("waits for") && out.contains("bash"), "{out}");
}

#[test]
fn a_script_that_does_not_fit_fails_its_session_with_both_texts_and_code_1() {
    let fleet = TestFleet::of_one(
        "steps:\n  - call: { bash: { command: echo apples } }\n  - expect: oranges\n    say: done\n",
    );
    let output = fleet.up();
    assert_eq!(output.status.code(), Some(1));
    let out = String::from_utf8_lossy(&output.stdout);
    assert!(out.contains("oranges") && out.contains("apples"), "{out}");
}

#[test]
fn a_session_behind_a_failed_one_ends_with_that_reason() {
    let fleet = TestFleet::of_one("steps:\n  - expect: never\n    say: done\n");
    fleet.file(
        "fleet.yaml",
        "fleet: test\nsessions:\n  job: { agent: worker, environment: local, prompt: go }\n  next: { agent: worker, environment: local, prompt: go, after: [job] }\n",
    );
    fleet.file("scripts/next.yaml", "steps:\n  - say: done\n");
    let output = fleet.up();
    assert_eq!(output.status.code(), Some(1));
    let out = String::from_utf8_lossy(&output.stdout);
    assert!(out.contains("job did not end its turn"), "{out}");
}

#[test]
fn every_command_explains_itself() {
    for args in [
        &["--help"][..],
        &["up", "--help"],
        &["check", "--help"],
        &["plan", "--help"],
        &["schema", "--help"],
        &["events", "--help"],
        &["tree", "--help"],
    ] {
        let help = success(&planaria().args(args).output().unwrap());
        assert!(help.contains("Usage:"), "{help}");
        assert!(help.lines().all(|line| line.chars().count() <= 100), "{help}");
    }
    assert_eq!(planaria().arg("upp").output().unwrap().status.code(), Some(2));
}

#[test]
fn another_fleet_in_the_same_data_directory_is_left_asleep() {
    let call = LongCall::new();
    let fleet = &call.fleet;
    let up = fleet.start_up();
    call.started.read();
    up.kill_9();
    let name = |name: &str| {
        let sessions = "sessions:\n  job: { agent: worker, environment: local, prompt: go }\n";
        fleet.file("fleet.yaml", &format!("fleet: {name}\n{sessions}"));
    };

    name("other");
    fleet.file("scripts/job.yaml", "steps:\n  - say: the other answer\n");
    assert!(success(&fleet.up()).contains("the other answer"));

    name("test");
    call.write_script();
    let up = fleet.start_up();
    call.release.write("onward");
    let (code, out, err) = up.finish();
    assert_eq!(code, Some(0), "{out}\n{err}");
    assert!(out.contains("I heard onward."), "{out}");
    assert_eq!(call.ledger(), ["begun", "ended"]);
}

#[test]
fn a_turn_that_an_error_ended_is_tried_again_when_the_command_is() {
    let fleet = TestFleet::of_one(
        "steps:\n  - call: { bash: { command: echo apples } }\n  - expect: oranges\n    say: done\n",
    );
    assert_eq!(fleet.up().status.code(), Some(1));
    fleet.file(
        "scripts/job.yaml",
        "steps:\n  - call: { bash: { command: echo apples } }\n  - expect: apples\n    say: mended\n",
    );

    let output = fleet.up();

    assert!(success(&output).contains("mended"));
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(message.contains("trying its turn again") && message.contains("oranges"), "{message}");
}

#[test]
fn a_workspace_that_was_deleted_fails_its_own_check_and_hides_no_other_answer() {
    let fleet = TestFleet::of_one("steps:\n  - say: the first answer\n");
    fleet.file(
        "fleet.yaml",
        "fleet: test\nsessions:\n  job: { agent: worker, environment: local, prompt: go }\n  \
         checked: { agent: worker, environment: local, prompt: go, check: 'true' }\n",
    );
    fleet.file("scripts/checked.yaml", "steps:\n  - say: the second answer\n");
    success(&fleet.up());
    std::fs::remove_dir_all(fleet.data().join("workspaces")).unwrap();

    let output = fleet.up();

    assert_eq!(output.status.code(), Some(1));
    let out = String::from_utf8_lossy(&output.stdout);
    assert!(out.contains("the first answer"), "{out}");
    assert!(out.contains("workspaces") && out.contains("is gone"), "{out}");
}

#[test]
fn sessions_of_one_name_in_two_fleets_are_told_apart() {
    let fleet = TestFleet::of_one("steps:\n  - say: one\n");
    success(&fleet.up());
    let sessions = "sessions:\n  job: { agent: worker, environment: local, prompt: go }\n";
    fleet.file("fleet.yaml", &format!("fleet: other\n{sessions}"));

    let out = success(&fleet.up());

    let log = out.lines().find(|line| line.contains("planaria events")).unwrap();
    assert!(log.contains("events sesn_"), "{log}");
    let output = fleet.command(&["events", "job"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(message.contains("fleet test") && message.contains("fleet other"), "{message}");
}
