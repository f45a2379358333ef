//! `planaria tree` through the real binary.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::support::{LongCall, success};

#[test]
fn a_running_fleet_is_a_tree_for_people_and_one_document_for_programs() {
    let call = LongCall::new();
    let up = call.fleet.start_up();
    call.started.read();
    let tree = |words: &[&str], locale: &str| {
        let mut command = call.fleet.command(&[&["tree"], words].concat());
        success(&command.env("LC_ALL", locale).env("TERM", "xterm").output().unwrap())
    };

    let drawn = tree(&[], "C.UTF-8");
    let ascii = tree(&["--ascii"], "C.UTF-8");
    let plain = tree(&[], "C");
    let document: Value = serde_json::from_str(&tree(&["--output", "json"], "C")).unwrap();

    call.release.write("on");
    assert_eq!(up.finish().0, Some(0));
    assert!(drawn.contains("└─ ") && drawn.contains("(job)"), "{drawn}");
    assert!(drawn.contains("budget 0/"), "{drawn}");
    assert!(ascii.is_ascii() && ascii.contains("`- "), "{ascii}");
    assert_eq!(plain, ascii, "a locale that is not UTF-8 has no box characters");
    let nodes = document["nodes"].as_array().unwrap();
    assert_eq!(nodes[0]["path"], "runtime");
    let session = nodes.iter().find(|node| !node["session"].is_null()).expect("a session");
    assert_eq!(session["session"]["name"], "job");
    assert_eq!(session["session"]["state"], "running");
}

#[test]
fn a_watched_tree_is_plain_pictures_where_there_is_no_terminal() {
    let call = LongCall::new();
    let up = call.fleet.start_up();
    call.started.read();
    let mut command = call.fleet.command(&["tree", "--watch"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let (mut line, mut pictures) = (String::new(), 0);
    while pictures < 2 {
        line.clear();
        assert!(out.read_line(&mut line).unwrap() > 0, "it goes on");
        assert!(!line.contains('\x1b'), "{line}");
        pictures += usize::from(line.starts_with("runtime "));
    }
    drop(out);
    assert_eq!(child.wait().unwrap().code(), Some(0), "a reader that goes is no error");
    call.release.write("on");
    assert_eq!(up.finish().0, Some(0));
    let output = call.fleet.command(&["tree", "--watch", "--output", "json"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn on_a_terminal_the_next_picture_takes_the_place_of_the_one_before() {
    let call = LongCall::new();
    let up = call.fleet.start_up();
    call.started.read();
    // A terminal of its own; where there is no such program, nothing is shown of it.
    let line = format!(
        "stty rows 30 cols 90; exec {} tree --watch --data-dir {}",
        env!("CARGO_BIN_EXE_planaria"),
        call.fleet.data().display()
    );
    let mut command = Command::new("script");
    command.args(["-qec", &line, "/dev/null"]).env("TERM", "xterm").env("LC_ALL", "C.UTF-8");
    let started = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn();
    if let Ok(mut child) = started {
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let (mut bytes, mut seen) = (Vec::new(), String::new());
        while !seen.contains("\x1b[J") {
            bytes.clear();
            assert!(out.read_until(b'J', &mut bytes).unwrap() > 0, "it ended: {seen}");
            seen.push_str(&String::from_utf8_lossy(&bytes));
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let picture = seen.split('\x1b').next().unwrap();
        let lines = picture.lines().count();
        assert!(seen.contains(&format!("\x1b[{lines}A")), "{seen:?}");
        assert!(picture.contains("(job)") && picture.contains('└'), "{picture}");
    } else {
        eprintln!("not exercised: there is no `script` to make a terminal");
    }
    call.release.write("on");
    assert_eq!(up.finish().0, Some(0));
}
