//! commands.md and exit-codes.md, from the helps.

use super::{hold, table};
use crate::help::{commands, help};

fn name(path: &[String]) -> String {
    [&["planaria".to_owned()], path].concat().join(" ")
}

#[test]
fn the_page_of_commands_holds_every_help() {
    let mut body = "# Commands\n\nEvery command as `planaria COMMAND --help` shows it. The first \
                    steps are in [start](../start.md); what exit codes mean is in \
                    [exit codes](exit-codes.md).\n"
        .to_owned();
    let all = commands();
    body.push('\n');
    for path in &all {
        let name = name(path);
        body.push_str(&format!("* [`{name}`](#{})\n", name.replace(' ', "-")));
    }
    for path in &all {
        let name = name(path);
        body.push_str(&format!("\n## {name}\n\n```text\n{}```\n", help(path, "--help")));
    }
    hold("commands.md", "`planaria … --help`", &body);
}

/// The codes of a help, with their meanings.
fn codes(help: &str) -> Vec<(String, String)> {
    let lines = help.lines().skip_while(|line| *line != "Exit codes:").skip(1);
    let mut found: Vec<(String, String)> = Vec::new();
    for line in lines.take_while(|line| !line.is_empty()) {
        let line = line.trim();
        match line.split_once(' ') {
            Some((code, meaning)) if code.chars().all(|c| c.is_ascii_digit()) => {
                found.push((code.to_owned(), meaning.trim().to_owned()));
            }
            _ => {
                let (_, meaning) = found.last_mut().expect("a code comes first");
                meaning.push_str(&format!(" {line}"));
            }
        }
    }
    found
}

#[test]
fn the_page_of_exit_codes_holds_the_registry_and_every_command() {
    let row = |(code, meaning): (String, String)| vec![code, meaning];
    let registry = codes(&help(&[], "--help"));
    assert!(registry.len() > 4, "the registry stands in `planaria --help`");
    let mut body =
        "# Exit codes\n\nA code means the same in every command. Data goes to stdout and \
                    everything else to stderr, so that a script needs these two and the code.\n\n"
            .to_owned();
    body.push_str(&table(&["code", "meaning"], registry.into_iter().map(row)));
    body.push_str(
        "\nWhat they mean in each command; those without codes here end with 0, 1 or 2.\n",
    );
    for path in commands().iter().filter(|path| !path.is_empty()) {
        let codes = codes(&help(path, "--help"));
        if !codes.is_empty() {
            let rows = table(&["code", "meaning"], codes.into_iter().map(row));
            body.push_str(&format!("\n## {}\n\n{rows}", name(path)));
        }
    }
    hold("exit-codes.md", "`planaria … --help`", &body);
}
