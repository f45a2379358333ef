//! What `up` works through, whatever file it came from.

use std::path::PathBuf;

use planaria_core::agent::Agent;

use super::progress::Line;

/// A fleet, ready to run.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The fleet's name.
    pub fleet: String,
    /// Its sessions, in the order of the file.
    pub jobs: Vec<Job>,
}

/// One session of a fleet.
#[derive(Debug, Clone)]
pub struct Job {
    /// Its name in the fleet.
    pub name: String,
    /// Its agent.
    pub agent: Agent,
    /// Its environment's name.
    pub environment: String,
    /// The first message; may hold `${session.NAME.answer}`.
    pub prompt: String,
    /// Sessions whose turn must have ended first.
    pub after: Vec<String>,
    /// What the workspace begins with.
    pub seed: Option<Seed>,
    /// A shell command that judges the finished workspace.
    pub check: Option<String>,
}

impl Job {
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
