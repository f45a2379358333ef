//! One file: its text, and problems at places in it.

use std::io::Read;
use std::path::{Path, PathBuf};

use serde_saphyr::budget::BudgetBreach;
use serde_saphyr::{
    DuplicateKeyPolicy, Error, Location, MessageFormatter, Options, Spanned, UserMessageFormatter,
};

use crate::at::Place;
use crate::error::Problem;
use crate::limits::{FILE_BYTES_MAX, PROBLEMS_MAX, YAML_DEPTH_MAX, YAML_NODES_MAX};
use crate::tree::{Node, Tree};
use crate::{shown, suggest};

/// A file that was read.
#[derive(Debug)]
pub(crate) struct Source {
    pub path: PathBuf,
    pub text: String,
}

impl Source {
    /// # Errors
    /// When the file is missing, too large or not text.
    pub fn read(path: &Path) -> Result<Self, Problem> {
        let problem = |message: String| Problem {
            file: path.to_owned(),
            line: 0,
            column: 0,
            text: String::new(),
            message,
        };
        let unreadable = |error: std::io::Error| match error.kind() {
            std::io::ErrorKind::NotFound => problem("there is no such file".to_owned()),
            _ => problem(format!("cannot be read: {error}")),
        };
        // Before it is opened: a pipe would be waited for.
        let metadata = std::fs::metadata(path).map_err(unreadable)?;
        if !metadata.is_file() {
            return Err(problem(no_file(&metadata).to_owned()));
        }
        let file = std::fs::File::open(path).map_err(unreadable)?;
        let mut bytes = Vec::new();
        let mut bounded = file.take(FILE_BYTES_MAX + 1);
        bounded.read_to_end(&mut bytes).map_err(|e| problem(format!("cannot be read: {e}")))?;
        if bytes.len() as u64 > FILE_BYTES_MAX {
            return Err(problem(format!("is larger than {FILE_BYTES_MAX} bytes")));
        }
        if let Some(at) = bytes.iter().position(|byte| *byte == 0) {
            let line = 1 + bytes[..at].iter().filter(|byte| **byte == b'\n').count();
            let message = format!("has a NUL byte in line {line}; is it a text file?");
            return Err(problem(message));
        }
        let text = String::from_utf8(bytes).map_err(|_| problem("is not UTF-8 text".to_owned()))?;
        // Without the mark that some editors put first, places are those that people count.
        let text = text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text);
        Ok(Self { path: path.to_owned(), text })
    }

    /// YAML of this file, whatever it says, and a problem for each key that occurs once more.
    ///
    /// # Errors
    /// The first thing that is no YAML.
    pub fn tree(&self, yaml: &str) -> Result<(Node, Vec<Problem>), Problem> {
        let mut root: Node = serde_saphyr::from_str_with_options(yaml, options())
            .map_err(|error| self.yaml_problem(&error, error.location()))?;
        if root.value.is_null() {
            // Nothing but comments: what is missing is named.
            root.value = Tree::Map(Vec::new());
        }
        let mut twins = Vec::new();
        root.value.take_twins(&mut twins);
        let twins = twins.iter().take(PROBLEMS_MAX).map(|key| self.twin(key)).collect();
        Ok((root, twins))
    }

    fn twin(&self, key: &Spanned<String>) -> Problem {
        let at = key.referenced;
        // What only looks like a key may be a secret without one.
        if self.is_guarded(at) {
            return self.problem(at, "this key occurs twice");
        }
        self.problem(at, format!("`{}` occurs twice", shown::word(&key.value)))
    }

    /// A problem at a place of this file.
    pub fn problem(&self, at: impl Into<Place>, message: impl Into<String>) -> Problem {
        self.located(Some(at.into()), message.into())
    }

    /// A problem of the whole file.
    pub fn whole(&self, message: impl Into<String>) -> Problem {
        self.located(None, message.into())
    }

    /// What is written at the place of a value.
    pub fn written(&self, at: Location) -> Option<&str> {
        let span = at.span();
        let start = usize::try_from(span.byte_offset()?).ok()?;
        let end = start.checked_add(usize::try_from(span.byte_len()?).ok()?)?;
        self.text.get(start..end).map(str::trim).filter(|text| !text.is_empty())
    }

    /// The parser's complaint in our words.
    pub fn yaml_problem(&self, error: &Error, at: Option<Location>) -> Problem {
        let error = error.without_snippet();
        let message = match at {
            Some(at) if self.is_guarded(at) => self.guarded(error, at),
            _ => words(error),
        };
        self.located(at.map(Place::from), message)
    }

    /// The parser's complaint where a secret may stand: words of the file are not repeated, except
    /// for a key that is surely one.
    fn guarded(&self, error: &Error, at: Location) -> String {
        match error {
            Error::SerdeUnknownField { field, .. } if self.is_key(at, field) => words(error),
            Error::SerdeUnknownField { expected, .. } => {
                format!("unknown key; there are {}", suggest::quoted(expected))
            }
            Error::SerdeMissingField { .. }
            | Error::SerdeInvalidType { .. }
            | Error::SerdeInvalidValue { .. }
            | Error::Unexpected { .. }
            | Error::NullIntoString { .. }
            | Error::Eof { .. } => words(error),
            Error::AliasError { error, .. } => self.guarded(error, at),
            _ => "this cannot be read; look for a missing quote, bracket or space, and put values with \
                  special characters in quotes"
                .to_owned(),
        }
    }

    /// Whether a secret may stand here, so that words of the file are not repeated.
    pub fn is_guarded(&self, at: Location) -> bool {
        shown::in_providers(&self.text, number(at.line()))
    }

    /// Whether a word of letters stands in front of a colon.
    pub fn is_key(&self, at: Location, word: &str) -> bool {
        let line = number(at.line()).checked_sub(1).and_then(|index| self.text.lines().nth(index));
        let start = number(at.column()).saturating_sub(1);
        let Some(rest) =
            line.and_then(|line| line.char_indices().nth(start).map(|(start, _)| &line[start..]))
        else {
            return false;
        };
        let quote = rest.starts_with(['"', '\'']);
        let after = rest.get(usize::from(quote)..).and_then(|rest| rest.strip_prefix(word));
        let value = after
            .and_then(|after| after.get(usize::from(quote)..))
            .and_then(|after| after.trim_start().strip_prefix(':'));
        word.chars().all(|c| c.is_ascii_alphabetic() || c == '_' || c == '-')
            && value.is_some_and(|value| quote || value.is_empty() || value.starts_with(' '))
    }

    fn located(&self, at: Option<Place>, message: String) -> Problem {
        let (line, column) = at.map_or((0, 0), |at| (at.line, at.column));
        let text = shown::line(&self.text, line);
        Problem { file: self.path.clone(), line, column, text, message }
    }
}

/// What is wrong with something that is there and is no file.
pub(crate) fn no_file(metadata: &std::fs::Metadata) -> &'static str {
    if metadata.is_dir() {
        "is a directory; a file is wanted here"
    } else {
        "is a device or a pipe; a file is wanted here"
    }
}

/// How every file is parsed: bounded, and with the keys that occur twice, which are told apart
/// here.
fn options() -> Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_nodes: YAML_NODES_MAX,
            max_depth: YAML_DEPTH_MAX,
            max_documents: 2,
        },
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: YAML_NODES_MAX,
        },
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
        with_snippet: false,
    }
}

fn number(n: u64) -> usize {
    usize::try_from(n).unwrap_or(usize::MAX)
}

fn words(error: &Error) -> String {
    match error {
        Error::SerdeUnknownField { field, expected, .. } => {
            let hint = suggest::hint(field, expected.iter().copied());
            format!("unknown key `{}`{hint}", shown::word(field))
        }
        Error::SerdeUnknownVariant { variant, expected, .. } => {
            let hint = suggest::hint(variant, expected.iter().copied());
            format!("unknown `{}`{hint}", shown::word(variant))
        }
        Error::SerdeMissingField { field, .. } => format!("the key `{field}` is missing"),
        // The value that does not fit may be a secret at the wrong place: only its type is named.
        Error::SerdeInvalidType { expected, .. } | Error::SerdeInvalidValue { expected, .. } => {
            format!("expected {expected} here")
        }
        Error::Unexpected { expected: "mapping start", .. } => {
            "expected `key: value` here, on lines of their own or in { }".to_owned()
        }
        Error::Unexpected { expected: "sequence start", .. } => {
            "expected a list here, such as [a, b]".to_owned()
        }
        Error::Unexpected { expected: "string scalar", .. } | Error::NullIntoString { .. } => {
            "expected a text here".to_owned()
        }
        Error::MultipleDocuments { .. } => {
            "the file has one document; leave out the line `---` and what follows".to_owned()
        }
        Error::InvalidScalar { ty: "u32", .. } => "expected a whole number here".to_owned(),
        Error::AliasReplayLimitExceeded { .. }
        | Error::AliasExpansionLimitExceeded { .. }
        | Error::AliasReplayStackDepthExceeded { .. } => {
            "its anchors repeat too much; write the values out".to_owned()
        }
        Error::Budget {
            breach: BudgetBreach::Nodes { .. } | BudgetBreach::Events { .. }, ..
        } => {
            format!("has more than {YAML_NODES_MAX} values; split it into files")
        }
        Error::Budget { breach: BudgetBreach::Depth { .. }, .. } => too_deep(),
        Error::AliasError { error, .. } => words(error),
        other => match UserMessageFormatter.format_message(other) {
            // The scanner's own bound, which some nestings meet before the one of the budget.
            said if said == "recursion limit exceeded" => too_deep(),
            said => shown::printable(&said),
        },
    }
}

fn too_deep() -> String {
    format!("is nested deeper than {YAML_DEPTH_MAX} levels; write it flatter")
}
