//! What a check says.

use owo_colors::OwoColorize;
use serde::Serialize;

use crate::terminal::tame;

/// How a finding is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// As it should be.
    Ok,
    /// It works, but not as well as it could.
    Warn,
    /// Sessions cannot run, or would lose work.
    Fail,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What was looked at: a stable word.
    pub check: &'static str,
    /// How it is meant.
    pub level: Level,
    /// What was found.
    pub found: String,
    /// What mends it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mend: Option<String>,
}

impl Finding {
    /// As it should be.
    pub fn ok(check: &'static str, found: impl Into<String>) -> Self {
        Self { check, level: Level::Ok, found: found.into(), mend: None }
    }

    /// It could be better.
    pub fn warn(check: &'static str, found: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { check, level: Level::Warn, found: found.into(), mend: Some(mend.into()) }
    }

    /// It must be mended.
    pub fn fail(check: &'static str, found: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { check, level: Level::Fail, found: found.into(), mend: Some(mend.into()) }
    }

    /// For people: a line, and one for what to do.
    pub fn lines(&self) -> Vec<String> {
        let word = match self.level {
            Level::Ok => "ok  ".green().to_string(),
            Level::Warn => "warn".yellow().to_string(),
            Level::Fail => "FAIL".red().bold().to_string(),
        };
        let mut lines = vec![format!("{word}  {:<16} {}", self.check, tame(&self.found))];
        lines.extend(self.mend.as_ref().map(|mend| format!("      {:<16} -> {}", "", tame(mend))));
        lines
    }
}
