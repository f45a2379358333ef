//! `bash`: a command in the persistent shell.

use planaria_core::tool::Outcome;
use serde::Deserialize;

use super::Job;
use super::desk::input;
use crate::hand::shell::{Ran, Turn};

pub(super) const NAME: &str = "bash";

#[derive(Debug, Deserialize)]
struct Input {
    command: Option<String>,
    #[serde(default)]
    restart: bool,
}

pub(super) async fn run(turn: Turn<'_>, job: &Job) -> Outcome {
    let outcome = attempt(turn, job).await;
    outcome.unwrap_or_else(|problem| Outcome::error(format!("bash: {problem}")))
}

async fn attempt(mut turn: Turn<'_>, job: &Job) -> Result<Outcome, String> {
    let Input { command, restart } = input(job.input.clone())?;
    if restart {
        turn.restart().await.map_err(|error| error.to_string())?;
        let text = "bash session restarted";
        return Ok(Outcome::text(match command {
            Some(_) => format!("{text}; the command was not run, send it again without restart"),
            None => text.to_owned(),
        }));
    }
    let command = command.ok_or("neither `command` nor `restart` was given")?;
    if command.contains('\0') {
        return Err("the command holds a NUL byte".to_owned());
    }
    let ran = turn.run(&command, job.deadline, &job.stop).await;
    let (ran, output) = ran.map_err(|error| error.to_string())?;
    Ok(told(&ran, output, job))
}

fn told(ran: &Ran, output: String, job: &Job) -> Outcome {
    let fresh = "all processes of the sandbox were killed and the next call gets a new shell";
    let problem = match ran {
        Ran::Status(0) if output.is_empty() => return Outcome::text("[no output]"),
        Ran::Status(0) => return Outcome::text(output),
        Ran::Status(status) => format!("[exit status {status}]"),
        Ran::Died(how) => format!("bash: the shell {how}; the next call gets a new shell"),
        Ran::TimedOut => format!("bash: bash command timed out after {:?}; {fresh}", job.limit),
        Ran::Interrupted => format!(
            "bash: the call was interrupted before it ended; {fresh}. What it did until then stays."
        ),
    };
    let gap = if output.is_empty() || output.ends_with('\n') { "" } else { "\n" };
    Outcome::error(format!("{output}{gap}{problem}"))
}
