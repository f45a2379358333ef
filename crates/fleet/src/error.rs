//! What is wrong with a fleet, and where.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::limits::PROBLEMS_MAX;

/// One problem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The file, as the caller named its directory.
    pub file: PathBuf,
    /// The line, from 1; 0 where the problem is the file as a whole.
    pub line: usize,
    /// The column in characters, from 1; 0 where the problem is the file as a whole.
    pub column: usize,
    /// The line itself, without what may be a secret; empty where it says nothing.
    pub text: String,
    /// What is wrong, and how to mend it.
    pub message: String,
}

impl Problem {
    /// A problem of a file as a whole.
    pub(crate) fn whole(file: &Path, message: impl Into<String>) -> Self {
        let (file, message) = (file.to_owned(), message.into());
        Self { file, line: 0, column: 0, text: String::new(), message }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, line, column, text, message } = self;
        let file = file.display();
        if *line == 0 {
            return write!(f, "{file}: {message}");
        }
        write!(f, "{file}:{line}:{column}: {message}")?;
        if !text.trim().is_empty() {
            write!(f, "\n    {text}")?;
            if *column <= text.chars().count() {
                write!(f, "\n    {:>column$}", '^')?;
            }
        }
        Ok(())
    }
}

/// Everything that is wrong with a fleet; at least one problem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Errors(pub(crate) Vec<Problem>);

impl Errors {
    /// The problems, file by file, in the order in which they were found.
    pub fn problems(&self) -> &[Problem] {
        &self.0
    }
}

impl fmt::Display for Errors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().take(PROBLEMS_MAX).enumerate() {
            let separator = if index == 0 { "" } else { "\n" };
            write!(f, "{separator}{problem}")?;
        }
        match self.0.len().saturating_sub(PROBLEMS_MAX) {
            0 => Ok(()),
            more => write!(f, "\n… and {more} more"),
        }
    }
}

impl std::error::Error for Errors {}
