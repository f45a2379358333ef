//! What a rule has to say, and how a test says it.

use std::fmt;

/// One breach of one rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// A path from the root of the repository, with the line where there is one.
    pub place: String,
    /// What is wrong there.
    pub what: String,
    /// What to do about it.
    pub mend: String,
}

impl Finding {
    /// A finding about a whole file.
    pub fn of(path: &str, what: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { place: path.to_owned(), what: what.into(), mend: mend.into() }
    }

    /// A finding at a line, counted from 1.
    pub fn at(path: &str, line: usize, what: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { place: format!("{path}:{line}"), what: what.into(), mend: mend.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}; {}", self.place, self.what, self.mend)
    }
}

/// Fails with every finding, so that one run shows all there is to mend.
#[track_caller]
pub fn hold(findings: impl IntoIterator<Item = Finding>) {
    let lines: Vec<String> = findings.into_iter().map(|finding| finding.to_string()).collect();
    assert!(lines.is_empty(), "{} to mend:\n{}\n", lines.len(), lines.join("\n"));
}

#[test]
fn a_finding_says_where_what_and_how_to_mend_it() {
    let finding = Finding::at("a/b.rs", 7, "too loud", "whisper");
    assert_eq!(finding.to_string(), "a/b.rs:7: too loud; whisper");
}

#[test]
#[should_panic(expected = "2 to mend:\na: b; c\nd: e; f")]
fn a_broken_rule_fails_with_all_its_findings() {
    hold([Finding::of("a", "b", "c"), Finding::of("d", "e", "f")]);
}
