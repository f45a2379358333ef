//! Which tools an agent is offered, and what a call to one of them needs.

use super::{Agent, PermissionPolicy, Tool};
use crate::tool::{BUILTINS, EffectClass, READ_LOG, Runner, ToolSpec, builtin};

/// What becomes of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Permission {
    /// Runs at once.
    Allow(EffectClass),
    /// Waits for a confirmation, then runs.
    Ask(EffectClass, PermissionPolicy),
    /// The client runs it.
    Custom,
    /// Refused: disabled, or there is no such tool.
    Refuse,
}

/// What a call to `name` needs.
pub fn permission(agent: &Agent, name: &str) -> Permission {
    for tool in &agent.tools {
        match tool {
            Tool::Custom { name: custom, .. } if custom == name => return Permission::Custom,
            Tool::Toolset { default_config, configs } => {
                let Some(tool) = builtin(name) else { continue };
                let config = configs.iter().find(|c| c.name == name);
                let enabled = config.map_or(default_config.enabled, |c| c.enabled);
                let policy =
                    config.map_or(default_config.permission_policy, |c| c.permission_policy);
                return match policy {
                    _ if !enabled => Permission::Refuse,
                    PermissionPolicy::AlwaysAllow => Permission::Allow(tool.class),
                    ask => Permission::Ask(tool.class, ask),
                };
            }
            Tool::Host { name: host, class, .. } if host == name => {
                return Permission::Allow(*class);
            }
            Tool::Custom { .. } | Tool::Host { .. } => {}
        }
    }
    // Reading its own memory is no agent's privilege.
    if name == READ_LOG.name { Permission::Allow(READ_LOG.class) } else { Permission::Refuse }
}

/// Who runs the calls to `name` that are allowed.
pub fn runner(agent: &Agent, name: &str) -> Runner {
    let is_host = |tool: &Tool| matches!(tool, Tool::Host { name: host, .. } if host == name);
    let by_server = name == READ_LOG.name || agent.tools.iter().any(is_host);
    if by_server { Runner::Server } else { Runner::Hand }
}

/// The tools that the model is offered, in a stable order: built-in ones first.
pub fn offered_tools(agent: &Agent) -> Vec<ToolSpec> {
    let builtins = BUILTINS
        .iter()
        .filter(|tool| {
            matches!(permission(agent, tool.name), Permission::Allow(_) | Permission::Ask(..))
        })
        .map(|tool| tool.spec());
    let others = agent.tools.iter().filter_map(|tool| match tool {
        Tool::Custom { name, description, input_schema }
        | Tool::Host { name, description, input_schema, .. } => Some(ToolSpec {
            name: name.clone(),
            description: description.clone(),
            input_schema: input_schema.clone(),
        }),
        Tool::Toolset { .. } => None,
    });
    builtins.chain(others).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::AgentParams;

    fn agent(tools: serde_json::Value) -> Agent {
        let params: AgentParams = serde_json::from_value(
            serde_json::json!({ "name": "a", "model": "m", "tools": tools }),
        )
        .unwrap();
        params.materialise().unwrap()
    }

    #[test]
    fn an_entry_wins_over_the_default_and_the_default_over_nothing() {
        let agent = agent(serde_json::json!([{
            "type": "agent_toolset_20260401",
            "default_config": { "permission_policy": { "type": "always_ask" } },
            "configs": [
                { "name": "read", "permission_policy": { "type": "always_allow" } },
                { "name": "write", "enabled": false },
            ],
        }]));
        assert_eq!(permission(&agent, "read"), Permission::Allow(EffectClass::Read));
        assert!(matches!(permission(&agent, "bash"), Permission::Ask(..)));
        assert_eq!(permission(&agent, "write"), Permission::Refuse);
        assert_eq!(permission(&agent, "rm"), Permission::Refuse);
        let offered: Vec<_> = offered_tools(&agent).into_iter().map(|t| t.name).collect();
        assert_eq!(offered, ["bash", "read", "edit", "glob", "grep"]);
    }

    #[test]
    fn an_agent_without_tools_is_offered_none() {
        assert!(offered_tools(&agent(serde_json::json!([]))).is_empty());
    }
}
