//! The tools that the host brought along.

use std::collections::BTreeMap;
use std::sync::Arc;

use planaria_core::agent::{Agent, Tool as AgentTool};
use planaria_core::port::tool::Tool;
use planaria_core::tool::{READ_LOG, builtin};

/// The host's tools by name.
#[derive(Default)]
pub(crate) struct Tools(BTreeMap<String, Arc<dyn Tool>>);

impl Tools {
    pub fn new(tools: Vec<Arc<dyn Tool>>) -> Self {
        Self(tools.into_iter().map(|tool| (tool.spec().name, tool)).collect())
    }

    pub fn get(&self, name: &str) -> Option<&dyn Tool> {
        self.0.get(name).map(AsRef::as_ref)
    }

    /// Whether an agent's tools can be told apart, and those of the host are here.
    ///
    /// # Errors
    /// In words: which cannot, and what to do.
    pub fn check(&self, agent: &Agent) -> Result<(), String> {
        let mut names: Vec<&str> = Vec::new();
        for tool in &agent.tools {
            let name = match tool {
                AgentTool::Custom { name, .. } => name,
                AgentTool::Host { name, .. } => {
                    if builtin(name).is_some() || name == READ_LOG.name {
                        return Err(format!("the name of the tool `{name}` is a built-in one's"));
                    }
                    if self.get(name).is_none() {
                        return Err(format!(
                            "this runtime was built without the tool `{name}`; give it to \
                             Runtime::builder with Builder::tool"
                        ));
                    }
                    name
                }
                _ => continue,
            };
            if names.contains(&name.as_str()) {
                return Err(format!("two tools of the agent are named `{name}`"));
            }
            names.push(name);
        }
        Ok(())
    }
}
