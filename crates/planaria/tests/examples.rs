//! The examples do what they say.

use std::path::Path;
use std::process::Command;

/// What an example prints. Cargo builds the examples of a package with its tests.
fn printed(name: &str) -> String {
    let test = std::env::current_exe().expect("a test is a file");
    let target = test.parent().and_then(Path::parent).expect("it lies in target/debug/deps");
    let program = target.join("examples").join(name);
    assert!(program.exists(), "{} is not built: cargo test -p planaria", program.display());
    let output = Command::new(program).output().expect("it runs");
    let (out, err) = (output.stdout, String::from_utf8_lossy(&output.stderr).into_owned());
    assert!(output.status.success(), "{name}: {}\n{err}", output.status);
    String::from_utf8(out).expect("examples print text")
}

#[test]
fn embed_answers_with_what_the_hosts_tool_says() {
    assert_eq!(printed("embed"), "There are 12 lamps, so the order can go out.\n");
}

#[test]
fn policy_changes_what_the_model_sees_within_one_session() {
    let printed = printed("policy");
    let lines: Vec<&str> = printed.lines().collect();
    assert_eq!(lines[1], "My name? -> Your name is Ada.");
    assert_eq!(lines[2], "My name? -> I do not know your name.");
    assert!(lines[4].ends_with("whole-log 4") && lines[5].ends_with("goldfish 1"), "{printed}");
}

#[test]
fn neighbour_is_restarted_beside_the_agents() {
    let printed = printed("neighbour");
    assert!(printed.contains("runtime/host/counter  running  restarts 1"), "{printed}");
    assert!(printed.contains("4 is too much"), "{printed}");
}

#[test]
fn two_runtimes_know_nothing_of_each_other() {
    let lines =
        ["Moin!", "Servus!", "the other knows the session: false", "the other runs on: true"];
    assert_eq!(printed("two_runtimes").lines().collect::<Vec<_>>(), lines);
}

#[test]
fn recovery_finishes_the_turn_and_runs_the_command_once() {
    let printed = printed("recovery");
    assert!(printed.contains("killed the service in the middle of its command"), "{printed}");
    assert!(printed.contains("The bill is paid, once."), "{printed}");
    assert!(printed.ends_with("the command's own ledger: begun, ended\n"), "{printed}");
}
