//! `grep`: lines that match a regular expression.

use std::fmt::Write;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use ignore::WalkBuilder;
use planaria_core::tool::Outcome;
use regex::bytes::Regex;
use serde::Deserialize;
use serde_json::Value;

use super::desk::{Desk, input, open, said};
use crate::hand::limits::{
    GREP_BYTES_MAX, GREP_LINE_BYTES_MAX, GREP_LINE_CHARS_MAX, SNIFF_BYTES, WALK_ENTRIES_MAX,
};

#[derive(Debug, Deserialize)]
struct Input {
    pattern: String,
    path: Option<String>,
}

pub(super) fn run(desk: &Desk, given: Value) -> Result<Outcome, String> {
    let Input { pattern, path } = input(given)?;
    let regex = Regex::new(&pattern).map_err(|error| error.to_string())?;
    let named = path.as_deref().unwrap_or(".");
    let root = desk.path(named)?;
    let found = root.metadata().map_err(|error| said(named, &error))?;
    let mut matches = Matches::default();
    if found.is_dir() {
        let mut seen = 0;
        // Hidden and ignored files are passed over, as ripgrep does.
        let walk = WalkBuilder::new(&root).sort_by_file_name(Ord::cmp).build();
        for entry in walk.flatten() {
            seen += 1;
            if seen > WALK_ENTRIES_MAX {
                matches.end(&format!("[stopped after {WALK_ENTRIES_MAX} entries]"));
                break;
            }
            // What cannot be read holds no match for this user.
            if entry.file_type().is_some_and(|kind| kind.is_file()) {
                let _ = search(desk, &regex, entry.path(), &mut matches);
            }
            desk.check()?;
            if matches.ended {
                break;
            }
        }
    } else {
        search(desk, &regex, &root, &mut matches)?;
        desk.check()?;
    }
    if matches.text.is_empty() {
        matches.text.push_str("no matches");
    }
    Ok(Outcome::text(matches.text))
}

#[derive(Debug, Default)]
struct Matches {
    text: String,
    ended: bool,
}

impl Matches {
    fn add(&mut self, path: &str, number: u64, line: &[u8]) {
        let line = String::from_utf8_lossy(line);
        let line = line.trim_end_matches(['\n', '\r']);
        let shown =
            line.char_indices().nth(GREP_LINE_CHARS_MAX).map_or(line, |(cut, _)| &line[..cut]);
        let before = self.text.len();
        let cut = if shown.len() < line.len() { " [line truncated]" } else { "" };
        writeln!(self.text, "{path}:{number}:{shown}{cut}").expect("a string takes it");
        if self.text.len() > GREP_BYTES_MAX {
            self.text.truncate(before);
            self.end("[output truncated]");
        }
    }

    fn end(&mut self, why: &str) {
        self.text.push_str(why);
        self.ended = true;
    }
}

fn search(desk: &Desk, regex: &Regex, path: &Path, matches: &mut Matches) -> Result<(), String> {
    let shown = desk.shown(path);
    let mut reader = BufReader::with_capacity(SNIFF_BYTES, open(path, &shown)?);
    let failed = |error: std::io::Error| said(&shown, &error);
    if reader.fill_buf().map_err(failed)?.contains(&0) {
        return Err(format!("{shown} is a binary file"));
    }
    let (mut line, mut number) = (Vec::new(), 0);
    while !matches.ended {
        desk.check()?;
        line.clear();
        number += 1;
        let read = (&mut reader).take(GREP_LINE_BYTES_MAX).read_until(b'\n', &mut line);
        if read.map_err(failed)? == 0 {
            break;
        }
        if line.last() != Some(&b'\n') {
            reader.skip_until(b'\n').map_err(failed)?;
        } else {
            line.pop();
        }
        if regex.is_match(&line) {
            matches.add(&shown, number, &line);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use serde_json::json;
    use tokio_util::sync::CancellationToken;

    use super::*;

    fn desk() -> (tempfile::TempDir, Desk) {
        let directory = tempfile::tempdir().unwrap();
        let workspace = directory.path().to_owned();
        (directory, Desk { workspace, halt: CancellationToken::new() })
    }

    fn grep(desk: &Desk, given: Value) -> Result<String, String> {
        run(desk, given).map(|o| o.content[0]["text"].as_str().unwrap().to_owned())
    }

    #[test]
    fn matches_come_as_path_line_and_text_in_the_order_of_names() {
        let (directory, desk) = desk();
        fs::create_dir(directory.path().join("b")).unwrap();
        fs::write(directory.path().join("b/x.rs"), "fn main() {}\r\n\nfn two\n").unwrap();
        fs::write(directory.path().join("a.rs"), "no\n  fn one").unwrap();
        fs::write(directory.path().join("c"), "fn\0binary").unwrap();
        let all = grep(&desk, json!({"pattern": "^\\s*fn"})).unwrap();
        assert_eq!(all, "a.rs:2:  fn one\nb/x.rs:1:fn main() {}\nb/x.rs:3:fn two\n");
        assert_eq!(
            grep(&desk, json!({"pattern": "two$", "path": "b/x.rs"})).unwrap(),
            "b/x.rs:3:fn two\n"
        );
        assert_eq!(grep(&desk, json!({"pattern": "none"})).unwrap(), "no matches");
        assert!(grep(&desk, json!({"pattern": "("})).is_err());
        assert!(
            grep(&desk, json!({"pattern": "a", "path": "none"})).unwrap_err().contains("exist")
        );
        assert!(grep(&desk, json!({"pattern": "a", "path": "c"})).unwrap_err().contains("binary"));
    }

    #[test]
    fn long_lines_and_long_answers_are_cut_and_say_so() {
        let (directory, desk) = desk();
        fs::write(directory.path().join("a"), "ä".repeat(900_000)).unwrap();
        let one = grep(&desk, json!({"pattern": "ä"})).unwrap();
        assert!(one.ends_with("ä [line truncated]\n"));
        assert_eq!(one.chars().filter(|c| *c == 'ä').count(), GREP_LINE_CHARS_MAX);
        fs::write(directory.path().join("a"), "match\n".repeat(60_000)).unwrap();
        let many = grep(&desk, json!({"pattern": "match"})).unwrap();
        assert!(many.len() <= GREP_BYTES_MAX + 20 && many.ends_with("\n[output truncated]"));
    }

    #[test]
    fn a_call_that_is_to_stop_stops() {
        let (directory, desk) = desk();
        fs::write(directory.path().join("a"), "match").unwrap();
        desk.halt.cancel();
        assert!(grep(&desk, json!({"pattern": "match"})).unwrap_err().contains("interrupted"));
    }
}
