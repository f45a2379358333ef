//! What every command says of itself, word for word, through the real binary.
//!
//! The commands are found by asking the binary; a text that is missing, stale or left over fails.
//! `UPDATE_EXPECT=1 cargo test -p planaria-cli help` writes them anew.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use expect_test::expect_file;

use crate::support::{planaria, success};

/// The columns that every text is made for.
const COLUMNS: usize = 100;

pub fn help(path: &[String], flag: &str) -> String {
    let mut command = planaria();
    command.args(path).arg(flag).env("COLUMNS", COLUMNS.to_string());
    let text = success(&command.output().unwrap());
    // Lines of blanks are nothing to look at.
    text.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}

/// The commands that a help lists, without `help` itself.
fn listed(help: &str) -> Vec<String> {
    let lines = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let lines = lines.take_while(|line| line.starts_with("  "));
    // What is indented further goes on with the line before.
    let names = lines.filter(|line| !line.starts_with("   "));
    let names = names.filter_map(|line| line.split_whitespace().next());
    names.filter(|name| *name != "help").map(str::to_owned).collect()
}

/// Every command, the program itself first.
pub fn commands() -> Vec<Vec<String>> {
    let mut all = vec![Vec::new()];
    let mut at = 0;
    while let Some(path) = all.get(at).cloned() {
        all.extend(listed(&help(&path, "-h")).into_iter().map(|name| {
            let mut longer = path.clone();
            longer.push(name);
            longer
        }));
        at += 1;
    }
    all
}

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/planaria/help")
}

fn file(path: &[String]) -> String {
    let words = [&["planaria".to_owned()], path].concat();
    format!("{}.txt", words.join("-"))
}

#[test]
fn every_command_explains_itself_in_these_words() {
    let commands = commands();
    assert!(commands.len() > 10, "{commands:?}");
    for path in &commands {
        let (short, long) = (help(path, "-h"), help(path, "--help"));
        let name = [&["planaria".to_owned()], path.as_slice()].concat().join(" ");
        let text = format!("$ {name} -h\n{short}\n$ {name} --help\n{long}");
        expect_file![directory().join(file(path))].assert_eq(&text);
    }
}

#[test]
fn no_text_is_left_of_a_command_that_is_gone() {
    let known: BTreeSet<String> = commands().iter().map(|path| file(path)).collect();
    let entries = std::fs::read_dir(directory()).unwrap().flatten();
    let there: BTreeSet<String> =
        entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    assert_eq!(there, known);
}

#[test]
fn every_help_fits_its_columns_says_when_to_use_it_and_shows_examples() {
    for path in commands() {
        let long = help(&path, "--help");
        assert!(long.contains("Usage:"), "{path:?}");
        for line in long.lines() {
            assert!(line.chars().count() <= COLUMNS, "{path:?}: {line}");
        }
        // A command that only holds others has theirs.
        if listed(&long).is_empty() {
            assert!(long.contains("Examples:") || long.contains("For this shell"), "{path:?}");
        }
    }
}

#[test]
fn the_exit_codes_are_listed_where_the_program_explains_itself() {
    let long = help(&[], "--help");
    for code in ["0", "1", "2", "3", "4", "5", "130", "143"] {
        let line = |line: &str| line.split_whitespace().next() == Some(code);
        assert!(long.lines().any(line), "{code} is missing:\n{long}");
    }
}

#[test]
fn a_word_that_is_nearly_a_command_is_answered_with_the_command() {
    let output = planaria().arg("evnts").output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(message.contains("events"), "{message}");
    assert!(output.stdout.is_empty(), "data alone goes to stdout");
}

#[test]
fn colour_is_used_only_where_it_is_asked_for() {
    let coloured = |change: &dyn Fn(&mut std::process::Command)| {
        let mut command = planaria();
        command.args(["events", "job", "--data-dir", "/nonexistent"]);
        change(&mut command);
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        output.stderr.contains(&0x1b)
    };
    assert!(!coloured(&|_| {}), "stderr is no terminal");
    assert!(coloured(&|command| _ = command.arg("--color=always")));
    assert!(coloured(&|command| _ = command.env("CLICOLOR_FORCE", "1")));
    assert!(!coloured(&|command| _ = command.env("CLICOLOR_FORCE", "1").arg("--color=never")));
    let help = |choice: &str| planaria().args(["--help", choice]).output().unwrap().stdout;
    assert!(help("--color=always").contains(&0x1b));
    assert!(!help("--color=never").contains(&0x1b));
}

#[test]
fn completions_know_every_command_and_are_scripts_of_their_shell() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = success(&planaria().args(["completions", shell]).output().unwrap());
        for path in commands().iter().filter(|path| path.len() == 1) {
            assert!(script.contains(&path[0]), "{shell} does not know {path:?}");
        }
    }
    let file = tempfile::NamedTempFile::new().unwrap();
    let script = planaria().args(["completions", "bash"]).output().unwrap().stdout;
    std::fs::write(file.path(), script).unwrap();
    let checked = std::process::Command::new("bash").arg("-n").arg(file.path()).output().unwrap();
    success(&checked);
    assert_eq!(planaria().args(["completions", "tcsh"]).output().unwrap().status.code(), Some(2));
}

#[test]
fn there_is_a_manual_page_for_every_command() {
    let dir = tempfile::tempdir().unwrap();
    success(&planaria().args(["man", "--dir"]).arg(dir.path()).output().unwrap());
    for path in commands() {
        let name = file(&path).replace(".txt", ".1");
        let page = std::fs::read_to_string(dir.path().join(&name)).expect(&name);
        assert!(page.contains(".TH") && page.contains(".SH NAME"), "{name}");
        let shown = planaria().arg("man").args(&path).output().unwrap();
        assert_eq!(success(&shown), page, "{name}");
    }
    let unknown = planaria().args(["man", "evnts"]).output().unwrap();
    assert_eq!(unknown.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("events"));
}
