//! `fleet.yaml` as it is written. Nothing is checked here but names of keys and types.
//!
//! The comments of keys and types are the descriptions in the schema, which editors show.

use serde::Deserialize;

use crate::at::At;
use crate::entries::Entries;
#[cfg(test)]
use crate::limits::{CONCURRENCY_MAX, CONTEXT_TOKENS_MIN, REPLICAS_MAX, RESTARTS_MAX};

/// A fleet: which agents there are, what they are to do, and who answers them.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(title = "fleet.yaml"))]
#[serde(deny_unknown_fields)]
pub(crate) struct FleetFile {
    /// The fleet's name: 1 to 64 of a-z, 0-9 and -. A data directory may hold several fleets.
    pub fleet: At<String>,
    /// Who may answer, by name. `scripted` and `anthropic` exist without being named.
    #[serde(default)]
    pub providers: Entries<At<ProviderFile>>,
    /// The provider of sessions that name none and whose model no provider claims; `scripted` if
    /// this is left out.
    pub provider: Option<At<String>>,
    /// How the parts of every session are restarted, and when idle ones are put to sleep.
    #[serde(default)]
    pub supervision: SupervisionFile,
    /// Where tools run, by name. `local` exists without being named; files in environments/ are
    /// added, named by their stems.
    #[serde(default)]
    pub environments: Entries<At<EnvironmentEntry>>,
    /// The agents by name. If this is left out, every file in agents/ is one, named by its stem.
    pub agents: Option<Entries<AgentEntry>>,
    /// What is to be done, by name.
    pub sessions: At<Entries<SessionFile>>,
}

/// Somebody who answers model requests.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Provider"))]
#[serde(deny_unknown_fields)]
pub(crate) struct ProviderFile {
    /// What speaks to it. May be left out where the provider is named after its driver.
    pub driver: Option<At<ProviderWord>>,
    /// Of `scripted`: the directory with a script per session, `<session>.yaml`.
    pub scripts: Option<At<String>>,
    /// Where the key is: "${env:NAME}" or "${file:PATH}", never the key itself. `anthropic` takes
    /// ANTHROPIC_API_KEY and `openai` OPENAI_API_KEY if this is left out.
    pub api_key: Option<At<String>>,
    /// The endpoint. `openai` needs it for anything but the API of that name, also for models on
    /// this machine.
    pub base_url: Option<At<String>>,
    /// Requests in flight at once; 32 if this is left out.
    #[cfg_attr(test, schemars(range(min = 1, max = CONCURRENCY_MAX)))]
    pub max_concurrency: Option<At<u32>>,
    /// The models that this provider claims: ids or globs such as `claude-*`. An agent's model
    /// finds its provider by this.
    pub models: Option<At<Vec<At<String>>>>,
    /// Tokens of context after which older parts of a session are summarised: at least 10000. The
    /// smallest number of the providers in use holds for every session of a run.
    #[cfg_attr(test, schemars(range(min = CONTEXT_TOKENS_MIN)))]
    pub context_tokens: Option<At<u32>>,
    /// Of `openai`: tokens that one answer may have; 16384 if this is left out. Local models with a
    /// small window refuse every request that asks for more than is left.
    #[cfg_attr(test, schemars(range(min = 1)))]
    pub answer_tokens: Option<At<u32>>,
}

/// What speaks to a provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(title = "driver"))]
#[serde(rename_all = "lowercase")]
pub(crate) enum ProviderWord {
    /// Plays scripts, offline and without a key.
    Scripted,
    /// The Messages API.
    Anthropic,
    /// Chat completions, as OpenAI and many others have them.
    OpenAi,
}

/// Restart budgets, waits and sleep.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Supervision"))]
#[serde(deny_unknown_fields)]
pub(crate) struct SupervisionFile {
    /// How many restarts are too many.
    #[serde(default)]
    pub intensity: IntensityFile,
    /// How long a restart waits.
    #[serde(default)]
    pub backoff: BackoffFile,
    /// How long an idle session keeps its actors: `30s`, `5m`, or `never` to keep them. Its log
    /// wakes it again.
    pub passivate_after: Option<At<String>>,
    /// Known only to be explained: the parts of a session are always restarted.
    #[cfg_attr(test, schemars(extend("deprecated" = true)))]
    pub restart: Option<At<String>>,
}

/// A session whose parts are restarted more often than this is parked.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Intensity"))]
#[serde(deny_unknown_fields)]
pub(crate) struct IntensityFile {
    /// Restarts within the window; 5 if this is left out.
    #[cfg_attr(test, schemars(range(max = RESTARTS_MAX)))]
    pub max_restarts: Option<At<u32>>,
    /// The window: `30s`, `5m`, `1h 30m`; 5m if this is left out.
    pub within: Option<At<String>>,
}

/// The wait before a restart doubles from the one to the other.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Backoff"))]
#[serde(deny_unknown_fields)]
pub(crate) struct BackoffFile {
    /// The first wait; 1ms if this is left out.
    pub from: Option<At<String>>,
    /// The longest wait; 5s if this is left out.
    pub to: Option<At<String>>,
}

/// Where tools run.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "EnvironmentEntry"))]
#[serde(deny_unknown_fields)]
pub(crate) struct EnvironmentEntry {
    /// What starts the sandboxes.
    #[expect(dead_code, reason = "there is one, and the reader has checked that it is this")]
    pub driver: At<SandboxWord>,
}

/// What starts sandboxes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(title = "driver"))]
#[serde(rename_all = "lowercase")]
pub(crate) enum SandboxWord {
    /// A process on this machine, with the rights of whoever runs it.
    Local,
}

/// An agent's file.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "AgentEntry"))]
#[serde(deny_unknown_fields)]
pub(crate) struct AgentEntry {
    /// The file, .md, .yaml or .yml, from the fleet's directory.
    pub file: At<String>,
    /// Who answers this agent, whatever its model.
    pub provider: Option<At<String>>,
}

/// What is to be done. With a prompt it is done once; without one the session stands ready for
/// whoever sends it messages.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Session"))]
#[serde(deny_unknown_fields)]
pub(crate) struct SessionFile {
    /// Who does it: the name of an agent.
    pub agent: At<String>,
    /// Where its tools run; `local` if this is left out.
    pub environment: Option<At<String>>,
    /// Who answers this session, whatever its agent and model.
    pub provider: Option<At<String>>,
    /// The first message. "${session.NAME.answer}" stands for the answer of a session of `after`.
    pub prompt: Option<At<String>>,
    /// How many standing sessions there are of this one, named NAME-1, NAME-2 and so on.
    #[cfg_attr(test, schemars(range(min = 1, max = REPLICAS_MAX)))]
    pub replicas: Option<At<u32>>,
    /// Sessions whose turn must have ended before this one begins.
    #[serde(default)]
    pub after: Vec<At<String>>,
    /// What people see it under; its name if this is left out. Given when the session is created.
    pub title: Option<At<String>>,
    /// Labels of your own. Given when the session is created.
    pub metadata: Option<At<std::collections::BTreeMap<String, String>>>,
    /// What its workspace begins with; nothing if this is left out.
    pub workspace: Option<At<WorkspaceFile>>,
    /// A shell command that judges the finished workspace from inside it: 0 is good.
    pub check: Option<At<String>>,
    /// Known only to be explained: the parts of a session are always restarted.
    #[cfg_attr(test, schemars(extend("deprecated" = true)))]
    pub restart: Option<At<String>>,
}

/// What a workspace begins with: one of the two.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Workspace"))]
#[serde(deny_unknown_fields)]
pub(crate) struct WorkspaceFile {
    /// A copy of what git tracks in this directory.
    pub repository: Option<At<String>>,
    /// A copy of this directory.
    pub copy: Option<At<String>>,
}
