//! Which agents there are.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use planaria_core::agent::Agent;

use super::check_name;
use crate::agent;
use crate::at::At;
use crate::entries::Entries;
use crate::error::Problem;
use crate::file::AgentEntry;
use crate::resources::{Found, Resource};
use crate::schema::Kind;
use crate::shape::Shape;
use crate::source::Source;

/// Agents that could be read, and the names of all that there should be.
#[derive(Debug, Default)]
pub(crate) struct Agents {
    pub read: BTreeMap<String, Agent>,
    pub names: BTreeSet<String>,
    /// Who answers an agent, where the file says so.
    pub providers: BTreeMap<String, At<String>>,
    /// What their files say and nothing here does yet.
    pub warnings: Vec<Problem>,
}

/// Reads the agents that the file names, or else all that were found.
pub(crate) fn agents(
    source: &Source,
    dir: &Path,
    found: &[Found],
    declared: Option<Entries<AgentEntry>>,
    problems: &mut Vec<Problem>,
) -> Agents {
    let (mut agents, shape) = (Agents::default(), Shape::of(Kind::Agent));
    let Some(declared) = declared else {
        for Found { name, path, .. } in found.iter().filter(|f| f.kind == Resource::Agent) {
            if agents.names.insert(name.clone()) {
                agents.read(name, path, &shape, problems);
            } else {
                let problem = format!("{} is a second file of the agent `{name}`", path.display());
                problems.push(source.whole(problem));
            }
        }
        return agents;
    };
    for (name, agent) in declared.0 {
        check_name(source, "an agent", &name, problems);
        let path = dir.join(&agent.file.value);
        agents.names.insert(name.value.clone());
        if path.exists() {
            agents.read(&name.value, &path, &shape, problems);
        } else {
            let problem = format!("there is no file {}", path.display());
            problems.push(source.problem(agent.file.referenced, problem));
        }
        if let Some(provider) = agent.provider {
            agents.providers.insert(name.value, provider);
        }
    }
    agents
}

impl Agents {
    fn read(&mut self, name: &str, path: &Path, shape: &Shape, problems: &mut Vec<Problem>) {
        match agent::read(path, shape) {
            Ok((agent, warning)) => {
                self.read.insert(name.to_owned(), agent);
                self.warnings.extend(warning);
            }
            Err(wrong) => problems.extend(wrong),
        }
    }
}
