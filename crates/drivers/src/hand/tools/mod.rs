//! The tools of `agent_toolset_20260401` that run in a sandbox.
//!
//! `bash` runs in the one shell, one call after the other; file tools run on threads, side by side.

mod bash;
mod desk;
mod edit;
mod glob;
mod grep;
mod media;
mod read;
mod spill;
mod write;

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use planaria_core::EventId;
use planaria_core::tool::Outcome;
use serde_json::Value;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;

use self::desk::Desk;
use super::limits::{STOP_WAIT, TOOL_THREADS};
use super::place::Place;
use super::shell::{ShellSlot, Turn};

/// A tool that works on files, on a thread. An error is the text of an error result.
#[derive(Debug)]
pub(super) struct FileTool {
    name: &'static str,
    run: fn(&Desk, Value) -> Result<Outcome, String>,
}

/// In the order of the documentation.
const FILE_TOOLS: &[FileTool] = &[
    FileTool { name: "read", run: read::run },
    FileTool { name: "write", run: write::run },
    FileTool { name: "edit", run: edit::run },
    FileTool { name: "glob", run: glob::run },
    FileTool { name: "grep", run: grep::run },
];

/// One call on its way through a tool.
#[derive(Debug)]
pub(super) struct Job {
    pub call: EventId,
    pub name: String,
    pub input: Value,
    /// How long it may take, waiting included.
    pub limit: Duration,
    pub deadline: Instant,
    /// Cancelled when the call is to stop.
    pub stop: CancellationToken,
}

/// What a call must have before it starts.
pub(super) enum Ready<'a> {
    Shell(Turn<'a>),
    Thread(&'static FileTool, OwnedSemaphorePermit),
    /// There is no such tool, and nothing to wait for.
    Unknown,
}

/// The tools, at one workspace.
#[derive(Debug)]
pub(super) struct Tools {
    place: Place,
    shell: Rc<ShellSlot>,
    threads: Arc<Semaphore>,
}

impl Tools {
    pub fn new(place: Place, shell: Rc<ShellSlot>) -> Self {
        Self { place, shell, threads: Arc::new(Semaphore::new(TOOL_THREADS)) }
    }

    /// Waits until a call of this tool may start.
    pub async fn turn(&self, name: &str) -> Ready<'_> {
        if name == bash::NAME {
            return Ready::Shell(self.shell.turn().await);
        }
        let Some(tool) = FILE_TOOLS.iter().find(|tool| tool.name == name) else {
            return Ready::Unknown;
        };
        let permit = self.threads.clone().acquire_owned().await;
        Ready::Thread(tool, permit.expect("the semaphore is never closed"))
    }

    /// Runs a call to its end, which comes soon after its deadline or after `stop`.
    pub async fn run(&self, ready: Ready<'_>, job: &Job) -> Outcome {
        let outcome = match ready {
            Ready::Shell(turn) => bash::run(turn, job).await,
            Ready::Thread(tool, permit) => self.on_thread(tool, permit, job).await,
            Ready::Unknown => {
                let names: Vec<_> = FILE_TOOLS.iter().map(|tool| tool.name).collect();
                let known = names.join(", ");
                Outcome::error(format!(
                    "There is no tool `{}` here; there are bash, {known}.",
                    job.name
                ))
            }
        };
        spill::fit(outcome, &self.place.workspace, job.call)
    }

    async fn on_thread(
        &self,
        tool: &'static FileTool,
        permit: OwnedSemaphorePermit,
        job: &Job,
    ) -> Outcome {
        let halt = job.stop.child_token();
        let desk = Desk { workspace: self.place.workspace.clone(), halt: halt.clone() };
        let input = job.input.clone();
        let mut running = tokio::task::spawn_blocking(move || {
            let outcome = (tool.run)(&desk, input);
            drop(permit);
            outcome
        });
        let how = tokio::select! { biased;
            outcome = &mut running => return finished(tool, outcome),
            () = job.stop.cancelled() => "was interrupted",
            () = sleep_until(job.deadline) => "timed out",
        };
        halt.cancel();
        // It notices soon, unless the file system hangs.
        tokio::select! { biased;
            outcome = running => finished(tool, outcome),
            () = sleep(STOP_WAIT) => Outcome::error(format!(
                "{}: {how} and did not stop: the file system does not answer. It may still take \
                 effect.",
                tool.name
            )),
        }
    }
}

fn finished(
    tool: &FileTool,
    outcome: Result<Result<Outcome, String>, tokio::task::JoinError>,
) -> Outcome {
    match outcome {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(problem)) => Outcome::error(format!("{}: {problem}", tool.name)),
        Err(_) => Outcome::error(format!("{}: the tool itself failed; this is a bug.", tool.name)),
    }
}

#[cfg(test)]
mod tests {
    use planaria_core::tool::BUILTINS;

    use super::*;

    #[test]
    fn every_built_in_tool_of_the_sandbox_is_here_in_the_same_order() {
        let mut names = vec![bash::NAME];
        names.extend(FILE_TOOLS.iter().map(|tool| tool.name));
        assert_eq!(names, BUILTINS.iter().map(|tool| tool.name).collect::<Vec<_>>());
    }
}
