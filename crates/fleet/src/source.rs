//! One file: its text, and problems at places in it.

use std::io::Read;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde_saphyr::{Error, Location, MessageFormatter, Options, UserMessageFormatter};

use crate::error::Problem;
use crate::limits::{FILE_BYTES_MAX, LINE_CHARS_MAX, YAML_DEPTH_MAX, YAML_NODES_MAX};
use crate::suggest;

/// Words in front of a value that is nobody's business.
const SECRET_WORDS: [&str; 7] = ["api", "key", "token", "secret", "password", "credential", "sk-"];

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
        let file = std::fs::File::open(path).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => problem("there is no such file".to_owned()),
            _ => problem(format!("cannot be read: {error}")),
        })?;
        let mut bytes = Vec::new();
        let mut bounded = file.take(FILE_BYTES_MAX + 1);
        bounded.read_to_end(&mut bytes).map_err(|e| problem(format!("cannot be read: {e}")))?;
        if bytes.len() as u64 > FILE_BYTES_MAX {
            return Err(problem(format!("is larger than {FILE_BYTES_MAX} bytes")));
        }
        let text = String::from_utf8(bytes).map_err(|_| problem("is not UTF-8 text".to_owned()))?;
        // Without the mark that some editors put first, places are those that people count.
        let text = text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text);
        Ok(Self { path: path.to_owned(), text })
    }

    /// Reads the whole text as YAML.
    ///
    /// # Errors
    /// The first thing that is no YAML or does not fit the type.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        serde_saphyr::from_str_with_options(&self.text, options())
            .map_err(|error| self.yaml_problem(&error, error.location()))
    }

    /// A problem at a place of this file.
    pub fn problem(&self, at: Location, message: impl Into<String>) -> Problem {
        self.located(Some(at), message.into())
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
        self.located(at, words(error.without_snippet()))
    }

    fn located(&self, at: Option<Location>, message: String) -> Problem {
        let number = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
        let (line, column) = at.map_or((0, 0), |at| (number(at.line()), number(at.column())));
        let text = line.checked_sub(1).and_then(|index| self.text.lines().nth(index));
        let text = text.map(shown).unwrap_or_default();
        Problem { file: self.path.clone(), line, column, text, message }
    }
}

/// How every file is parsed: bounded, and keys once.
pub(crate) fn options() -> Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_nodes: YAML_NODES_MAX,
            max_depth: YAML_DEPTH_MAX,
            max_documents: 2,
        },
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: YAML_NODES_MAX,
        },
        with_snippet: false,
    }
}

fn words(error: &Error) -> String {
    match error {
        Error::SerdeUnknownField { field, expected, .. } => {
            let hint = suggest::hint(field, expected.iter().copied());
            format!("unknown key `{}`{hint}", suggest::bounded(field))
        }
        Error::SerdeUnknownVariant { variant, expected, .. } => {
            let hint = suggest::hint(variant, expected.iter().copied());
            format!("unknown `{}`{hint}", suggest::bounded(variant))
        }
        Error::SerdeMissingField { field, .. } => format!("the key `{field}` is missing"),
        Error::DuplicateMappingKey { key: Some(key), .. } => {
            format!("`{}` occurs twice", suggest::bounded(key))
        }
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
        Error::AliasError { error, .. } => words(error),
        other => printable(&UserMessageFormatter.format_message(other)),
    }
}

/// A text that cannot play tricks on a terminal.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// A line for a message: bounded, and cut where a secret may begin.
fn shown(line: &str) -> String {
    let lower = line.to_ascii_lowercase();
    let mut end = line.char_indices().nth(LINE_CHARS_MAX).map_or(line.len(), |(end, _)| end);
    for word in SECRET_WORDS {
        let Some(start) = lower.find(word) else { continue };
        let value = match lower[start..].find(':') {
            Some(colon) if word != "sk-" => start + colon + 1,
            None if word != "sk-" => continue,
            _ => start,
        };
        end = end.min(value);
    }
    let mut text = printable(&line[..end]);
    if end < line.len() {
        text.push_str(" …");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_cut_where_a_secret_may_begin() {
        assert_eq!(shown("  api_key: hunter2"), "  api_key: …");
        assert_eq!(shown("{ driver: x, API_KYE: hunter2, Token: y }"), "{ driver: x, API_KYE: …");
        assert_eq!(shown("a: sk-ant-123"), "a:  …");
        assert_eq!(shown("  prompt: find the keys"), "  prompt: find the keys");
        assert_eq!(shown(&"é".repeat(1_000)).chars().count(), LINE_CHARS_MAX + 2);
    }
}
