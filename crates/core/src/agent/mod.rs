//! Agents as sessions keep them: a complete snapshot, defaults filled in (contract §3.1).

mod params;
mod policy;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use params::{AgentParams, Invalid};
pub use policy::{Permission, offered_tools, permission, runner};

use crate::tool::{EffectClass, ToolSpec};

/// An agent, materialised.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Agent {
    /// 1–256 characters, not unique.
    pub name: String,
    /// For people.
    pub description: Option<String>,
    /// Which model, and how it is asked.
    pub model: Model,
    /// The system prompt.
    pub system: Option<String>,
    /// The tools.
    pub tools: Vec<Tool>,
    /// The owner's labels.
    pub metadata: BTreeMap<String, String>,
}

/// A model and how it is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Model {
    /// The model's id.
    pub id: String,
    /// `low`, `medium`, `high`, `xhigh` or `max`; the model's own default if unset.
    pub effort: Option<String>,
}

/// Whether a call runs at once or waits for a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum PermissionPolicy {
    /// Runs at once.
    AlwaysAllow,
    /// Waits for `user.tool_confirmation`.
    AlwaysAsk,
    /// The server judges. Without a judge every call is indeterminate and waits.
    Auto,
}

/// What every tool of a set starts from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolDefaults {
    /// Whether the tools are offered.
    pub enabled: bool,
    /// Their policy.
    pub permission_policy: PermissionPolicy,
}

/// One tool of the built-in set, where it differs from the defaults.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ToolConfig {
    /// Equal to `name`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The tool.
    pub name: String,
    /// Whether it is offered.
    pub enabled: bool,
    /// Its policy.
    pub permission_policy: PermissionPolicy,
}

/// An entry of an agent's `tools`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
#[non_exhaustive]
pub enum Tool {
    /// The built-in set (contract §13).
    #[serde(rename = "agent_toolset_20260401")]
    Toolset {
        /// What its tools start from.
        default_config: ToolDefaults,
        /// Where they differ.
        configs: Vec<ToolConfig>,
    },
    /// A tool that the client runs.
    #[serde(rename = "custom")]
    Custom {
        /// 1–128 of `[A-Za-z0-9_-]`, unique in the agent.
        name: String,
        /// For the model.
        description: String,
        /// JSON Schema of its input.
        input_schema: Value,
    },
    /// A tool that the server itself runs: the embedder's, see [`crate::port::tool::Tool`].
    #[serde(rename = "host")]
    Host {
        /// 1–128 of `[A-Za-z0-9_-]`, unique in the agent.
        name: String,
        /// For the model.
        description: String,
        /// JSON Schema of its input.
        input_schema: Value,
        /// What may be done about a call that was lost.
        class: EffectClass,
    },
}

impl Agent {
    /// An agent that has a name and a model, and no tools.
    pub fn new(name: impl Into<String>, model: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            description: None,
            model: Model { id: model.into(), effort: None },
            system: None,
            tools: Vec::new(),
            metadata: BTreeMap::new(),
        }
    }

    /// With this system prompt.
    #[must_use]
    pub fn with_system(mut self, system: impl Into<String>) -> Self {
        self.system = Some(system.into());
        self
    }

    /// With the built-in tools, all of which run in the sandbox without asking.
    #[must_use]
    pub fn with_toolset(mut self) -> Self {
        let permission_policy = PermissionPolicy::AlwaysAllow;
        let default_config = ToolDefaults { enabled: true, permission_policy };
        self.tools.push(Tool::Toolset { default_config, configs: Vec::new() });
        self
    }

    /// With a tool of the embedder's. The runtime must be built with the same tool.
    #[must_use]
    pub fn with_tool(mut self, tool: &dyn crate::port::tool::Tool) -> Self {
        let ToolSpec { name, description, input_schema } = tool.spec();
        self.tools.push(Tool::Host { name, description, input_schema, class: tool.class() });
        self
    }
}
