//! A fleet, checked.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use planaria_core::agent::Agent;

use crate::secret::Secret;
use crate::shown;

/// A fleet whose names all lead somewhere.
#[derive(Debug, Clone, PartialEq)]
pub struct Fleet {
    /// Its name, 1–64 of `a-z 0-9 -`.
    pub name: String,
    /// The providers by name; `scripted` and `anthropic` are always there.
    pub providers: BTreeMap<String, Provider>,
    /// The provider that the file chooses, if it does.
    pub provider: Option<String>,
    /// How restarts are done, where the file says so.
    pub supervision: Supervision,
    /// The environments by name; `local` is always there.
    pub environments: BTreeMap<String, Environment>,
    /// The agents by name.
    pub agents: BTreeMap<String, Agent>,
    /// The sessions, in the order of the file.
    pub sessions: Vec<Session>,
}

/// Who answers the model requests. `Debug` shows no credentials.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Provider {
    /// The offline model that plays scripts.
    Scripted {
        /// The directory of `<session>.yaml`.
        scripts: PathBuf,
    },
    /// The Messages API.
    Anthropic {
        /// Where the key is.
        api_key: Secret,
        /// The endpoint, where it is not the API itself.
        base_url: Option<String>,
    },
}

impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Scripted { scripts } => {
                f.debug_struct("Scripted").field("scripts", scripts).finish()
            }
            Self::Anthropic { api_key, base_url } => f
                .debug_struct("Anthropic")
                .field("api_key", api_key)
                .field("base_url", &base_url.as_deref().map(shown::url))
                .finish(),
        }
    }
}

/// Restart budgets and waits; what is absent has the runtime's default.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Supervision {
    /// Restarts within `within` before a session is parked.
    pub max_restarts: Option<u32>,
    /// The window of `max_restarts`.
    pub within: Option<Duration>,
    /// First wait before a restart.
    pub backoff_from: Option<Duration>,
    /// Longest wait before a restart.
    pub backoff_to: Option<Duration>,
}

/// Where tools run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Environment {
    /// What starts its sandboxes.
    pub driver: Driver,
}

/// What starts sandboxes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Driver {
    /// A process on this machine, with the rights of whoever runs it.
    Local,
}

/// One session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Its name in the fleet, 1–64 of `a-z 0-9 -`.
    pub name: String,
    /// Its agent; a key of [`Fleet::agents`].
    pub agent: String,
    /// Its environment; a key of [`Fleet::environments`].
    pub environment: String,
    /// The first message. Its `${session.NAME.answer}` name sessions of `after`.
    pub prompt: String,
    /// Sessions whose turn must have ended first.
    pub after: Vec<String>,
    /// What its workspace begins with.
    pub workspace: Option<Workspace>,
    /// A shell command that judges the finished workspace: 0 is good.
    pub check: Option<String>,
}

/// What a workspace begins with. The directory exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Workspace {
    /// A copy of a directory.
    Copy(PathBuf),
    /// A copy of what git tracks in a directory.
    Repository(PathBuf),
}
