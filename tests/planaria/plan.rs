//! A fleet whose files have changed: what `plan` says, and what `up` does about it.

use serde_json::Value;

use crate::support::{LongCall, TestFleet, success};

const TWO: &str = "fleet: test\nsessions:\n  job: { agent: worker, prompt: go }\n  \
                   next: { agent: worker, prompt: \"on: ${session.job.answer}\", after: [job] }\n";

fn two() -> TestFleet {
    let fleet = TestFleet::of_one("steps:\n  - say: one\n");
    fleet.file("scripts/next.yaml", "steps:\n  - say: two\n");
    fleet.file("fleet.yaml", TWO);
    fleet
}

fn plan(fleet: &TestFleet) -> (Option<i32>, String) {
    let output = fleet.command(&["plan", "fleet", "--detailed-exitcode"]).output().unwrap();
    (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Names, changes and ids of the plan's steps.
fn steps(fleet: &TestFleet) -> Vec<(String, String, String)> {
    let output = fleet.command(&["plan", "fleet", "--output", "json"]).output().unwrap();
    let document: Value = serde_json::from_str(&success(&output)).unwrap();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let steps = document["steps"].as_array().unwrap().iter();
    steps
        .map(|step| (text(&step["name"]), text(&step["change"]), text(&step["known"]["id"])))
        .collect()
}

#[test]
fn a_new_fleet_is_all_to_create_and_nothing_is_made_by_looking() {
    let fleet = two();
    let (code, out) = plan(&fleet);
    assert_eq!(code, Some(3), "{out}");
    assert_eq!(out, "+ job   create\n+ next  create\n\ntest: 2 to create\n");
    assert!(!fleet.data().exists());
    let output = fleet.command(&["plan", "fleet"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "changes are no failure unless asked for");
}

#[test]
fn after_up_nothing_is_to_be_done_and_answers_are_repeated() {
    let fleet = two();
    success(&fleet.up());
    let before = steps(&fleet);
    let (code, out) = plan(&fleet);
    assert_eq!(code, Some(0), "{out}");
    assert!(out.contains("  job   unchanged (done)\n"), "{out}");
    let out = success(&fleet.up());
    assert!(out.contains("one") && out.contains("two"), "{out}");
    assert_eq!(steps(&fleet), before);
}

#[test]
fn a_changed_prompt_runs_that_session_and_those_after_it_anew() {
    let fleet = two();
    fleet.file("scripts/other.yaml", "steps:\n  - say: three\n");
    let three = format!("{TWO}  other: {{ agent: worker, prompt: go }}\n");
    fleet.file("fleet.yaml", &three);
    success(&fleet.up());
    let before = steps(&fleet);
    fleet.file(
        "fleet.yaml",
        &three.replace("job: { agent: worker, prompt: go", "job: { agent: worker, prompt: now"),
    );
    fleet.file("scripts/job.yaml", "steps:\n  - say: uno\n");
    let (code, out) = plan(&fleet);
    assert_eq!(code, Some(3), "{out}");
    assert!(out.contains("~ job    run anew: prompt changed; sesn_"), "{out}");
    assert!(out.contains("~ next   run anew: `job` is run anew"), "{out}");
    assert!(out.contains("  other  unchanged (done)"), "{out}");

    let output = fleet.up();

    let out = success(&output);
    assert!(out.contains("uno") && out.contains("three"), "{out}");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("test: 2 to run anew, 1 unchanged"), "{said}");
    let after = steps(&fleet);
    assert_eq!(before[2], after[2], "the other one is the same session still");
    assert_ne!(before[0].2, after[0].2);
    assert!(after.iter().all(|(_, change, _)| change == "unchanged"), "{after:?}");
    // The prompt of the second has the new answer of the first, and the old log is kept.
    let said = |id: &str| serde_json::to_string(&fleet.events(id)).unwrap();
    assert!(said("next").contains("on: uno") && said(&before[1].2).contains("on: one"));
}

#[test]
fn a_changed_agent_runs_its_sessions_anew_and_back_again() {
    let fleet = two();
    success(&fleet.up());
    let agent = |prompt: &str| {
        fleet.file("agents/worker.md", &format!("---\nname: w\nmodel: m\n---\n{prompt}\n"));
    };
    for prompt in ["Work harder.", "Work less.", "Work harder."] {
        agent(prompt);
        let (code, out) = plan(&fleet);
        assert_eq!(code, Some(3), "{out}");
        assert!(out.contains("~ job   run anew: agent changed"), "{out}");
        success(&fleet.up());
        assert_eq!(plan(&fleet).0, Some(0));
    }
}

#[test]
fn a_session_is_begun_anew_when_somebody_asks_for_it() {
    let fleet = two();
    success(&fleet.up());
    let before = steps(&fleet);
    let output = fleet.command(&["up", "fleet", "--recreate", "next"]).output().unwrap();
    success(&output);
    let after = steps(&fleet);
    assert_eq!(before[0], after[0]);
    assert_ne!(before[1].2, after[1].2);
    let output = fleet.command(&["up", "fleet", "--recreate", "nxt"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(message.contains("there is no such session; this fleet has job, next"), "{message}");
}

#[test]
fn a_session_that_is_no_longer_in_the_file_is_left_asleep() {
    let fleet = two();
    success(&fleet.up());
    fleet.file("fleet.yaml", TWO.split_once("  next").unwrap().0);
    let (code, out) = plan(&fleet);
    assert_eq!(code, Some(0), "{out}");
    assert!(out.contains("- next  no longer in the file; sesn_"), "{out}");
    let out = success(&fleet.up());
    assert!(!out.contains("two"), "{out}");
    assert!(!fleet.events("next").is_empty());
}

#[test]
fn a_plan_is_made_beside_a_running_up() {
    let LongCall { fleet, started, release } = LongCall::new();
    let up = fleet.start_up();
    started.read();
    let (code, out) = plan(&fleet);
    assert_eq!(code, Some(0), "{out}");
    assert!(out.contains("  job  unchanged (under way)"), "{out}");
    fleet.file("agents/worker.md", "---\nname: w\nmodel: m\n---\nWork harder.\n");
    let (code, out) = plan(&fleet);
    assert_eq!(code, Some(3), "{out}");
    release.write("go");
    assert_eq!(up.finish().0, Some(0));
}

#[test]
fn an_open_session_that_is_run_anew_is_interrupted_and_keeps_its_log() {
    let LongCall { fleet, started, release: _release } = LongCall::new();
    let up = fleet.start_up();
    started.read();
    up.kill_9();
    let before = steps(&fleet);
    fleet.file("agents/worker.md", "---\nname: w\nmodel: m\n---\nWork harder.\n");
    fleet.file("scripts/job.yaml", "steps:\n  - say: another way\n");

    let out = success(&fleet.up());

    assert!(out.contains("another way"), "{out}");
    let old = fleet.events(&before[0].2);
    assert!(old.iter().any(|event| event["type"] == "user.interrupt"), "{old:?}");
    assert_eq!(old.last().unwrap()["type"], "session.status_idle", "{old:?}");
}
