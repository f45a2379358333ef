//! What the runtime tells its callers.

use planaria_core::SessionId;
use planaria_core::port::store;
use planaria_core::record::PayloadError;
use planaria_core::session::Rejection;
use tokio::sync::watch;

/// Why a call to a session did not succeed.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no such session.
    #[error("there is no session {0}")]
    NoSuchSession(SessionId),
    /// The session refuses; nothing was recorded.
    #[error(transparent)]
    Rejected(#[from] Rejection),
    /// The session died before it could answer. What was asked may or may not have been recorded:
    /// read the session to see.
    #[error(
        "{session} was interrupted before it could answer; read it to see whether the request was recorded"
    )]
    Interrupted {
        /// Which session.
        session: SessionId,
    },
    /// A catalog entry that had to be absent is there; nothing was recorded.
    #[error("not recorded: a catalog entry that must be absent exists")]
    Exists,
    /// The store refused the append; nothing was recorded.
    #[error("not recorded: {0}")]
    NotAppended(String),
    /// The session did not come up in time.
    #[error("{session} did not come up within {seconds} s; try again")]
    NotReady {
        /// Which session.
        session: SessionId,
        /// How long the caller waited.
        seconds: u64,
    },
    /// The session's log cannot be read; it is stopped, the others run.
    #[error("{session} is stopped: {problem}")]
    Unreadable {
        /// Which session.
        session: SessionId,
        /// Why.
        problem: String,
    },
    /// The store cannot do it.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// A record of the log is not what its kind promises.
    #[error(transparent)]
    Payload(#[from] PayloadError),
    /// The runtime has ended.
    #[error("the runtime has ended: {0}")]
    Ended(String),
}

impl Error {
    /// Whether the session's log itself is what cannot be used, as opposed to the way to it.
    pub(crate) fn is_of_the_log(&self) -> bool {
        matches!(self, Self::Store(store::Error::Corrupt { .. }) | Self::Payload(_))
    }
}

/// How a runtime ended.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum End {
    /// It was asked to.
    #[error("shut down")]
    Shutdown,
    /// The store accepts nothing more; what was acknowledged is safe. Start again to recover.
    #[error("{0}")]
    Store(store::Error),
    /// Supervision gave up.
    #[error("supervision gave up: {0}")]
    GaveUp(String),
}

/// Says how the runtime ends; the first word counts.
pub(crate) fn end_with(end: &watch::Sender<Option<End>>, how: End) {
    end.send_if_modified(|end| {
        let first = end.is_none();
        if first {
            *end = Some(how);
        }
        first
    });
}
