//! The agents of the tests.

use planaria_core::agent::{Agent, AgentParams, Tool};
use planaria_core::tool::EffectClass;
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

/// The same, and two tools that the server runs: `pay` at most once, `peek` as often as need be.
pub fn agent_with_host() -> Agent {
    let mut agent = agent();
    for (name, class) in [("pay", EffectClass::AtMostOnce), ("peek", EffectClass::Read)] {
        let (name, description) = (name.to_owned(), "The host's.".to_owned());
        let input_schema = json!({ "type": "object" });
        agent.tools.push(Tool::Host { name, description, input_schema, class });
    }
    agent
}
