//! The agents of the tests.

use planaria_core::agent::{Agent, AgentParams};
use serde_json::{Value, json};

pub fn agent_with(tools: Value) -> Agent {
    let params =
        json!({ "name": "worm", "model": "test-model", "system": "Help.", "tools": tools });
    serde_json::from_value::<AgentParams>(params).unwrap().materialise().unwrap()
}

/// One tool of each sort: `bash`, `read` and `write` run, `edit` and `grep` ask, `glob` is switched
/// off, `lookup` and `ask_user` are the client's.
pub fn agent() -> Agent {
    let custom = |name: &str| {
        json!({
            "type": "custom", "name": name, "description": "The client's.",
            "input_schema": { "type": "object" },
        })
    };
    agent_with(json!([
        {
            "type": "agent_toolset_20260401",
            "configs": [
                { "name": "edit", "permission_policy": { "type": "always_ask" } },
                { "name": "grep", "permission_policy": { "type": "auto" } },
                { "name": "glob", "enabled": false },
            ],
        },
        custom("lookup"),
        custom("ask_user"),
    ]))
}
