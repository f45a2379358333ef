//! What `up` works through, whatever file it came from.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Context;
use planaria_core::SessionId;
use planaria_core::agent::Agent;
use planaria_core::id::derive;
use planaria_fleet::{Change, Fleet, Inputs, Session, Step, Workspace};

use super::progress::Line;

/// A fleet, ready to run.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The fleet's name.
    pub fleet: String,
    /// Its sessions, in the order of the file.
    pub jobs: Vec<Job>,
    /// Sessions whose names others take.
    pub superseded: Vec<SessionId>,
    /// Sessions that are no longer in the file.
    pub forgotten: Vec<SessionId>,
}

/// One session of a fleet.
#[derive(Debug, Clone)]
pub struct Job {
    /// Its name in the fleet.
    pub name: String,
    /// Its id, also before it exists.
    pub id: SessionId,
    /// Whether it exists.
    pub exists: bool,
    /// Which session of its name it is, from 1.
    pub run: u64,
    /// What it is begun with.
    pub inputs: Inputs,
    /// Its agent.
    pub agent: Agent,
    /// Its environment's name.
    pub environment: String,
    /// The first message; may hold `${session.NAME.answer}`. A session without one stands ready.
    pub prompt: Option<String>,
    /// Sessions whose turn must have ended first.
    pub after: Vec<String>,
    /// What people see it under, where it is not its name.
    pub title: Option<String>,
    /// The owner's labels.
    pub metadata: BTreeMap<String, String>,
    /// What the workspace begins with.
    pub seed: Option<Seed>,
    /// A shell command that judges the finished workspace.
    pub check: Option<String>,
}

impl Plan {
    /// The jobs of a fleet whose plan is known. Ids of a fleet's sessions differ from data
    /// directory to data directory, so that their hands do.
    pub fn new(
        fleet: &Fleet,
        plan: &planaria_fleet::Plan,
        data_dir: &Path,
    ) -> anyhow::Result<Self> {
        let dir = std::fs::canonicalize(data_dir).unwrap_or_else(|_| data_dir.to_owned());
        let known_by = |change: Change| {
            let steps = plan.steps.iter().filter(move |step| step.change == change);
            let known = steps.filter_map(|step| step.known.as_ref());
            known.map(|known| known.id.parse().context("a session's id"))
        };
        let superseded = known_by(Change::Rerun).collect::<anyhow::Result<_>>()?;
        let forgotten = known_by(Change::Remove).collect::<anyhow::Result<_>>()?;
        let job = |session: &Session| {
            let step = plan.steps.iter().find(|step| step.name == session.name);
            let step = step.with_context(|| format!("`{}` is not in the plan", session.name))?;
            Job::new(fleet, session, step, &dir)
        };
        let jobs = fleet.sessions.iter().map(job).collect::<anyhow::Result<_>>()?;
        Ok(Self { fleet: fleet.name.clone(), jobs, superseded, forgotten })
    }

    /// Whether some of its sessions never end.
    pub fn stands(&self) -> bool {
        self.jobs.iter().any(|job| job.prompt.is_none())
    }
}

impl Job {
    fn new(fleet: &Fleet, session: &Session, step: &Step, dir: &Path) -> anyhow::Result<Self> {
        let goes_on = step.known.as_ref().filter(|_| step.change != Change::Rerun);
        let run = match (goes_on, &step.known) {
            (Some(known), _) => known.run,
            (None, Some(before)) => before.run + 1,
            (None, None) => 1,
        };
        let id = match goes_on {
            Some(known) => known.id.parse().context("a session's id")?,
            None => {
                let text = format!("{}\0{}\0{}", dir.display(), fleet.name, session.name);
                SessionId(derive(0, text.as_bytes(), run - 1))
            }
        };
        let agent = fleet.agents.get(&session.agent).cloned();
        let seed = session.workspace.as_ref().map(|workspace| match workspace {
            Workspace::Copy(directory) => Seed::Copy(directory.clone()),
            Workspace::Repository(directory) => Seed::Repository(directory.clone()),
        });
        Ok(Self {
            name: session.name.clone(),
            id,
            exists: goes_on.is_some(),
            run,
            inputs: Inputs::of(fleet, session),
            agent: agent.with_context(|| format!("there is no agent `{}`", session.agent))?,
            environment: session.environment.clone(),
            prompt: session.prompt.clone(),
            after: session.after.clone(),
            title: session.title.clone(),
            metadata: session.metadata.clone(),
            seed,
            check: session.check.clone(),
        })
    }

    /// Its line before it has begun.
    pub fn line(&self) -> Line {
        let state = if self.after.is_empty() { "starting" } else { "waiting" };
        Line::of(state)
    }
}

/// What a workspace begins with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seed {
    /// A copy of a directory.
    Copy(PathBuf),
    /// A copy of what git tracks in a directory.
    Repository(PathBuf),
}

/// Puts the answers of other sessions where a prompt names them.
///
/// # Errors
/// Names the placeholder that has no answer.
pub fn fill(prompt: &str, answer: impl Fn(&str) -> Option<String>) -> Result<String, String> {
    let mut filled = String::with_capacity(prompt.len());
    let mut rest = prompt;
    while let Some(start) = rest.find("${session.") {
        let (before, tail) = rest.split_at(start);
        filled.push_str(before);
        let placeholder = tail.find('}').map(|end| &tail[..=end]);
        let Some(placeholder) = placeholder else { break };
        let inner = &placeholder["${session.".len()..placeholder.len() - 1];
        let name = inner.strip_suffix(".answer");
        let value = name.and_then(&answer);
        filled.push_str(&value.ok_or_else(|| format!("{placeholder} has no value"))?);
        rest = &tail[placeholder.len()..];
    }
    filled.push_str(rest);
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_take_the_answers_of_their_sessions() {
        let answer = |name: &str| (name == "a").then(|| "42".to_owned());
        assert_eq!(fill("x ${session.a.answer} y", answer).unwrap(), "x 42 y");
        assert_eq!(fill("no ${env.A} here", answer).unwrap(), "no ${env.A} here");
        assert!(fill("${session.b.answer}", answer).unwrap_err().contains("session.b"));
    }
}
