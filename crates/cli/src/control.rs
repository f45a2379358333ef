//! How another `planaria` process looks into a running one, and speaks to its sessions: one request
//! line, JSON lines back, on a Unix socket inside the data directory, so that its permissions are
//! the directory's.
//!
//! Answers are streams: a line is made when the one before was taken, so neither side holds more
//! than a page, and a slow reader slows nobody but itself. The last line says that the answer is
//! whole, or why it is not.

mod asker;
mod server;

use std::fs::File;
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::events::Filter;

pub use asker::{Answer, Lost, ask, stream};
pub use server::serve;

/// What may be asked.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "snake_case")]
pub enum Request {
    /// The supervision tree: one node per line.
    Tree,
    /// What is known of a fleet's sessions, as one line.
    Current {
        /// The fleet's name.
        fleet: String,
    },
    /// A session's records: one per line.
    Events {
        /// Id or name.
        session: String,
        /// Which of them.
        filter: Filter,
        /// Also those to come, until the runtime ends.
        follow: bool,
    },
    /// A session's log as a file has it.
    Export {
        /// Id or name.
        session: String,
        /// Also while it is at work.
        force: bool,
    },
    /// Gives a session an event; one line back, the event as it was accepted.
    Send {
        /// Id or name.
        session: String,
        /// The event, as the API has it.
        event: Value,
    },
}

impl Request {
    /// Whether the answer may let one wait for its next line.
    fn follows(&self) -> bool {
        matches!(self, Self::Events { follow: true, .. })
    }
}

/// The last line of an answer: without it, the answer is not whole.
#[derive(Debug, Serialize, Deserialize)]
struct End {
    /// Why there is no answer, in words.
    end: Option<String>,
}

/// Where the socket lies, as a path that is short however long the directory's is: socket addresses
/// end at 108 bytes. It is good as long as the file is open.
fn place(data_dir: &Path) -> anyhow::Result<(File, PathBuf)> {
    let dir = File::open(data_dir)?;
    let path = format!("/proc/self/fd/{}/control.sock", dir.as_raw_fd());
    Ok((dir, path.into()))
}
