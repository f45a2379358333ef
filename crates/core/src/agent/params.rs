//! Agents as people write them: the fields of the create call, checked and filled in.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::{Agent, Model, PermissionPolicy, Tool, ToolConfig, ToolDefaults};
use crate::limits::{AGENT_NAME_CHARS_MAX, SYSTEM_CHARS_MAX, TOOLS_MAX};
use crate::tool::builtin;

/// The names of the built-in set; two of them are run by the server and not built yet.
const TOOLSET: [&str; 8] =
    ["bash", "edit", "read", "write", "glob", "grep", "web_fetch", "web_search"];

/// A value that the contract does not allow, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {problem}")]
pub struct Invalid {
    /// Dotted path of the field (`tools.0.name`).
    pub path: String,
    /// What is wrong, and how to mend it.
    pub problem: String,
}

fn invalid(path: impl Into<String>, problem: impl Into<String>) -> Invalid {
    Invalid { path: path.into(), problem: problem.into() }
}

/// The body of an agent create call, and the content of an agent's file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AgentParams {
    /// The agent's name.
    pub name: String,
    /// For people.
    #[serde(default)]
    pub description: Option<String>,
    /// A model id, or an object.
    pub model: ModelParams,
    /// The system prompt.
    #[serde(default)]
    pub system: Option<String>,
    /// The tools.
    #[serde(default)]
    pub tools: Option<Vec<ToolParams>>,
    /// Not built yet: refused unless empty.
    #[serde(default)]
    pub mcp_servers: Option<Vec<Value>>,
    /// Not built yet: refused unless empty.
    #[serde(default)]
    pub skills: Option<Vec<Value>>,
    /// Not built yet: refused unless null.
    #[serde(default)]
    pub multiagent: Option<Value>,
    /// The owner's labels.
    #[serde(default)]
    pub metadata: Option<BTreeMap<String, String>>,
}

/// A model as people write it.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum ModelParams {
    /// Just the id.
    Id(String),
    /// With settings.
    Full(ModelSettings),
}

/// The object form of a model.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelSettings {
    /// The model's id.
    pub id: String,
    /// A level, or `{type: level}`.
    #[serde(default)]
    pub effort: Option<Value>,
    /// Accepted and ignored unless the provider knows it.
    #[serde(default)]
    pub speed: Option<String>,
    /// Accepted and ignored unless the provider knows it.
    #[serde(default)]
    pub inference_geo: Option<String>,
}

/// An entry of `tools` as people write it.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "type", deny_unknown_fields)]
pub enum ToolParams {
    /// The built-in set.
    #[serde(rename = "agent_toolset_20260401")]
    Toolset {
        /// What its tools start from.
        #[serde(default)]
        default_config: Option<DefaultsParams>,
        /// Where they differ.
        #[serde(default)]
        configs: Option<Vec<ConfigParams>>,
    },
    /// A tool that the client runs.
    #[serde(rename = "custom")]
    Custom {
        /// Its name.
        name: String,
        /// For the model.
        description: String,
        /// JSON Schema of its input.
        input_schema: Value,
    },
}

/// Defaults of a set as people write them.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DefaultsParams {
    /// Whether the tools are offered.
    #[serde(default)]
    pub enabled: Option<bool>,
    /// Their policy.
    #[serde(default)]
    pub permission_policy: Option<PermissionPolicy>,
}

/// One tool's settings as people write them.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConfigParams {
    /// The tool.
    pub name: String,
    /// Equal to `name` where given.
    #[serde(default, rename = "type")]
    pub kind: Option<String>,
    /// Whether it is offered.
    #[serde(default)]
    pub enabled: Option<bool>,
    /// Its policy.
    #[serde(default)]
    pub permission_policy: Option<PermissionPolicy>,
}

impl AgentParams {
    /// The agent that these parameters describe.
    ///
    /// # Errors
    /// The first value that the contract does not allow, or that is not built yet.
    pub fn materialise(self) -> Result<Agent, Invalid> {
        let chars = self.name.chars().count();
        if chars == 0 || chars > AGENT_NAME_CHARS_MAX {
            return Err(invalid(
                "name",
                format!("must have 1 to {AGENT_NAME_CHARS_MAX} characters"),
            ));
        }
        if self.system.as_ref().is_some_and(|s| s.chars().count() > SYSTEM_CHARS_MAX) {
            return Err(invalid("system", format!("at most {SYSTEM_CHARS_MAX} characters")));
        }
        for (field, present) in [
            ("mcp_servers", self.mcp_servers.as_ref().is_some_and(|v| !v.is_empty())),
            ("skills", self.skills.as_ref().is_some_and(|v| !v.is_empty())),
            ("multiagent", self.multiagent.as_ref().is_some_and(|v| !v.is_null())),
        ] {
            if present {
                return Err(invalid(field, "not supported by this version yet; leave it out"));
            }
        }
        Ok(Agent {
            name: self.name,
            description: self.description.filter(|d| !d.is_empty()),
            model: model(self.model)?,
            system: self.system.filter(|s| !s.is_empty()),
            tools: tools(self.tools.unwrap_or_default())?,
            metadata: self.metadata.unwrap_or_default(),
        })
    }
}

fn model(params: ModelParams) -> Result<Model, Invalid> {
    let (id, effort) = match params {
        ModelParams::Id(id) => (id, None),
        ModelParams::Full(full) => (full.id, full.effort),
    };
    if id.is_empty() {
        return Err(invalid("model", "must not be empty"));
    }
    let effort = match effort {
        None | Some(Value::Null) => None,
        Some(Value::String(level)) => Some(level),
        Some(Value::Object(map)) => map.get("type").and_then(Value::as_str).map(str::to_owned),
        Some(_) => return Err(invalid("model.effort", "must be a level such as `high`")),
    };
    if let Some(level) = &effort
        && !["low", "medium", "high", "xhigh", "max"].contains(&level.as_str())
    {
        return Err(invalid("model.effort", "must be low, medium, high, xhigh or max"));
    }
    Ok(Model { id, effort })
}

fn tools(params: Vec<ToolParams>) -> Result<Vec<Tool>, Invalid> {
    if params.len() > TOOLS_MAX {
        return Err(invalid("tools", format!("at most {TOOLS_MAX} entries")));
    }
    let mut names: Vec<String> = Vec::new();
    let mut toolsets = 0;
    let mut tools = Vec::with_capacity(params.len());
    for (index, tool) in params.into_iter().enumerate() {
        tools.push(match tool {
            ToolParams::Toolset { default_config, configs } => {
                toolsets += 1;
                if toolsets > 1 {
                    return Err(invalid(
                        format!("tools.{index}"),
                        "only one agent_toolset is allowed",
                    ));
                }
                toolset(index, default_config, configs.unwrap_or_default())?
            }
            ToolParams::Custom { name, description, input_schema } => {
                custom_name(index, &name)?;
                if names.contains(&name) {
                    return Err(invalid(
                        format!("tools.{index}.name"),
                        format!("`{name}` occurs twice"),
                    ));
                }
                if description.is_empty() {
                    return Err(invalid(format!("tools.{index}.description"), "must not be empty"));
                }
                if input_schema.get("type").and_then(Value::as_str) != Some("object") {
                    let path = format!("tools.{index}.input_schema");
                    return Err(invalid(path, "must be a JSON Schema with `type: object`"));
                }
                names.push(name.clone());
                Tool::Custom { name, description, input_schema }
            }
        });
    }
    Ok(tools)
}

fn custom_name(index: usize, name: &str) -> Result<(), Invalid> {
    let path = || format!("tools.{index}.name");
    let good = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if name.is_empty() || name.len() > 128 || !name.chars().all(good) {
        return Err(invalid(path(), "must have 1 to 128 of A-Z a-z 0-9 _ -"));
    }
    if TOOLSET.contains(&name) || name.starts_with("mcp__") {
        return Err(invalid(path(), format!("`{name}` is reserved for built-in and MCP tools")));
    }
    Ok(())
}

fn toolset(
    index: usize,
    defaults: Option<DefaultsParams>,
    configs: Vec<ConfigParams>,
) -> Result<Tool, Invalid> {
    let defaults = ToolDefaults {
        enabled: defaults.as_ref().and_then(|d| d.enabled).unwrap_or(true),
        permission_policy: defaults
            .as_ref()
            .and_then(|d| d.permission_policy)
            .unwrap_or(PermissionPolicy::AlwaysAllow),
    };
    let mut entries: Vec<ToolConfig> = Vec::with_capacity(configs.len());
    for (at, config) in configs.into_iter().enumerate() {
        let path = format!("tools.{index}.configs.{at}.name");
        if !TOOLSET.contains(&config.name.as_str()) {
            let known = TOOLSET.join(", ");
            return Err(invalid(
                path,
                format!("unknown tool `{}`; there are {known}", config.name),
            ));
        }
        if config.kind.as_ref().is_some_and(|kind| *kind != config.name) {
            return Err(invalid(format!("tools.{index}.configs.{at}.type"), "must equal `name`"));
        }
        if entries.iter().any(|entry| entry.name == config.name) {
            return Err(invalid(path, format!("`{}` occurs twice", config.name)));
        }
        let enabled = config.enabled.unwrap_or(defaults.enabled);
        if enabled && config.enabled == Some(true) && builtin(&config.name).is_none() {
            return Err(invalid(path, format!("`{}` is not supported yet", config.name)));
        }
        entries.push(ToolConfig {
            kind: config.name.clone(),
            name: config.name,
            enabled,
            permission_policy: config.permission_policy.unwrap_or(defaults.permission_policy),
        });
    }
    Ok(Tool::Toolset { default_config: defaults, configs: entries })
}
