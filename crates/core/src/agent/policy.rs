//! Which tools an agent is offered, and what a call to one of them needs.

use super::{Agent, PermissionPolicy, Tool};
use crate::tool::{BUILTINS, EffectClass, ToolSpec, builtin};

/// What becomes of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permission {
    /// Runs at once in the sandbox.
    Allow(EffectClass),
    /// Waits for a confirmation, then runs in the sandbox.
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
            Tool::Custom { .. } => {}
        }
    }
    Permission::Refuse
}

/// The tools that the model is offered, in a stable order: built-in ones first.
pub fn offered_tools(agent: &Agent) -> Vec<ToolSpec> {
    let builtins = BUILTINS
        .iter()
        .filter(|tool| {
            matches!(permission(agent, tool.name), Permission::Allow(_) | Permission::Ask(..))
        })
        .map(|tool| tool.spec());
    let custom = agent.tools.iter().filter_map(|tool| match tool {
        Tool::Custom { name, description, input_schema } => Some(ToolSpec {
            name: name.clone(),
            description: description.clone(),
            input_schema: input_schema.clone(),
        }),
        Tool::Toolset { .. } => None,
    });
    builtins.chain(custom).collect()
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
