//! The control socket, as clients of all kinds find it.

use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;

use serde_json::Value;

use crate::support::{LongCall, TestFleet, success};

/// What a client is told that says this and nothing more.
fn told(fleet: &TestFleet, request: &[u8]) -> String {
    let mut stream = UnixStream::connect(fleet.data().join("control.sock")).unwrap();
    // The other side may have had enough before all of it is written.
    let _ = stream.write_all(request);
    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer);
    answer
}

#[test]
fn a_request_that_is_none_is_refused_and_hurts_nobody() {
    let call = LongCall::new();
    let up = call.fleet.start_up();
    call.started.read();
    let silent = UnixStream::connect(call.fleet.data().join("control.sock")).unwrap();

    let nonsense = told(&call.fleet, b"hello\n");
    let tomorrow = told(&call.fleet, b"{\"ask\":\"tomorrow\"}\n");
    let endless = told(&call.fleet, &vec![b'x'; 9 << 20]);

    for answer in [&nonsense, &tomorrow] {
        let end: Value = serde_json::from_str(answer).unwrap();
        assert!(end["end"].as_str().unwrap().contains("does not know"), "{answer}");
    }
    assert!(endless.is_empty() || endless.contains("\"end\":\""), "{endless}");
    let tree = success(&call.fleet.command(&["tree"]).output().unwrap());
    assert!(tree.contains("journal"), "others are answered: {tree}");
    let about = std::fs::metadata(call.fleet.data().join("control.sock")).unwrap();
    assert_eq!(about.permissions().mode() & 0o077, 0, "nobody else may speak to sessions");
    drop(silent);
    call.release.write("on");
    assert_eq!(up.finish().0, Some(0));
}

#[test]
fn a_reader_that_rests_slows_nobody_and_gets_the_rest_when_it_goes_on() {
    let call = with_a_long_log();
    let steps: String =
        (0..20).map(|_| "  - call: { bash: { command: 'seq -s x 12000' } }\n").collect();
    call.fleet.file("scripts/many.yaml", &format!("steps:\n{steps}  - say: done\n"));
    let up = call.fleet.start_up();
    call.started.read();
    up.wait_for(&["many", "done"]);
    let mut resting = UnixStream::connect(call.fleet.data().join("control.sock")).unwrap();
    let request = r#"{"ask":"events","session":"many","follow":false,"filter":{"all":true}}"#;
    writeln!(resting, "{request}").unwrap();
    let mut begin = [0; 16];
    resting.read_exact(&mut begin).unwrap();

    let rows = call.fleet.events("many").len();
    success(&call.fleet.command(&["tree"]).output().unwrap());

    let mut rest = String::new();
    resting.read_to_string(&mut rest).unwrap();
    assert!(rest.len() > 1_000_000, "more than any buffer on the way holds");
    assert!(rest.lines().count() > rows);
    assert_eq!(rest.lines().last(), Some(r#"{"end":null}"#), "it is whole");
    call.release.write("on");
    assert_eq!(up.finish().0, Some(0));
}

/// A fleet of which one session has a log of several pages while another is at work.
fn with_a_long_log() -> LongCall {
    let call = LongCall::new();
    call.fleet.file(
        "fleet.yaml",
        "fleet: test\nsessions:\n  job: { agent: worker, environment: local, prompt: go }\n  \
         many: { agent: worker, environment: local, prompt: go }\n",
    );
    let steps: String = (0..20)
        .map(|n| format!("  - call: {{ bash: {{ command: 'echo number {n}' }} }}\n"))
        .collect();
    call.fleet.file("scripts/many.yaml", &format!("steps:\n{steps}  - say: done\n"));
    call
}

#[test]
fn a_long_log_is_the_same_whether_it_is_asked_for_or_read() {
    let call = with_a_long_log();
    let up = call.fleet.start_up();
    call.started.read();
    up.wait_for(&["many", "done"]);
    let look = || {
        let run = |args: &[&str]| success(&call.fleet.command(args).output().unwrap());
        [
            run(&["events", "many", "--all", "--output", "ndjson"]),
            run(&["events", "many", "--all", "--tail", "100", "--output", "json"]),
            run(&["events", "many", "--type", "agent.tool_use", "--tail", "15"]),
            run(&["export", "many"]),
        ]
    };

    let asked = look();
    call.release.write("on");
    assert_eq!(up.finish().0, Some(0));
    let read = look();

    assert_eq!(asked, read);
    let rows = asked[0].lines().count();
    assert!(rows > 128, "{rows} records are several pages");
    assert_eq!(asked[1].lines().count(), 101, "with the bracket at the end");
    assert_eq!(asked[2].lines().count(), 15);
    assert_eq!(asked[3].lines().count(), rows + 1);
}
