//! Why something could not be started, and why a request to a supervisor is refused.

use std::time::Duration;

use ractor::ActorCell;

/// Why a child, a supervisor or a whole tree could not be started.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// Its start function said so, or panicked.
    #[error("{0}")]
    Failed(String),
    /// It took longer than its start timeout.
    #[error("it did not start within {0:?}")]
    Timeout(Duration),
    /// A child of the supervisor could not be started; those before it were stopped again.
    #[error("child `{id}` could not be started: {cause}")]
    Child {
        /// Which child.
        id: String,
        /// Why.
        cause: Box<StartError>,
    },
    /// The declaration is not allowed.
    #[error("invalid declaration: {0}")]
    Invalid(String),
    /// The supervisor ended meanwhile.
    #[error("the supervisor ended meanwhile")]
    SupervisorGone,
}

/// Why a supervisor refuses a request. Nothing was changed.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A child of that id runs.
    #[error("already started")]
    AlreadyStarted(ActorCell),
    /// There is a child of that id, which does not run: restart or delete it.
    #[error("already present")]
    AlreadyPresent,
    /// The child runs.
    #[error("running")]
    Running,
    /// The child is being restarted.
    #[error("restarting")]
    Restarting,
    /// There is no such child.
    #[error("not found")]
    NotFound,
    /// The child could not be started.
    #[error(transparent)]
    Start(#[from] StartError),
    /// There is no such supervisor any more.
    #[error("the supervisor has ended")]
    NoSupervisor,
}
