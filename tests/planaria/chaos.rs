//! `planaria chaos` through the real binary.

use std::process::Command;

use serde_json::Value;

use crate::support::{TestFleet, processes};

fn fleet() -> TestFleet {
    let call = |word: &str| format!("  - call: {{ bash: {{ command: echo {word} }} }}\n");
    let steps: String = ["one", "two", "three"].map(call).concat();
    // A call whose outcome is unknown is looked at by the next one, which is the same.
    TestFleet::of_one(&format!("steps:\n{steps}  - say: done\n"))
}

#[test]
fn several_seeds_are_run_one_after_the_other_and_summed_up() {
    let fleet = fleet();
    let args = ["chaos", "fleet", "--seeds", "1..2", "--output", "json"];
    let output = fleet.command(&args).output().unwrap();
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    let runs = document["runs"].as_array().unwrap();
    let seeds: Vec<u64> = runs.iter().map(|run| run["seed"].as_u64().unwrap()).collect();
    assert_eq!(seeds, [1, 2]);
    assert_eq!(output.status.code(), Some(0), "{document:#}");
    assert_eq!(document["passed"], true);
    assert!(runs.iter().all(|run| run["report"]["chaos"]["faults"].is_array()));
    assert!(fleet.hands().is_empty());
}

#[test]
fn one_seed_is_what_up_does_with_it() {
    let fleet = fleet();
    let named = fleet.command(&["chaos", "fleet", "--seed", "3"]).output().unwrap();
    let up = fleet.command(&["up", "fleet", "--chaos", "--seed", "3"]).output().unwrap();
    assert_eq!(named.status.code(), up.status.code());
    let text = String::from_utf8_lossy(&named.stdout);
    assert!(text.contains("--seed 3"), "{text}");
}

#[test]
fn a_fleet_with_standing_sessions_gets_its_verdict_and_ends() {
    let fleet = fleet();
    fleet.file(
        "fleet.yaml",
        "fleet: test\nsessions:\n  job: { agent: worker, prompt: go }\n  inbox: { agent: worker }\n",
    );
    fleet.file("scripts/inbox.yaml", "steps:\n  - say: hello\n");
    let output = fleet.command(&["chaos", "fleet", "--seed", "1"]).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{text}");
}

#[test]
fn a_fleet_that_cannot_run_is_no_verdict() {
    let fleet = TestFleet::new();
    let output = fleet.command(&["chaos", "fleet", "--seeds", "1..1"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("fleet.yaml"));
    let wrong = fleet.command(&["chaos", "fleet", "--seeds", "2..1"]).output().unwrap();
    assert_eq!(wrong.status.code(), Some(2));
    let both =
        fleet.command(&["chaos", "fleet", "--seed", "1", "--seeds", "1..2"]).output().unwrap();
    assert_eq!(both.status.code(), Some(2));
}

#[test]
fn a_row_of_seeds_is_stopped_by_a_signal_with_all_that_it_has_started() {
    let fleet = fleet();
    let chaos = fleet.start(&["chaos", "fleet", "--seeds", "1..1000"]);
    chaos.wait_for(&["seed 1"]);
    let pid = chaos.pid().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    let (code, out, err) = chaos.finish();
    assert_eq!(code, Some(143), "{out}\n{err}");
    assert!(out.contains("seeds passed"), "what was run is summed up: {out}");
    let data = fleet.data().display().to_string();
    let left = processes(|line| {
        line.iter().any(|arg| arg.contains(&data)) && line.iter().any(|arg| arg == "up")
    });
    assert!(left.is_empty(), "{left:?}");
}
