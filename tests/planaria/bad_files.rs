//! Files that are no fleet: each has a clear message and code 1, and changes nothing.

use std::fs;
use std::os::unix::fs::symlink;

use crate::support::{Fifo, TestFleet};

const GOOD: &str = "fleet: test\nsessions: { job: { agent: worker, prompt: go } }\n";

/// What `check` says of a fleet that it must refuse; `up` must refuse it too, before it has made a
/// data directory.
fn refused(fleet: &TestFleet) -> String {
    let output = fleet.check(&[]);
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{message}");
    assert_eq!(fleet.up().status.code(), Some(1));
    assert!(!fleet.data().exists(), "a bad fleet changes nothing");
    message
}

fn with(fleet_yaml: &str) -> TestFleet {
    let fleet = TestFleet::of_one("steps:\n  - say: hello\n");
    fleet.file("fleet.yaml", fleet_yaml);
    fleet
}

#[test]
fn ten_megabytes_of_yaml_are_refused_by_their_size() {
    let entry = "# nothing to see here, and much of it\n";
    let message = refused(&with(&entry.repeat(10_000_000 / entry.len())));
    assert!(message.contains("fleet.yaml: is larger than 1048576 bytes"), "{message}");
}

#[test]
fn anchors_that_explode_are_refused_at_once() {
    let mut yaml = "fleet: test\na: &a [x,x,x,x,x,x,x,x,x,x]\n".to_owned();
    for (name, of) in "bcdefghij".chars().zip("abcdefghi".chars()) {
        yaml.push_str(&format!("{name}: &{name} [{}]\n", vec![format!("*{of}"); 10].join(",")));
    }
    let message = refused(&with(&yaml));
    assert!(message.contains("its anchors repeat too much; write the values out"), "{message}");
}

#[test]
fn yaml_that_is_too_deep_or_has_too_much_in_it_is_refused() {
    // The schema of a tool's input takes any value, so that nothing but the bounds refuses these.
    let tool =
        "name: W\nmodel: m\ntools:\n- type: custom\n  name: t\n  description: d\n  input_schema:";
    let fleet = with(GOOD);
    fs::remove_file(fleet.path("fleet/agents/worker.md")).unwrap();
    let schema = |x: &str| {
        fleet.file("agents/worker.yaml", &format!("{tool} {{ type: object, x: {x} }}\n"));
        refused(&fleet)
    };
    let message = schema(&format!("{}x{}", "[".repeat(5_000), "]".repeat(5_000)));
    assert!(message.contains("agents/worker.yaml:7:"), "{message}");
    assert!(message.contains("is nested deeper than 48 levels"), "{message}");
    let message = schema(&format!("[{}]", "x,".repeat(200_000)));
    assert!(message.contains("has more than 100000 values; split it into files"), "{message}");
}

#[test]
fn bytes_that_are_no_text_are_refused() {
    let fleet = with("fleet: te\0st\n");
    assert!(refused(&fleet).contains("fleet.yaml: has a NUL byte in line 1"));
    fs::write(fleet.path("fleet/fleet.yaml"), [b'f', 0xff, 0xfe]).unwrap();
    assert!(refused(&fleet).contains("fleet.yaml: is not UTF-8 text"));
}

#[test]
fn a_directory_where_a_file_should_be_is_named() {
    let fleet = with(GOOD);
    fs::create_dir(fleet.path("fleet/agents/other.md")).unwrap();
    assert!(refused(&fleet).contains("agents/other.md: is a directory"));
    fs::remove_dir(fleet.path("fleet/agents/other.md")).unwrap();
    fs::remove_file(fleet.path("fleet/fleet.yaml")).unwrap();
    fs::create_dir(fleet.path("fleet/fleet.yaml")).unwrap();
    assert!(refused(&fleet).contains("fleet.yaml: is a directory; a file is wanted here"));
}

#[test]
fn a_pipe_where_a_file_should_be_is_not_waited_for() {
    let fleet = with(GOOD);
    let _pipe = Fifo::new(fleet.path("fleet/agents/other.md"));
    assert!(refused(&fleet).contains("agents/other.md: is a device or a pipe"));
    fs::remove_file(fleet.path("fleet/fleet.yaml")).unwrap();
    let _pipe = Fifo::new(fleet.path("fleet/fleet.yaml"));
    assert!(refused(&fleet).contains("fleet.yaml: is a device or a pipe"));
}

#[test]
fn a_file_whose_name_is_no_text_is_not_passed_over() {
    use std::os::unix::ffi::OsStrExt;
    let fleet = with(GOOD);
    let name = std::ffi::OsStr::from_bytes(b"wor\xffker.md");
    fs::write(fleet.path("fleet/agents").join(name), "---\nname: W\nmodel: m\n---\n").unwrap();
    assert!(refused(&fleet).contains("has a name that is not UTF-8 text"));
}

#[test]
fn links_that_lead_in_circles_are_named() {
    let fleet = with(GOOD);
    symlink("other.md", fleet.path("fleet/agents/other.md")).unwrap();
    let message = refused(&fleet);
    assert!(message.contains("agents/other.md: cannot be read: "), "{message}");
    fs::remove_file(fleet.path("fleet/agents/other.md")).unwrap();
    fs::remove_file(fleet.path("fleet/fleet.yaml")).unwrap();
    symlink("fleet.yaml", fleet.path("fleet/fleet.yaml")).unwrap();
    let message = refused(&fleet);
    assert!(message.contains("fleet.yaml: cannot be read: "), "{message}");
}

#[test]
fn a_fleet_that_is_not_there_is_explained() {
    let fleet = with(GOOD);
    fs::remove_file(fleet.path("fleet/fleet.yaml")).unwrap();
    let message = refused(&fleet);
    assert!(message.contains("there is no such file; a fleet is a directory with"), "{message}");
}

#[test]
fn names_that_occur_twice_are_refused() {
    let job = "  job: { agent: worker, prompt: go }\n";
    let message = refused(&with(&format!("fleet: test\nsessions:\n{job}{job}")));
    assert!(message.contains("fleet.yaml:4:3: `job` occurs twice"), "{message}");
    let fleet = with(GOOD);
    fleet.file("agents/worker.yaml", "name: W\nmodel: m\n");
    let message = refused(&fleet);
    assert!(message.contains("worker.yaml is a second file of the agent `worker`"), "{message}");
}

#[test]
fn models_and_tools_that_nobody_knows_are_refused() {
    let message = refused(&with(&format!(
        "providers:\n  house: {{ driver: openai, models: [claude-sonet-*, claude-sonnet-4] }}\n{GOOD}"
    )));
    let words = "unknown model `claude-sonnet-5`; did you mean `claude-sonnet-4`?";
    assert!(message.contains("fleet.yaml:4:27: ") && message.contains(words), "{message}");
    let fleet = with(GOOD);
    fleet.file(
        "agents/worker.md",
        "---\nname: W\nmodel: m\ntools:\n  - type: agent_toolset_20260401\n    configs: [{ name: bsh, enabled: false }]\n---\n",
    );
    let message = refused(&fleet);
    let words = "agents/worker.md:6:23: unknown tool `bsh`; did you mean `bash`?";
    assert!(message.contains(words), "{message}");
}

#[test]
fn sessions_that_wait_for_each_other_are_shown_as_they_wait() {
    let message = refused(&with(
        "fleet: test\nsessions:\n  a: { agent: worker, prompt: x, after: [b] }\n  b: { agent: worker, prompt: x, after: [a] }\n",
    ));
    let words = "fleet.yaml:3:3: these sessions wait for each other: a after b after a";
    assert!(message.contains(words), "{message}");
}

#[test]
fn a_markdown_file_without_front_matter_is_told_what_it_needs() {
    let fleet = with(GOOD);
    fleet.file("agents/worker.md", "You are helpful.\n");
    let message = refused(&fleet);
    let words = "agents/worker.md: has no front matter; it begins with a line `---`";
    assert!(message.contains(words), "{message}");
}

#[test]
fn a_literal_secret_is_refused_and_not_repeated() {
    let message = refused(&with(&format!(
        "providers: {{ house: {{ driver: openai, api_key: sk-hunter2 }} }}\n{GOOD}"
    )));
    assert!(message.contains("${env:NAME}") && !message.contains("hunter2"), "{message}");
}

#[test]
fn a_data_directory_that_cannot_be_written_is_named() {
    let fleet = with(GOOD);
    // Nobody may make a directory there, not even root.
    let output = fleet.plain(&["up", "fleet", "--data-dir", "/proc/planaria"]);
    assert_eq!(output.status.code(), Some(1));
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(message.contains("cannot make the data directory /proc/planaria"), "{message}");
}
