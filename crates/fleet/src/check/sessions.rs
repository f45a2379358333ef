//! Who does what, after whom.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use planaria_core::limits::CLIENT_EVENT_BYTES_MAX;
use serde_saphyr::{Location, Spanned};

use super::agents::Agents;
use super::supervision::restart;
use super::{check_name, prompt};
use crate::entries::Entries;
use crate::error::Problem;
use crate::file::{SessionFile, WorkspaceFile};
use crate::fleet::{Environment, Session, Workspace};
use crate::limits::SESSIONS_MAX;
use crate::source::Source;
use crate::suggest;

/// What sessions are checked against.
pub(crate) struct Sessions<'a> {
    pub source: &'a Source,
    pub dir: &'a Path,
    pub agents: &'a Agents,
    pub environments: &'a BTreeMap<String, Environment>,
}

pub(crate) fn sessions(
    around: &Sessions<'_>,
    file: Spanned<Entries<SessionFile>>,
    problems: &mut Vec<Problem>,
) -> Vec<Session> {
    let (at, entries) = (file.referenced, file.value.0);
    if entries.is_empty() || entries.len() > SESSIONS_MAX {
        let problem = format!("a fleet has 1 to {SESSIONS_MAX} sessions");
        problems.push(around.source.problem(at, problem));
        return Vec::new();
    }
    let names: Vec<String> = entries.iter().map(|(name, _)| name.value.clone()).collect();
    let places: BTreeMap<String, Location> =
        entries.iter().map(|(name, _)| (name.value.clone(), name.referenced)).collect();
    let sessions: Vec<Session> = entries
        .into_iter()
        .map(|(name, session)| around.session(&names, &name, session, problems))
        .collect();
    if let Some(cycle) = cycle(&sessions) {
        let problem = format!("these sessions wait for each other: {}", cycle.join(" after "));
        problems.push(around.source.problem(places[&cycle[0]], problem));
    }
    sessions
}

impl Sessions<'_> {
    fn session(
        &self,
        names: &[String],
        name: &Spanned<String>,
        file: SessionFile,
        problems: &mut Vec<Problem>,
    ) -> Session {
        check_name(self.source, "a session", name, problems);
        restart(self.source, file.restart.as_ref(), problems);
        let agents = self.agents.names.iter().map(String::as_str);
        self.known("agent", &file.agent, agents, problems);
        let environments = self.environments.keys().map(String::as_str);
        if let Some(environment) = &file.environment {
            self.known("environment", environment, environments, problems);
        }
        let after = self.after(names, &name.value, file.after, problems);
        self.prompt(names, &file.prompt, &after, problems);
        let workspace = file.workspace.and_then(|workspace| {
            self.workspace(workspace).map_err(|problem| problems.push(problem)).ok()
        });
        Session {
            name: name.value.clone(),
            agent: file.agent.value,
            environment: file.environment.map_or_else(|| "local".to_owned(), |e| e.value),
            prompt: file.prompt.value,
            after,
            workspace,
            check: file.check.map(|check| check.value),
        }
    }

    fn known<'n>(
        &self,
        what: &str,
        name: &Spanned<String>,
        known: impl Iterator<Item = &'n str> + Clone,
        problems: &mut Vec<Problem>,
    ) {
        if !known.clone().any(|k| k == name.value) {
            let hint = suggest::hint(&name.value, known);
            let problem = format!("unknown {what} `{}`{hint}", name.value);
            problems.push(self.source.problem(name.referenced, problem));
        }
    }

    fn after(
        &self,
        names: &[String],
        name: &str,
        after: Vec<Spanned<String>>,
        problems: &mut Vec<Problem>,
    ) -> Vec<String> {
        let mut kept: Vec<String> = Vec::with_capacity(after.len());
        for other in after {
            let others = names.iter().map(String::as_str).filter(|n| *n != name);
            if other.value == name {
                let problem = "a session cannot wait for itself";
                problems.push(self.source.problem(other.referenced, problem));
            } else if kept.contains(&other.value) {
                let problem = format!("`{}` occurs twice", other.value);
                problems.push(self.source.problem(other.referenced, problem));
            } else {
                self.known("session", &other, others, problems);
                kept.push(other.value);
            }
        }
        kept
    }

    fn prompt(
        &self,
        names: &[String],
        prompt: &Spanned<String>,
        after: &[String],
        problems: &mut Vec<Problem>,
    ) {
        let mut complain = |problem: String| {
            problems.push(self.source.problem(prompt.referenced, problem));
        };
        if prompt.value.trim().is_empty() {
            complain("the prompt is empty".to_owned());
        }
        if prompt.value.len() > CLIENT_EVENT_BYTES_MAX {
            complain(format!("the prompt is larger than {CLIENT_EVENT_BYTES_MAX} bytes"));
        }
        let wanted = match prompt::wanted(&prompt.value) {
            Ok(wanted) => wanted.into_iter().collect::<BTreeSet<_>>(),
            Err(problem) => return complain(problem),
        };
        for name in wanted {
            if after.iter().any(|a| a == name) {
                continue;
            }
            complain(if names.iter().any(|n| n == name) {
                format!("`${{session.{name}.answer}}` needs `{name}` in `after`")
            } else {
                let hint = suggest::hint(name, after.iter().map(String::as_str));
                format!("`${{session.{name}.answer}}` names no session of `after`{hint}")
            });
        }
    }

    fn workspace(&self, file: Spanned<WorkspaceFile>) -> Result<Workspace, Problem> {
        let directory = |path: &Spanned<String>| -> Result<PathBuf, Problem> {
            let directory = self.dir.join(&path.value);
            if directory.is_dir() {
                return Ok(directory);
            }
            let problem = format!("there is no directory {}", directory.display());
            Err(self.source.problem(path.referenced, problem))
        };
        match (&file.value.copy, &file.value.repository) {
            (Some(path), None) => Ok(Workspace::Copy(directory(path)?)),
            (None, Some(path)) => Ok(Workspace::Repository(directory(path)?)),
            _ => {
                let problem = "a workspace begins with either `copy: DIR` or `repository: DIR`";
                Err(self.source.problem(file.referenced, problem))
            }
        }
    }
}

/// Sessions that wait for each other, the first one once more at the end.
fn cycle(sessions: &[Session]) -> Option<Vec<String>> {
    let mut waiting: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for session in sessions {
        let after = session.after.iter().map(String::as_str);
        waiting.insert(&session.name, after.collect());
    }
    // Whoever waits for nobody that waits is free; what remains hangs on a cycle.
    loop {
        let free = |after: &Vec<&str>| !after.iter().any(|name| waiting.contains_key(name));
        let freed: Vec<&str> =
            waiting.iter().filter(|(_, after)| free(after)).map(|(name, _)| *name).collect();
        if freed.is_empty() {
            break;
        }
        waiting.retain(|name, _| !freed.contains(name));
    }
    let mut path: Vec<&str> = vec![waiting.keys().next()?];
    loop {
        let last = path.last().expect("not empty");
        let next = waiting[last].iter().find(|name| waiting.contains_key(*name))?;
        path.push(next);
        if let Some(start) = path[..path.len() - 1].iter().position(|name| name == next) {
            return Some(path[start..].iter().map(|name| (*name).to_owned()).collect());
        }
    }
}
