//! Fleets that stay up: standing sessions, `--watch` and SIGHUP.

use std::process::Command;

use crate::support::{LongCall, TestFleet, Up, success};

fn signal(up: &Up, name: &str) {
    let pid = up.pid().to_string();
    assert!(Command::new("kill").args([name, &pid]).status().unwrap().success());
}

fn fleet() -> TestFleet {
    TestFleet::of_one("steps:\n  - say: one\n")
}

#[test]
fn a_fleet_of_standing_sessions_stays_up_and_is_found_again() {
    let fleet = fleet();
    fleet.file(
        "fleet.yaml",
        "fleet: test\nsessions:\n  inbox: { agent: worker, replicas: 2, title: Inbox, metadata: { team: a } }\n  job: { agent: worker, prompt: go }\n",
    );
    fleet.file("scripts/inbox.yaml", "steps:\n  - say: hello\n");
    let up = fleet.start_up();
    up.wait_for(&["test: 3 to create"]);
    up.wait_for(&["1 of 1 sessions done", "2 ready"]);
    up.wait_for(&["staying up for the standing sessions"]);
    signal(&up, "-INT");
    let (code, out, err) = up.finish();
    assert_eq!(code, Some(130), "{err}");
    assert!(out.contains("== inbox-2: ready") && out.contains("== job: done"), "{out}");

    let plan = success(&fleet.command(&["plan", "fleet"]).output().unwrap());

    assert!(plan.contains("  inbox-1  unchanged (not begun)"), "{plan}");
    assert!(plan.ends_with("test: 3 unchanged\n"), "{plan}");
}

#[test]
fn an_answer_to_a_session_that_waits_ends_its_turn_in_the_same_run() {
    let fleet = TestFleet::of_one(
        "steps:\n  - call: { bash: { command: echo apples } }\n  - expect: apples\n    say: I heard apples.\n",
    );
    fleet.file(
        "agents/worker.md",
        "---\nname: worker\nmodel: claude-sonnet-5\ntools:\n  - type: agent_toolset_20260401\n    \
         default_config: { permission_policy: { type: always_ask } }\n---\n",
    );
    let up = fleet.start(&["up", "fleet", "--watch"]);
    up.wait_for(&["job waits for answers to bash", "planaria send"]);
    let events = fleet.events("job");
    let call = events.iter().find(|event| event["type"] == "agent.tool_use").unwrap();
    let id = call["id"].as_str().unwrap();

    success(&fleet.command(&["send", "job", "--confirm", id]).output().unwrap());

    up.wait_for(&["1 of 1 sessions done"]);
    up.wait_for(&["staying up"]);
    signal(&up, "-INT");
    let (_, out, err) = up.finish();
    assert!(out.contains("== job: done\nI heard apples."), "{out}{err}");
}

#[test]
fn a_changed_file_is_taken_up_and_a_bad_one_changes_nothing() {
    let fleet = fleet();
    let up = fleet.start(&["up", "fleet", "--watch"]);
    up.wait_for(&["staying up and watching"]);
    fleet.file("fleet.yaml", "fleet: test\nsesions: {}\n");
    up.wait_for(&["unknown key `sesions`"]);
    up.wait_for(&["nothing was changed"]);
    fleet.file("scripts/more.yaml", "steps:\n  - say: two\n");
    fleet.file(
        "fleet.yaml",
        "fleet: test\nsessions:\n  job: { agent: worker, environment: local, prompt: go }\n  more: { agent: worker, prompt: go }\n",
    );
    up.wait_for(&["reloaded: test: 1 to create, 1 unchanged"]);
    up.wait_for(&["2 of 2 sessions done"]);
    up.wait_for(&["staying up"]);
    signal(&up, "-INT");
    let (code, out, err) = up.finish();
    assert_eq!(code, Some(130), "{err}");
    assert!(out.contains("== more: done\ntwo"), "{out}");
}

#[test]
fn a_hangup_reads_the_files_again() {
    let fleet = fleet();
    fleet.file("fleet.yaml", "fleet: test\nsessions:\n  job: { agent: worker }\n");
    let up = fleet.start_up();
    up.wait_for(&["staying up"]);
    signal(&up, "-HUP");
    up.wait_for(&["reloaded: nothing to do"]);
    fleet.file("fleet.yaml", "fleet: test\nsessions:\n  job: { agent: worker }\n  job-2: { agent: worker, prompt: go }\n");
    fleet.file("scripts/job-2.yaml", "steps:\n  - say: two\n");
    signal(&up, "-HUP");
    up.wait_for(&["reloaded: test: 1 to create, 1 unchanged"]);
    up.wait_for(&["1 of 1 sessions done", "1 ready"]);
    signal(&up, "-TERM");
    assert_eq!(up.finish().0, Some(143));
}

#[test]
fn the_support_desk_opens_and_stands_ready() {
    let fleet = TestFleet::new();
    let example = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/support-desk");
    let up = fleet.start(&["up", example]);
    up.wait_for(&["1 of 1 sessions done", "3 ready"]);
    up.wait_for(&["staying up"]);
    signal(&up, "-INT");
    let (code, out, err) = up.finish();
    assert_eq!(code, Some(130), "{err}");
    assert!(out.contains("Good morning, the desk is open."), "{out}");
}

#[test]
fn a_session_whose_agent_changes_while_it_works_is_interrupted_and_begun_anew() {
    let LongCall { fleet, started, release: _release } = LongCall::new();
    let up = fleet.start(&["up", "fleet", "--watch"]);
    started.read();
    let id = fleet.events("job").first().unwrap()["id"].clone();
    fleet.file("scripts/job.yaml", "steps:\n  - say: another way\n");
    fleet.file("agents/worker.md", "---\nname: w\nmodel: m\n---\nWork harder.\n");
    up.wait_for(&["reloaded: test: 1 to run anew"]);
    up.wait_for(&["1 of 1 sessions done"]);
    up.wait_for(&["staying up"]);
    assert_ne!(fleet.events("job").first().unwrap()["id"], id);
    signal(&up, "-INT");
    let (code, out, err) = up.finish();
    assert_eq!(code, Some(130), "{err}");
    assert!(out.contains("another way"), "{out}");
    assert!(fleet.hands().is_empty(), "what was interrupted leaves nothing behind");
}

#[test]
fn a_directory_that_was_made_again_is_watched_again() {
    let fleet = fleet();
    let up = fleet.start(&["up", "fleet", "--watch"]);
    up.wait_for(&["staying up"]);
    let agents = fleet.path("fleet/agents");
    std::fs::rename(&agents, fleet.path("aside")).unwrap();
    up.wait_for(&["nothing was changed"]);
    std::fs::rename(fleet.path("aside"), &agents).unwrap();
    up.wait_for(&["reloaded: nothing to do"]);
    fleet.file("agents/worker.md", "---\nname: w\nmodel: m\n---\nWork harder.\n");
    up.wait_for(&["reloaded: test: 1 to run anew"]);
    up.wait_for(&["staying up"]);
    signal(&up, "-INT");
    assert_eq!(up.finish().0, Some(130));
}

#[test]
fn a_session_that_failed_is_tried_again_when_its_files_are_mended() {
    let fleet = TestFleet::of_one(
        "steps:\n  - call: { bash: { command: echo apples } }\n  - expect: pears\n    say: done\n",
    );
    let up = fleet.start(&["up", "fleet", "--watch"]);
    up.wait_for(&["0 of 1 sessions done"]);
    up.wait_for(&["staying up"]);
    fleet.file(
        "scripts/job.yaml",
        "steps:\n  - call: { bash: { command: echo apples } }\n  - expect: apples\n    say: mended\n  - say: more\n",
    );
    up.wait_for(&["reloaded: trying again what has failed"]);
    up.wait_for(&["1 of 1 sessions done"]);
    up.wait_for(&["staying up"]);
    signal(&up, "-INT");
    let (_, out, err) = up.finish();
    assert!(out.contains("== job: done"), "{out}{err}");
}

#[test]
fn one_json_document_is_refused_where_there_is_no_end() {
    let fleet = fleet();
    let output = fleet.command(&["up", "fleet", "--watch", "--output", "json"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(message.contains("planaria events"), "{message}");
    assert!(!fleet.data().exists(), "nothing was begun");
}
