//! `planaria check`, `planaria schema` and the files that are shipped.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::{TestFleet, planaria, success};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A directory of the repository that has a fleet in it.
fn shipped() -> Vec<PathBuf> {
    let examples = std::fs::read_dir(root().join("examples")).unwrap().flatten();
    let fleets = examples.map(|entry| entry.path()).filter(|path| path.join("fleet.yaml").exists());
    fleets.chain([root().join("config")]).collect()
}

#[test]
fn every_shipped_fleet_passes_its_check() {
    let fleets = shipped();
    assert!(fleets.len() >= 2);
    for fleet in fleets {
        let output = planaria().arg("check").arg(&fleet).output().unwrap();
        let out = success(&output);
        assert!(out.starts_with("ok: "), "{}: {out}", fleet.display());
    }
}

#[test]
fn a_check_counts_what_it_has_found() {
    let example = root().join("examples/fleet");
    let out = success(&planaria().arg("check").arg(&example).output().unwrap());
    assert_eq!(out, "ok: 4 agents, 4 sessions, 1 environment, 2 providers\n");
    let json = planaria().arg("check").arg(&example).args(["--output", "json"]).output().unwrap();
    assert_eq!(success(&json), "[]\n");
}

#[test]
fn all_problems_are_said_at_once_and_as_json_each_is_an_object() {
    let fleet = TestFleet::of_one("steps: []");
    fleet.file(
        "fleet.yaml",
        "fleet: test\nprovidr: x\nsessions:\n  job: { agent: worker, promt: go }\n  more: { agent: [a], replicas: many }\n",
    );
    fleet.file("agents/worker.md", "---\nname: worker\nmodl: m\n---\n");
    let output = fleet.check(&[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.is_empty());
    let message = String::from_utf8_lossy(&output.stderr);
    for words in [
        "fleet.yaml:2:1: unknown key `providr`; did you mean `provider`?",
        "fleet.yaml:4:25: unknown key `promt`; did you mean `prompt`?",
        "fleet.yaml:5:18: expected a text here",
        "fleet.yaml:5:33: expected a whole number here",
        "agents/worker.md:3:1: unknown key `modl`; did you mean `model`?",
        "5 problems",
    ] {
        assert!(message.contains(words), "{words}\n{message}");
    }

    let output = fleet.check(&["--output", "json"]);

    assert_eq!(output.status.code(), Some(1));
    let problems: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(problems.len(), 5);
    assert_eq!(problems[0]["line"], 2);
    assert_eq!(problems[0]["severity"], "error");
    assert!(problems[4]["file"].as_str().unwrap().ends_with("agents/worker.md"));
    assert!(!fleet.data().exists(), "a check touches nothing");
}

#[test]
fn a_script_that_is_wrong_is_found_without_playing_it() {
    let fleet = TestFleet::of_one("steps:\n  - sai: hello\n");
    let output = fleet.check(&[]);
    assert_eq!(output.status.code(), Some(1));
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(message.contains("scripts/job.yaml:2:") && message.contains("sai"), "{message}");
}

#[test]
fn a_secret_that_is_not_set_is_a_warning_to_check_and_an_error_to_up() {
    let fleet = TestFleet::of_one("steps:\n  - say: hello\n");
    fleet.file(
        "fleet.yaml",
        "fleet: test\nproviders:\n  house: { driver: anthropic, api_key: \"${env:PLANARIA_TEST_NOBODY_SETS_THIS}\" }\nprovider: house\nsessions: { job: { agent: worker, prompt: go } }\n",
    );
    let output = fleet.check(&[]);
    assert!(success(&output).starts_with("ok: "));
    let warning = String::from_utf8_lossy(&output.stderr);
    assert!(warning.contains("`house` needs its key"), "{warning}");
    assert!(warning.contains("PLANARIA_TEST_NOBODY_SETS_THIS is not set"), "{warning}");

    let output = fleet.up();

    assert_eq!(output.status.code(), Some(1));
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(error.contains("PLANARIA_TEST_NOBODY_SETS_THIS is not set"), "{error}");
    assert!(!fleet.data().exists(), "a bad fleet changes nothing");
}

#[test]
fn the_file_that_the_twin_of_a_variable_names_holds_the_secret() {
    let fleet = TestFleet::of_one("steps: []");
    fleet.file(
        "fleet.yaml",
        "fleet: test\nproviders:\n  house: { driver: openai, api_key: \"${env:PLANARIA_TEST_TWIN}\" }\nprovider: house\nsessions: { job: { agent: worker, prompt: go } }\n",
    );
    fleet.file("key", "k\n");
    let check = |file: &str| {
        let mut command = planaria();
        command.arg("check").arg(fleet.path("fleet"));
        let output = command.env("PLANARIA_TEST_TWIN_FILE", fleet.path(file)).output().unwrap();
        success(&output);
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    assert_eq!(check("fleet/key"), "");
    let warning = check("fleet/nothing");
    assert!(warning.starts_with("warning: ") && warning.contains("fleet/nothing"), "{warning}");
}

#[test]
fn what_is_not_built_yet_is_said_and_ignored() {
    let fleet = TestFleet::of_one("steps:\n  - say: hello\n");
    fleet.file("deployments/nightly.yaml", "name: Nightly\n");
    fleet.file("deployments/daily.yaml", "name: Daily\n");
    fleet.file("skills/invoices/SKILL.md", "# Invoices\n");
    fleet.file("memory_stores/team.md", "---\nname: Team\n---\n");
    fleet.file("claude-lock.json", "{}");
    let output = fleet.check(&[]);
    assert!(success(&output).starts_with("ok: 1 agent, 1 session,"));
    let warnings = String::from_utf8_lossy(&output.stderr);
    for words in ["deployments are not built", "skills are not built", "memory stores are not"] {
        assert_eq!(warnings.matches(words).count(), 1, "{warnings}");
    }
    assert!(success(&fleet.up()).contains("hello"));
}

#[test]
fn schemas_are_printed_as_they_are_committed() {
    for kind in ["fleet", "agent", "environment", "script"] {
        let out = success(&planaria().args(["schema", kind]).output().unwrap());
        let file = root().join(format!("config/schema/{kind}.schema.json"));
        assert_eq!(out, std::fs::read_to_string(file).unwrap());
    }
}

#[test]
fn a_fleet_for_a_real_model_is_checked_and_planned_without_scripts() {
    let fleet = TestFleet::of_one("steps: []");
    std::fs::remove_dir_all(fleet.path("fleet/scripts")).unwrap();
    for command in ["check", "plan"] {
        let words = [command, "fleet"];
        let without = fleet.plain(&words);
        assert_eq!(without.status.code(), Some(1), "{command}");
        let message = String::from_utf8_lossy(&without.stderr);
        assert!(message.contains("there is no such script"), "{message}");
        let with = fleet.plain(&[&words[..], &["--provider", "anthropic"]].concat());
        assert_eq!(with.status.code(), Some(0), "{}", String::from_utf8_lossy(&with.stderr));
        let unknown = fleet.plain(&[&words[..], &["--provider", "nobody"]].concat());
        assert_eq!(unknown.status.code(), Some(1));
    }
}

#[test]
fn a_data_directory_that_is_a_file_is_said() {
    let fleet = TestFleet::of_one("steps:\n  - say: hello\n");
    std::fs::write(fleet.path("afile"), "x").unwrap();
    for command in ["up", "plan"] {
        let output = fleet.plain(&[command, "fleet", "--data-dir", "afile"]);
        assert_eq!(output.status.code(), Some(1), "{command}");
        let message = String::from_utf8_lossy(&output.stderr);
        assert!(message.contains("afile is a file, not a directory"), "{message}");
    }
}
