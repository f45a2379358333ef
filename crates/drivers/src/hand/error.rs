//! Why a hand cannot start or go on.

use std::io;
use std::path::{Path, PathBuf};

/// Why a hand cannot start or go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The words on the command line are not those of a driver.
    #[error("`planaria hand` is started by planaria itself: {0}")]
    Usage(String),
    /// The operating system refused something.
    #[error("{doing} {}: {source}", path.display())]
    Io {
        /// What was attempted.
        doing: &'static str,
        /// On what.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// A newer server or a newer hand owns this workspace.
    #[error("{0}")]
    Fenced(String),
    /// The journal of calls is damaged in front of valid records, so that what ran is not known.
    #[error(
        "{}: damaged at byte {offset}, in front of valid records. What earlier calls did is not \
         known; end the session, or move the file away, after which calls without a recorded \
         result run again",
        path.display()
    )]
    Damaged {
        /// The journal.
        path: PathBuf,
        /// Where the damage begins.
        offset: u64,
    },
    /// Another hand holds the workspace and did not let go.
    #[error("{}: another hand holds the workspace ({holder})", path.display())]
    Busy {
        /// The lock.
        path: PathBuf,
        /// Who holds it.
        holder: String,
    },
    /// The directory of the sockets is not safe to use.
    #[error("{}: {problem}", path.display())]
    SocketDir {
        /// The directory.
        path: PathBuf,
        /// What is wrong and how to mend it.
        problem: String,
    },
    /// Processes of an earlier hand could not be killed.
    #[error(
        "{count} processes of an earlier hand are still there after being killed, first {first}"
    )]
    Survivors {
        /// How many.
        count: usize,
        /// The pid of the first.
        first: i32,
    },
}

impl Error {
    /// Wraps an error of the operating system.
    pub(crate) fn io(doing: &'static str, path: &Path, source: impl Into<io::Error>) -> Self {
        Self::Io { doing, path: path.to_owned(), source: source.into() }
    }
}
