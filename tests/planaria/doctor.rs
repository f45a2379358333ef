//! `planaria doctor` and `planaria config` through the real binary.

use std::fs;

use serde_json::Value;

use crate::support::{LongCall, TestFleet, success};

fn finding<'a>(document: &'a Value, check: &str) -> &'a Value {
    let findings = document["findings"].as_array().unwrap();
    findings.iter().find(|finding| finding["check"] == check).expect(check)
}

fn document(fleet: &TestFleet) -> (Option<i32>, Value) {
    let output = fleet.command(&["doctor", "--output", "json"]).output().unwrap();
    (output.status.code(), serde_json::from_slice(&output.stdout).unwrap())
}

#[test]
fn a_machine_that_runs_these_tests_has_nothing_that_fails_and_nothing_is_left_behind() {
    let fleet = TestFleet::new();
    let (code, document) = document(&fleet);
    assert_eq!(code, Some(0), "{document:#}");
    assert_eq!(document["ok"], true);
    assert!(finding(&document, "store")["found"].as_str().unwrap().contains("none yet"));
    assert!(!fleet.data().exists(), "looking makes nothing");
    let left = fs::read_dir(fleet.path("")).unwrap().flatten().count();
    assert_eq!(left, 1, "only the fleet's own directory");
    let text = success(&fleet.command(&["doctor"]).output().unwrap());
    assert!(text.lines().all(|line| ["ok ", "war", "   "].contains(&&line[..3])), "{text}");
}

#[test]
fn a_killed_server_leaves_an_unclean_store_and_a_hand_which_both_are_shown() {
    let call = LongCall::new();
    let up = call.fleet.start_up();
    call.started.read();
    let (_, open) = document(&call.fleet);
    assert!(finding(&open, "store")["found"].as_str().unwrap().contains("has it open"));
    assert_eq!(finding(&open, "hands")["level"], "ok");
    up.kill_9();

    let (code, left) = document(&call.fleet);

    assert_eq!(code, Some(0));
    assert!(finding(&left, "store")["found"].as_str().unwrap().contains("not an orderly one"));
    let hands = finding(&left, "hands");
    assert_eq!(hands["level"], "warn");
    assert!(hands["mend"].as_str().unwrap().contains("planaria up"), "{hands}");
    let up = call.fleet.start_up();
    call.release.write("on");
    assert_eq!(up.finish().0, Some(0), "looking has hurt nothing");
    let (_, closed) = document(&call.fleet);
    let store = finding(&closed, "store")["found"].as_str().unwrap();
    assert!(store.ends_with("was an orderly one"), "{store}");
}

#[test]
fn a_store_that_cannot_be_opened_and_a_directory_that_cannot_be_written_fail_with_code_1() {
    let fleet = TestFleet::of_one("steps:\n  - say: done\n");
    success(&fleet.up());
    fs::write(fleet.data().join("journal/format"), "planaria-store 9000\n").unwrap();
    let (code, found) = document(&fleet);
    assert_eq!(code, Some(1));
    assert_eq!(finding(&found, "store")["level"], "fail");
    assert_eq!(found["ok"], false);

    fs::remove_dir_all(fleet.data()).unwrap();
    fs::write(fleet.data(), "a file is in the way").unwrap();
    let (code, found) = document(&fleet);
    assert_eq!(code, Some(1));
    assert_eq!(finding(&found, "data directory")["level"], "fail");
}

#[test]
fn keys_are_set_or_not_and_never_shown() {
    let fleet = TestFleet::of_one("steps: []");
    for words in [&["doctor"][..], &["config", "show", "--sources", "--fleet", "fleet"]] {
        let mut command = fleet.command(words);
        command.env("ANTHROPIC_API_KEY", "sk-very-secret");
        let output = command.output().unwrap();
        let text = success(&output) + &String::from_utf8_lossy(&output.stderr);
        assert!(text.contains("ANTHROPIC_API_KEY") && !text.contains("very-secret"), "{text}");
    }
}

#[test]
fn settings_say_where_they_come_from() {
    let fleet = TestFleet::of_one("steps: []");
    fleet.file(
        "fleet.yaml",
        "fleet: test\nprovider: anthropic\nsessions:\n  job: { agent: worker, environment: local, prompt: go }\n",
    );
    let mut command =
        fleet.command(&["config", "show", "--fleet", "fleet", "--output", "json", "-v"]);
    command.env("PLANARIA_ANTHROPIC_BASE_URL", "https://me:secret@proxy.example/v1");
    command.env("PLANARIA_DATADIR", "misspelt");
    let output = command.output().unwrap();
    let document: Value = serde_json::from_str(&success(&output)).unwrap();
    let of = |name: &str| {
        let settings = document["settings"].as_array().unwrap();
        let found = settings.iter().find(|setting| setting["name"] == name).expect(name);
        (found["source"].as_str().unwrap().to_owned(), found["value"].as_str().unwrap().to_owned())
    };
    assert_eq!(of("data-dir").0, "flag");
    assert_eq!(of("provider"), ("fleet".to_owned(), "anthropic".to_owned()));
    let url = of("anthropic.base-url");
    assert_eq!(url.0, "env");
    assert!(url.1.contains("proxy.example") && !url.1.contains("secret"), "{}", url.1);
    assert_eq!(of("log"), ("flag".to_owned(), "info".to_owned()));
    assert_eq!(of("progress").0, "default");
    assert_eq!(document["not_read"], serde_json::json!(["PLANARIA_DATADIR"]));
}
