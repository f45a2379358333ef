//! Who does what, after whom.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use planaria_core::limits::CLIENT_EVENT_BYTES_MAX;

use super::cycle::cycle;
use super::models::Models;
use super::supervision::restart;
use super::{check_name, prompt};
use crate::at::{At, Place};
use crate::entries::Entries;
use crate::error::Problem;
use crate::file::{SessionFile, WorkspaceFile};
use crate::fleet::{Environment, Session, Workspace};
use crate::limits::{
    METADATA_KEY_CHARS_MAX, METADATA_PAIRS_MAX, METADATA_VALUE_CHARS_MAX, NAME_CHARS_MAX,
    REPLICAS_MAX, SESSIONS_MAX, TITLE_CHARS_MAX,
};
use crate::shown;
use crate::source::Source;
use crate::suggest;
use crate::written::LeftOut;

/// What labels of ours begin with.
const OURS: &str = "planaria.";

/// What sessions are checked against.
pub(crate) struct Sessions<'a> {
    pub source: &'a Source,
    pub dir: &'a Path,
    pub models: Models<'a>,
    pub environments: &'a BTreeMap<String, Environment>,
    pub left_out: &'a LeftOut,
}

pub(crate) fn sessions(
    around: &Sessions<'_>,
    file: At<Entries<SessionFile>>,
    problems: &mut Vec<Problem>,
) -> Vec<Session> {
    let (at, entries) = (file.referenced, file.value.0);
    let replicas = |(_, session): &(_, SessionFile)| {
        session.replicas.as_ref().map_or(1, |n| n.value.clamp(1, REPLICAS_MAX)) as usize
    };
    let left_out = around.left_out.of("sessions");
    let is_empty = entries.is_empty() && left_out.is_empty();
    if is_empty || entries.iter().map(replicas).sum::<usize>() > SESSIONS_MAX {
        let problem = format!("a fleet has 1 to {SESSIONS_MAX} sessions, each replica counted");
        problems.push(around.source.problem(at, problem));
        return Vec::new();
    }
    let names = Names {
        all: entries
            .iter()
            .map(|(name, _)| name.value.clone())
            .chain(left_out.iter().cloned())
            .collect(),
        standing: entries
            .iter()
            .filter(|(_, session)| session.prompt.is_none())
            .map(|(name, _)| name.value.clone())
            .collect(),
    };
    let places: BTreeMap<String, Place> =
        entries.iter().map(|(name, _)| (name.value.clone(), name.referenced)).collect();
    let mut complained = BTreeSet::new();
    let mut sessions = Vec::new();
    for (name, file) in entries {
        let replicas = around.replicas(&names, &name, &file, problems);
        let session = around.session(&names, &name, file, &mut complained, problems);
        match replicas {
            None => sessions.push(session),
            Some(count) => sessions.extend((1..=count).map(|n| Session {
                name: format!("{}-{n}", session.name),
                title: session.title.as_ref().map(|title| format!("{title} {n}")),
                replica_of: Some(session.name.clone()),
                ..session.clone()
            })),
        }
    }
    if let Some(cycle) = cycle(&sessions) {
        let problem = format!("these sessions wait for each other: {}", cycle.join(" after "));
        problems.push(around.source.problem(places[&cycle[0]], problem));
    }
    sessions
}

/// The names of all sessions, and of those without a prompt.
struct Names {
    all: Vec<String>,
    standing: BTreeSet<String>,
}

impl Sessions<'_> {
    fn session(
        &self,
        names: &Names,
        name: &At<String>,
        file: SessionFile,
        complained: &mut BTreeSet<String>,
        problems: &mut Vec<Problem>,
    ) -> Session {
        check_name(self.source, "a session", name, problems);
        restart(self.source, file.restart.as_ref(), problems);
        let agents = self.models.agents.names.iter().map(String::as_str);
        self.known("agent", &file.agent, agents, problems);
        let wrong = self.left_out.of("environments");
        let environments = self.environments.keys().chain(wrong).map(String::as_str);
        if let Some(environment) = &file.environment {
            self.known("environment", environment, environments, problems);
        }
        let provider = self.models.of(&file.agent, file.provider.as_ref(), complained, problems);
        if file.prompt.is_none() {
            self.standing(&file, problems);
        }
        let after = self.after(names, &name.value, file.after, problems);
        if let Some(prompt) = &file.prompt {
            self.prompt(&names.all, prompt, &after, problems);
        }
        let workspace = file.workspace.and_then(|workspace| {
            self.workspace(workspace).map_err(|problem| problems.push(problem)).ok()
        });
        self.labels(file.title.as_ref(), file.metadata.as_ref(), problems);
        Session {
            name: name.value.clone(),
            replica_of: None,
            agent: file.agent.value,
            environment: file.environment.map_or_else(|| "local".to_owned(), |e| e.value),
            provider,
            prompt: file.prompt.map(|prompt| prompt.value),
            after,
            title: file.title.map(|title| title.value),
            metadata: file.metadata.map(|metadata| metadata.value).unwrap_or_default(),
            workspace,
            check: file.check.map(|check| check.value),
        }
    }

    /// How many sessions a standing one stands for; `None` for the one of that name.
    fn replicas(
        &self,
        names: &Names,
        name: &At<String>,
        file: &SessionFile,
        problems: &mut Vec<Problem>,
    ) -> Option<u32> {
        let replicas = file.replicas.as_ref()?;
        let mut complain = |problem: String| {
            problems.push(self.source.problem(replicas.referenced, problem));
        };
        if file.prompt.is_some() {
            let problem =
                "a session with a prompt is done once; replicas are for sessions without one";
            complain(problem.to_owned());
            return None;
        }
        if replicas.value == 0 || replicas.value > REPLICAS_MAX {
            complain(format!("1 to {REPLICAS_MAX} replicas"));
        }
        let count = replicas.value.clamp(1, REPLICAS_MAX);
        let taken = (1..=count).map(|n| format!("{}-{n}", name.value));
        if let Some(taken) = taken.into_iter().find(|name| names.all.contains(name)) {
            complain(format!("one of the replicas is `{taken}`, and there is a session `{taken}`"));
        }
        if name.value.len() + format!("-{count}").len() > NAME_CHARS_MAX {
            complain(format!("the names of the replicas are longer than {NAME_CHARS_MAX}"));
        }
        Some(count)
    }

    /// What makes no sense without a prompt.
    fn standing(&self, file: &SessionFile, problems: &mut Vec<Problem>) {
        let why = "a session without a prompt stands ready for messages";
        if let Some(first) = file.after.first() {
            let problem = format!("{why} and waits for nobody; leave `after` out");
            problems.push(self.source.problem(first.referenced, problem));
        }
        if let Some(check) = &file.check {
            let problem = format!("{why} and has no end to check; leave `check` out");
            problems.push(self.source.problem(check.referenced, problem));
        }
    }

    /// What the owner says of a session.
    fn labels(
        &self,
        title: Option<&At<String>>,
        metadata: Option<&At<BTreeMap<String, String>>>,
        problems: &mut Vec<Problem>,
    ) {
        if let Some(title) = title.filter(|title| title.value.chars().count() > TITLE_CHARS_MAX) {
            let problem = format!("a title has at most {TITLE_CHARS_MAX} characters");
            problems.push(self.source.problem(title.referenced, problem));
        }
        let Some(At { value: metadata, referenced }) = metadata else { return };
        let mut complain = |problem: String| {
            problems.push(self.source.problem(*referenced, problem));
        };
        if metadata.len() > METADATA_PAIRS_MAX {
            complain(format!("at most {METADATA_PAIRS_MAX} labels; the others of 16 are ours"));
        }
        for (key, value) in metadata {
            let shown = shown::word(key);
            if key.starts_with(OURS) {
                complain(format!("the label `{shown}`: names that begin with `{OURS}` are ours"));
            }
            let (name, text) = (METADATA_KEY_CHARS_MAX, METADATA_VALUE_CHARS_MAX);
            if key.chars().count() > name || value.chars().count() > text {
                complain(format!(
                    "the label `{shown}`: a name has at most {name} characters, a value {text}"
                ));
            }
        }
    }

    fn known<'n>(
        &self,
        what: &str,
        name: &At<String>,
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
        names: &Names,
        name: &str,
        after: Vec<At<String>>,
        problems: &mut Vec<Problem>,
    ) -> Vec<String> {
        let mut kept: Vec<String> = Vec::with_capacity(after.len());
        for other in after {
            let others = names.all.iter().map(String::as_str).filter(|n| *n != name);
            if other.value == name {
                let problem = "a session cannot wait for itself";
                problems.push(self.source.problem(other.referenced, problem));
            } else if kept.contains(&other.value) {
                let problem = format!("`{}` occurs twice", other.value);
                problems.push(self.source.problem(other.referenced, problem));
            } else if names.standing.contains(&other.value) {
                let problem = format!("`{}` has no prompt and never ends", other.value);
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
        prompt: &At<String>,
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

    fn workspace(&self, file: At<WorkspaceFile>) -> Result<Workspace, Problem> {
        let directory = |path: &At<String>| -> Result<PathBuf, Problem> {
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
