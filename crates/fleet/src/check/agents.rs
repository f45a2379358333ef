//! Which agents there are.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use planaria_core::agent::Agent;

use super::check_name;
use crate::agent::{self, EXTENSIONS};
use crate::entries::Entries;
use crate::error::Problem;
use crate::file::AgentRef;
use crate::limits::AGENT_FILES_MAX;
use crate::source::Source;

/// Agents that could be read, and the names of all that there should be.
#[derive(Debug, Default)]
pub(crate) struct Agents {
    pub read: BTreeMap<String, Agent>,
    pub names: BTreeSet<String>,
}

/// Reads the agents that the file names, or else all below `agents/`.
pub(crate) fn agents(
    source: &Source,
    dir: &Path,
    declared: Option<Entries<AgentRef>>,
    problems: &mut Vec<Problem>,
) -> Agents {
    let mut agents = Agents::default();
    let Some(declared) = declared else {
        found(source, &dir.join("agents"), &mut agents, problems);
        return agents;
    };
    for (name, agent) in declared.0 {
        check_name(source, "an agent", &name, problems);
        let path = dir.join(&agent.file.value);
        agents.names.insert(name.value.clone());
        if path.is_file() {
            agents.read(name.value, &path, problems);
        } else {
            let problem = format!("there is no file {}", path.display());
            problems.push(source.problem(agent.file.referenced, problem));
        }
    }
    agents
}

impl Agents {
    fn read(&mut self, name: String, path: &Path, problems: &mut Vec<Problem>) {
        match agent::read(path) {
            Ok(agent) => {
                self.read.insert(name, agent);
            }
            Err(wrong) => problems.extend(wrong),
        }
    }
}

fn found(source: &Source, dir: &Path, agents: &mut Agents, problems: &mut Vec<Problem>) {
    let files = match files(dir) {
        Ok(files) => files,
        Err(problem) => return problems.push(source.whole(problem)),
    };
    for path in files {
        let Some(name) = path.file_stem().and_then(|stem| stem.to_str()) else { continue };
        if agents.names.insert(name.to_owned()) {
            agents.read(name.to_owned(), &path, problems);
        } else {
            let problem = format!("{} is a second file of the agent `{name}`", path.display());
            problems.push(source.whole(problem));
        }
    }
}

fn files(dir: &Path) -> Result<Vec<PathBuf>, String> {
    let entries = match std::fs::read_dir(dir) {
        Ok(entries) => entries,
        // A fleet without agents is found out by its sessions.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(format!("{} cannot be read: {error}", dir.display())),
    };
    let mut files = Vec::new();
    for (count, entry) in entries.enumerate() {
        if count == AGENT_FILES_MAX {
            let dir = dir.display();
            return Err(format!("{dir} has more than {AGENT_FILES_MAX} entries"));
        }
        let path = entry.map_err(|e| format!("{} cannot be read: {e}", dir.display()))?.path();
        let extension = path.extension().and_then(|e| e.to_str()).unwrap_or_default();
        if EXTENSIONS.contains(&extension) && path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}
