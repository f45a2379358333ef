//! Files that are read by other types than those that describe them: agents and environments by
//! the types of the API, scripts by the model that plays them. A key that one side has and the
//! other has not is found by the tests beside the files.

#![allow(dead_code, reason = "only names, types and comments count")]

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

/// An agent, as `ant apply` and the create call of the API have it.
#[derive(Deserialize, JsonSchema)]
#[schemars(title = "an agent's file")]
#[serde(deny_unknown_fields)]
pub(super) struct Agent {
    /// What kind of file this is; may be left out.
    #[serde(rename = "type")]
    kind: Option<Value>,
    /// The agent's name: 1 to 256 characters.
    name: String,
    /// What it is for, for people.
    description: Option<String>,
    /// The model's id, or an object with settings.
    model: Model,
    /// The system prompt. In a Markdown file this is the body.
    system: Option<String>,
    /// What it may do.
    tools: Option<Vec<Tool>>,
    /// Not built yet: leave it empty.
    mcp_servers: Option<Vec<Value>>,
    /// Not built yet: left out with a warning.
    skills: Option<Vec<Value>>,
    /// Not built yet: leave it out.
    multiagent: Option<Value>,
    /// Labels of your own.
    metadata: Option<BTreeMap<String, String>>,
}

/// The model's id, or an object with settings.
#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
enum Model {
    /// Just the id.
    Id(String),
    /// With settings.
    Full(ModelSettings),
}

/// A model with settings.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ModelSettings {
    /// The model's id.
    id: String,
    /// How much it thinks: a level, or `{ type: LEVEL }`.
    effort: Option<Effort>,
    /// Passed over unless the provider knows it.
    speed: Option<String>,
    /// Passed over unless the provider knows it.
    inference_geo: Option<String>,
}

/// How much a model thinks: a level, or `{ type: LEVEL }`.
#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
enum Effort {
    /// Just the level.
    Level(Level),
    /// As the API gives it back.
    Full(EffortSettings),
}

/// How much a model thinks.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct EffortSettings {
    /// The level.
    #[serde(rename = "type")]
    kind: Option<Level>,
}

/// How much a model thinks.
#[derive(Deserialize, JsonSchema)]
#[schemars(title = "effort")]
#[serde(rename_all = "lowercase")]
enum Level {
    Low,
    Medium,
    High,
    Xhigh,
    Max,
}

/// Something that an agent may do.
#[derive(Deserialize, JsonSchema)]
#[serde(tag = "type", deny_unknown_fields)]
enum Tool {
    /// The built-in tools: bash, edit, read, write, glob, grep.
    #[serde(rename = "agent_toolset_20260401")]
    Toolset {
        /// What each tool of the set starts from.
        default_config: Option<Defaults>,
        /// Where single tools differ.
        configs: Option<Vec<Config>>,
    },
    /// A tool that the client runs.
    #[serde(rename = "custom")]
    Custom {
        /// Its name.
        name: String,
        /// What it does, for the model.
        description: String,
        /// JSON Schema of its input.
        input_schema: Value,
    },
}

/// What each tool of a set starts from.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Defaults {
    /// Whether the tools are offered.
    enabled: Option<bool>,
    /// Whether somebody is asked first.
    permission_policy: Option<Policy>,
}

/// One tool's settings.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Config {
    /// The tool.
    name: Builtin,
    /// Equal to `name` where given.
    #[serde(rename = "type")]
    kind: Option<String>,
    /// Whether it is offered.
    enabled: Option<bool>,
    /// Whether somebody is asked first.
    permission_policy: Option<Policy>,
}

/// A tool of the built-in set. The last two are not built yet, but may be switched off.
#[derive(Deserialize, JsonSchema)]
#[schemars(title = "tool")]
#[serde(rename_all = "snake_case")]
enum Builtin {
    Bash,
    Edit,
    Read,
    Write,
    Glob,
    Grep,
    WebFetch,
    WebSearch,
}

/// Whether somebody is asked before a call runs.
#[derive(Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
enum Policy {
    /// It runs at once.
    AlwaysAllow,
    /// It waits for a person.
    AlwaysAsk,
    /// What only looks runs at once, the rest waits for a person.
    Auto,
}

/// An environment, as `ant apply` and the create call of the API have it. Tools run on this
/// machine, so limits of a cloud that cannot be kept here are refused.
#[derive(Deserialize, JsonSchema)]
#[schemars(title = "an environment's file")]
#[serde(deny_unknown_fields)]
pub(super) struct Environment {
    /// What kind of file this is; may be left out.
    #[serde(rename = "type")]
    kind: Option<Value>,
    /// The environment's name, for people.
    name: String,
    /// What it is for, for people.
    description: Option<String>,
    /// Where tools run; a cloud with unrestricted networking if this is left out.
    config: Option<Place>,
    /// `organization` if it is given.
    scope: Option<Scope>,
    /// Labels of your own.
    metadata: Option<BTreeMap<String, String>>,
}

/// Whose it is.
#[derive(Deserialize, JsonSchema)]
#[schemars(title = "scope")]
#[serde(rename_all = "snake_case")]
enum Scope {
    Organization,
}

/// Where tools run. Both are this machine here.
#[derive(Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
enum Place {
    /// A container of the platform.
    Cloud {
        /// What it may reach. Only `unrestricted` can be kept yet.
        networking: Option<Networking>,
        /// What is installed first. Only empty lists can be kept yet.
        packages: Option<Packages>,
    },
    /// A machine of your own.
    SelfHosted,
}

/// What an environment may reach.
#[derive(Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
enum Networking {
    /// Everything.
    Unrestricted,
    /// Only these hosts. Cannot be kept yet, and is refused.
    Limited {
        /// The hosts, `*.example.com` for all below.
        allowed_hosts: Option<Vec<String>>,
        /// Whether servers of the Model Context Protocol may be reached.
        allow_mcp_servers: Option<bool>,
        /// Whether package managers may reach their registries.
        allow_package_managers: Option<bool>,
    },
}

/// What is installed before the first call.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Packages {
    /// `packages` if it is given.
    #[serde(rename = "type")]
    kind: Option<String>,
    /// Packages of Debian.
    apt: Option<Vec<String>>,
    /// Packages of Rust.
    cargo: Option<Vec<String>>,
    /// Packages of Ruby.
    gem: Option<Vec<String>>,
    /// Packages of Go.
    go: Option<Vec<String>>,
    /// Packages of Node.
    npm: Option<Vec<String>>,
    /// Packages of Python.
    pip: Option<Vec<String>>,
}

/// What the scripted model says in one session.
#[derive(Deserialize, JsonSchema)]
#[schemars(title = "a script")]
#[serde(deny_unknown_fields)]
pub(super) struct Script {
    /// The steps, in order.
    steps: Vec<Step>,
}

/// One answer of the model.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Step {
    /// An expression that what the tools returned must match. Named groups stay known.
    expect: Option<String>,
    /// Thinking.
    think: Option<String>,
    /// Text. `${1}` and `${name}` are groups, `${result}` is all that the tools returned.
    say: Option<String>,
    /// A tool and its input.
    call: Option<BTreeMap<String, Value>>,
    /// Several tools at once.
    calls: Option<Vec<BTreeMap<String, Value>>>,
    /// A wait before the first token and between pieces: `20ms`.
    pause: Option<String>,
    /// Tried in order where `expect` does not match; afterwards the same step is judged again.
    #[serde(rename = "else")]
    branches: Option<Vec<Step>>,
}
