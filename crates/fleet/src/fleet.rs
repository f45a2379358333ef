//! A fleet, checked.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use planaria_core::agent::Agent;

use crate::error::Problem;
use crate::secret::Secret;
use crate::shown;

/// A fleet whose names all lead somewhere.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Fleet {
    /// Its directory, as it was named.
    pub dir: PathBuf,
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
    /// The sessions, in the order of the file; replicas one by one.
    pub sessions: Vec<Session>,
    /// What is not wrong, but may not be what somebody expects.
    pub warnings: Vec<Problem>,
}

impl Fleet {
    /// The name of the provider that answers a session, unless somebody overrides it: a key of
    /// [`Fleet::providers`].
    pub fn provider_of<'f>(&'f self, session: &'f Session) -> &'f str {
        let chosen = session.provider.as_deref().or(self.provider.as_deref());
        chosen.unwrap_or(FREE)
    }

    /// Tokens of context after which sessions are compacted: the smallest number that a provider
    /// of any of them has; `None` where none says so.
    pub fn context_tokens(&self) -> Option<u32> {
        let providers = self.sessions.iter().map(|session| self.provider_of(session));
        let numbers = providers.filter_map(|name| self.providers.get(name)?.context_tokens);
        numbers.min()
    }
}

/// The provider that costs nothing and needs nothing.
const FREE: &str = "scripted";

/// Who answers the model requests.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Provider {
    /// What speaks to it.
    pub model: Model,
    /// Ids or globs of the models that it claims; empty if it claims none and takes any.
    pub models: Vec<String>,
    /// Requests in flight at once, where the file says so.
    pub max_concurrency: Option<u32>,
    /// Tokens of context after which a session is compacted, where the file says so.
    pub context_tokens: Option<u32>,
}

impl Provider {
    /// A provider of which no more is said.
    pub(crate) fn of(model: Model) -> Self {
        Self { model, models: Vec::new(), max_concurrency: None, context_tokens: None }
    }

    /// Whether it claims this model.
    pub fn claims(&self, model: &str) -> bool {
        let matches = |glob: &String| {
            globset::Glob::new(glob).is_ok_and(|glob| glob.compile_matcher().is_match(model))
        };
        self.models.iter().any(matches)
    }
}

/// What speaks to a provider. `Debug` shows no credentials.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Model {
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
    /// Chat completions.
    OpenAi {
        /// Where the key is; an endpoint of one's own may want none.
        api_key: Option<Secret>,
        /// The endpoint.
        base_url: String,
        /// Tokens that one answer may have, where the file says so.
        answer_tokens: Option<u32>,
    },
}

impl Model {
    /// The secret that it needs, if any.
    pub fn secret(&self) -> Option<&Secret> {
        match self {
            Self::Scripted { .. } => None,
            Self::Anthropic { api_key, .. } => Some(api_key),
            Self::OpenAi { api_key, .. } => api_key.as_ref(),
        }
    }
}

impl fmt::Debug for Model {
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
            Self::OpenAi { api_key, base_url, answer_tokens } => f
                .debug_struct("OpenAi")
                .field("api_key", api_key)
                .field("base_url", &shown::url(base_url))
                .field("answer_tokens", answer_tokens)
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
    /// How long an idle session keeps its actors.
    pub passivate_after: Option<Passivation>,
}

/// When an idle session gives its actors back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Passivation {
    /// After this time.
    After(Duration),
    /// Never: it keeps them.
    Never,
}

impl Passivation {
    /// The time; `None` for never.
    pub fn after(self) -> Option<Duration> {
        match self {
            Self::After(time) => Some(time),
            Self::Never => None,
        }
    }
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
#[non_exhaustive]
pub struct Session {
    /// Its name in the fleet, 1–64 of `a-z 0-9 -`.
    pub name: String,
    /// The name in the file, where the file has one name for several sessions.
    pub replica_of: Option<String>,
    /// Its agent; a key of [`Fleet::agents`].
    pub agent: String,
    /// Its environment; a key of [`Fleet::environments`].
    pub environment: String,
    /// The provider that its file, its agent's entry or its model chooses, if any does.
    pub provider: Option<String>,
    /// The first message. Its `${session.NAME.answer}` name sessions of `after`. A session without
    /// one stands ready for messages.
    pub prompt: Option<String>,
    /// Sessions whose turn must have ended first.
    pub after: Vec<String>,
    /// What people see it under, where it is not its name.
    pub title: Option<String>,
    /// The owner's labels.
    pub metadata: BTreeMap<String, String>,
    /// What its workspace begins with.
    pub workspace: Option<Workspace>,
    /// A shell command that judges the finished workspace: 0 is good.
    pub check: Option<String>,
}

impl Session {
    /// Its name in the file, which all replicas share.
    pub fn entry(&self) -> &str {
        self.replica_of.as_deref().unwrap_or(&self.name)
    }
}

/// What a workspace begins with. The directory exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Workspace {
    /// A copy of a directory.
    Copy(PathBuf),
    /// A copy of what git tracks in a directory.
    Repository(PathBuf),
}
