//! `planaria export` and `planaria import` through the real binary.

use std::fs;
use std::path::Path;
use std::process::Output;

use serde_json::Value;

use crate::support::{LongCall, TestFleet, success};

const ONE_CALL: &str = "steps:\n  - call: { bash: { command: echo apples } }\n  - expect: apples\n    say: I saw apples.\n";

fn finished() -> TestFleet {
    let fleet = TestFleet::of_one(ONE_CALL);
    success(&fleet.up());
    fleet
}

fn export(fleet: &TestFleet, session: &str, to: &Path) -> Output {
    fleet.command(&["export", session]).arg("-o").arg(to).output().unwrap()
}

fn import(fleet: &TestFleet, file: &Path, words: &[&str]) -> Output {
    fleet.command(&[&["import"], words].concat()).arg(file).output().unwrap()
}

fn refused(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_session_goes_to_another_data_directory_byte_for_byte_and_keeps_its_name() {
    let (from, to) = (finished(), TestFleet::of_one(ONE_CALL));
    let file = from.path("job.ndjson");
    success(&export(&from, "job", &file));

    let imported = success(&import(&to, &file, &[]));

    assert!(imported.starts_with("imported"), "{imported}");
    let again = to.path("again.ndjson");
    success(&export(&to, "job", &again));
    assert_eq!(fs::read(&again).unwrap(), fs::read(&file).unwrap());
    assert_eq!(to.events("job"), from.events("job"));
    assert!(success(&import(&to, &file, &[])).starts_with("unchanged"));
    let stdout = success(&to.command(&["export", "job"]).output().unwrap());
    assert_eq!(stdout, fs::read_to_string(&file).unwrap());
}

#[test]
fn an_imported_session_goes_on_in_its_new_place() {
    let (from, to) = (finished(), TestFleet::of_one(ONE_CALL));
    // The log of a store that was opened often has higher epochs than a new store hands out.
    for _ in 0..3 {
        success(&from.up());
    }
    from.file(
        "scripts/job.yaml",
        "steps:\n  - call: { bash: { command: echo apples } }\n  - expect: pears\n    say: no\n",
    );
    from.file(
        "fleet.yaml",
        "fleet: other\nsessions:\n  job: { agent: worker, environment: local, prompt: go }\n",
    );
    assert_eq!(from.up().status.code(), Some(1));
    let ids = from.command(&["events", "job"]).output().unwrap();
    let ids = String::from_utf8_lossy(&ids.stderr).into_owned();
    let id = ids.split("sesn_").find(|part| part.contains("fleet other")).unwrap();
    let id = format!("sesn_{}", id.split_whitespace().next().unwrap());
    let file = from.path("job.ndjson");
    success(&export(&from, &id, &file));
    success(&import(&to, &file, &[]));
    to.file(
        "fleet.yaml",
        "fleet: other\nsessions:\n  job: { agent: worker, environment: local, prompt: go }\n",
    );
    to.file("scripts/job.yaml", "steps:\n  - call: { bash: { command: echo apples } }\n  - expect: apples\n    call: { bash: { command: echo more } }\n  - say: mended elsewhere\n");

    let output = to.up();

    let out = success(&output);
    assert!(out.contains("mended elsewhere"), "{out}");
    let records = |fleet: &TestFleet| fleet.events(&id).len();
    assert!(records(&to) > records(&from));
}

#[test]
fn a_file_that_was_changed_cut_or_made_up_is_refused_and_nothing_is_written() {
    let (from, to) = (finished(), TestFleet::new());
    let good = from.path("job.ndjson");
    success(&export(&from, "job", &good));
    let text = fs::read_to_string(&good).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let without = |skip: usize| {
        let kept = lines.iter().enumerate().filter(|(index, _)| *index != skip);
        kept.map(|(_, line)| format!("{line}\n")).collect::<String>()
    };
    let cases = [
        ("a changed word", text.replacen("apples", "apricots", 1), "checksum"),
        ("a missing record", without(3), "stands where"),
        ("no genesis", without(1), "stands where"),
        ("a missing end", lines[..5].join("\n") + "\n", "cut off"),
        ("half a line", text.trim_end().to_owned(), "cut off"),
        ("a kind of tomorrow", text.replacen("\"genesis\"", "\"tomorrow\"", 1), "newer planaria"),
        ("another session", text.replacen("sesn_01", "sesn_011", 1), "header"),
        ("a newer form", text.replacen("\"version\":1", "\"version\":2", 1), "newer planaria"),
        ("something else", "hello\n".to_owned(), "not a file"),
        ("nothing", String::new(), "empty"),
    ];
    for (what, text, expected) in cases {
        let file = from.path("bad.ndjson");
        fs::write(&file, text).unwrap();
        let message = refused(&import(&to, &file, &[]));
        assert!(message.contains(expected), "{what}: {message}");
        assert!(message.contains("bad.ndjson"), "{what}: {message}");
        assert!(!to.data().exists(), "{what}: the data directory was touched");
    }
    assert!(success(&import(&to, &good, &["--check"])).starts_with("checked"));
    assert!(!to.data().exists());
}

#[test]
fn a_log_that_does_not_add_up_to_a_session_is_refused_whatever_its_checksum() {
    let (from, to) = (finished(), TestFleet::new());
    let file = from.path("job.ndjson");
    success(&export(&from, "job", &file));
    let text = fs::read_to_string(&file).unwrap();
    let (header, body) = text.split_once('\n').unwrap();
    let body = body.replacen("\"tool_use_id\":\"sevt", "\"tool_use_id\":\"nope", 1);
    let mut header: Value = serde_json::from_str(header).unwrap();
    header["checksum"] = Value::from(format!("xxh3-128:{:032x}", xxh(body.as_bytes())));
    fs::write(&file, format!("{header}\n{body}")).unwrap();

    let message = refused(&import(&to, &file, &[]));

    assert!(message.contains("tool.dispatch") && message.contains("nope"), "{message}");
}

fn xxh(bytes: &[u8]) -> u128 {
    xxhash_rust::xxh3::xxh3_128(bytes)
}

#[test]
fn another_log_of_the_same_session_is_never_overwritten_and_a_longer_one_adds_its_rest() {
    let (from, to) = (finished(), TestFleet::new());
    let (short, long) = (from.path("short.ndjson"), from.path("long.ndjson"));
    success(&export(&from, "job", &short));
    success(&import(&to, &short, &[]));
    let text = fs::read_to_string(&short).unwrap();
    let (header, body) = text.split_once('\n').unwrap();
    let last: Value = serde_json::from_str(body.lines().last().unwrap()).unwrap();
    // One more record of a kind that says nothing of its own.
    let mut more = last.clone();
    more["seq"] = Value::from(last["seq"].as_u64().unwrap() + 1);
    let write = |file: &Path, body: &str| {
        let mut header: Value = serde_json::from_str(header).unwrap();
        header["records"] = Value::from(body.lines().count());
        header["checksum"] = Value::from(format!("xxh3-128:{:032x}", xxh(body.as_bytes())));
        fs::write(file, format!("{header}\n{body}")).unwrap();
    };
    write(&long, &format!("{body}{more}\n"));

    assert!(success(&import(&to, &long, &[])).starts_with("completed"));
    assert!(success(&import(&to, &short, &[])).starts_with("unchanged"));
    write(&long, &body.replace("echo apples", "echo quince"));
    let message = refused(&import(&to, &long, &[]));
    assert!(message.contains("--as-new"), "{message}");

    let renewed = success(&import(&to, &long, &["--as-new", "--name", "job-2"]));
    assert!(renewed.contains("(job-2)"), "{renewed}");
    let (first, second) = (to.events("job"), to.events("job-2"));
    assert!(format!("{second:?}").contains("quince") && !format!("{first:?}").contains("quince"));
}

#[test]
fn a_session_at_work_is_exported_only_on_demand_and_nothing_of_it_runs_twice() {
    let call = LongCall::new();
    let to = TestFleet::of_one("steps: []");
    let file = call.fleet.path("job.ndjson");
    let up = call.fleet.start_up();
    call.started.read();

    let message = refused(&export(&call.fleet, "job", &file));
    assert!(message.contains("--force") && !file.exists(), "{message}");
    let mut forced = call.fleet.command(&["export", "job", "--force"]);
    success(&forced.arg("-o").arg(&file).output().unwrap());
    let in_use = refused(&import(&call.fleet, &file, &["--as-new"]));
    assert!(in_use.contains("is in use"), "{in_use}");
    // Its hand lives here, and must not hear two masters.
    let message = refused(&import(&to, &file, &[]));
    assert!(message.contains("hand") && message.contains("--as-new"), "{message}");
    call.release.write("on");
    assert_eq!(up.finish().0, Some(0));

    success(&import(&to, &file, &[]));

    let events = to.events("job");
    let result = events.iter().find(|event| event["type"] == "agent.tool_result").unwrap();
    assert!(result["content"][0]["text"].as_str().unwrap().contains("outcome is unknown"));
    assert_eq!(events.last().unwrap()["type"], "session.status_idle");
    assert!(success(&import(&to, &file, &[])).starts_with("unchanged"));
    let script = fs::read_to_string(call.fleet.path("fleet/scripts/job.yaml")).unwrap();
    to.file("scripts/job.yaml", &script);
    let out = success(&to.up());
    assert!(out.contains("I heard 2."), "it looked at the ledger instead: {out}");
    assert_eq!(call.ledger(), ["begun", "ended"], "the command ran once, in its first place");
}

#[test]
fn a_whole_file_takes_the_place_of_another_and_half_a_one_never_does() {
    let fleet = finished();
    let file = fleet.path("job.ndjson");
    fs::write(&file, "what was here before").unwrap();
    assert_eq!(export(&fleet, "nobody", &file).status.code(), Some(1));
    assert_eq!(fs::read_to_string(&file).unwrap(), "what was here before");
    assert!(refused(&export(&fleet, "job", &fleet.path("missing/job.ndjson"))).contains("missing"));
    success(&export(&fleet, "job", &file));
    assert!(fs::read_to_string(&file).unwrap().starts_with("{\"format\""));
    assert!(!fleet.path("job.ndjson.part").exists());
}
