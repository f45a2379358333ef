//! `fleet.yaml` as it is written. Nothing is checked here but names of keys and types.

use serde::Deserialize;
use serde_saphyr::Spanned;

use crate::entries::Entries;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FleetFile {
    pub fleet: Spanned<String>,
    #[serde(default)]
    pub providers: Entries<Spanned<ProviderFile>>,
    pub provider: Option<Spanned<String>>,
    #[serde(default)]
    pub supervision: SupervisionFile,
    #[serde(default)]
    pub environments: Entries<Spanned<EnvironmentFile>>,
    pub agents: Option<Entries<AgentRef>>,
    pub sessions: Spanned<Entries<SessionFile>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProviderFile {
    pub driver: Option<Spanned<String>>,
    pub scripts: Option<Spanned<String>>,
    pub api_key: Option<Spanned<String>>,
    pub base_url: Option<Spanned<String>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SupervisionFile {
    #[serde(default)]
    pub intensity: IntensityFile,
    #[serde(default)]
    pub backoff: BackoffFile,
    /// Known only to be explained.
    pub restart: Option<Spanned<String>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct IntensityFile {
    pub max_restarts: Option<Spanned<u32>>,
    pub within: Option<Spanned<String>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BackoffFile {
    pub from: Option<Spanned<String>>,
    pub to: Option<Spanned<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EnvironmentFile {
    pub driver: Spanned<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AgentRef {
    pub file: Spanned<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SessionFile {
    pub agent: Spanned<String>,
    pub environment: Option<Spanned<String>>,
    pub prompt: Spanned<String>,
    #[serde(default)]
    pub after: Vec<Spanned<String>>,
    pub workspace: Option<Spanned<WorkspaceFile>>,
    pub check: Option<Spanned<String>>,
    /// Known only to be explained.
    pub restart: Option<Spanned<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WorkspaceFile {
    pub repository: Option<Spanned<String>>,
    pub copy: Option<Spanned<String>>,
}
