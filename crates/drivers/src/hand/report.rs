//! What a starting hand tells the driver, one line each on its standard output.

use std::io::Write;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::process::Process;

/// Tells our lines from whatever else the program prints.
const PREFIX: &str = "planaria-hand ";

/// One line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Report {
    /// The hand's process is there.
    Started(Process),
    /// It listens.
    Ready(Address),
    /// A newer hand or server owns the workspace.
    Fenced(String),
    /// It cannot start.
    Failed(String),
}

/// How a hand is found again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Address {
    pub socket: PathBuf,
    #[serde(flatten)]
    pub process: Process,
}

impl Report {
    /// Prints the line.
    ///
    /// # Errors
    /// When nobody listens any more.
    pub fn say(&self) -> std::io::Result<()> {
        let text = serde_json::to_string(self)?;
        let mut out = std::io::stdout().lock();
        write!(out, "\n{PREFIX}{text}\n").and_then(|()| out.flush())
    }

    /// The report that a line holds, if it holds one.
    pub fn parse(line: &str) -> Option<Self> {
        serde_json::from_str(line.strip_prefix(PREFIX)?.trim_end()).ok()
    }
}
