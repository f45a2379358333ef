//! `planaria check`.

use std::path::PathBuf;

use clap::Args;
use owo_colors::OwoColorize;
use planaria_fleet::{Fleet, Problem};
use serde_json::{Value, json};

use crate::exit::Code;
use crate::output::{Format, data, error_word, say};
use crate::up;

/// What `check --help` ends with.
const AFTER_HELP: &str = "\
Nothing is started, nobody is asked, and no data directory is touched. A secret that is not set is \
a warning here, since another machine may have it; `planaria up` needs it.

Exit codes:
  0  the files are good; there may be warnings
  1  they are not
  2  the command line is not understood

Examples:
  planaria check examples/fleet
  planaria check examples/fleet --output json";

/// Check a fleet's files, offline, and say what is wrong with them.
///
/// Reads fleet.yaml, the agents, the environments and the scripts of the scripted model. Every
/// problem is shown with its file, line and column, the line itself, and what may have been meant.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub struct Check {
    /// Directory with fleet.yaml and agents/.
    #[arg(value_name = "FLEET", default_value = ".")]
    fleet: PathBuf,
    /// As if `up` were given this provider for every session.
    #[arg(long, value_name = "NAME")]
    provider: Option<String>,
    /// How data is printed: a sentence, or a JSON list with an object for each problem.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    output: Format,
}

impl Check {
    /// Checks and reports.
    pub fn run(self) -> anyhow::Result<Code> {
        let (counts, errors, warnings) = match planaria_fleet::load(&self.fleet) {
            Ok(fleet) => {
                let overriding = up::overriding(&fleet, self.provider.as_deref(), false)?;
                let errors = up::scripts(&fleet, overriding.as_deref()).err().unwrap_or_default();
                (counts(&fleet), errors, warnings(&fleet, overriding.as_deref()))
            }
            Err(errors) => (String::new(), errors.problems().to_vec(), Vec::new()),
        };
        match self.output {
            Format::Json => {
                let errors = errors.iter().map(|problem| object(problem, "error"));
                let all = errors.chain(warnings.iter().map(|problem| object(problem, "warning")));
                let all: Vec<Value> = all.collect();
                data(&serde_json::to_string_pretty(&all)?)?;
            }
            Format::Human => {
                for problem in &errors {
                    say(&format!("{} {problem}", error_word()));
                }
                for problem in &warnings {
                    say(&format!("{} {problem}", "warning:".yellow().bold()));
                }
                match errors.len() {
                    0 => data(&format!("ok: {counts}"))?,
                    1 => say("1 problem"),
                    n => say(&format!("{n} problems")),
                }
            }
        }
        Ok(if errors.is_empty() { Code::Ok } else { Code::Failed })
    }
}

fn object(problem: &Problem, severity: &str) -> Value {
    json!({
        "severity": severity,
        "file": problem.file,
        "line": problem.line,
        "column": problem.column,
        "message": problem.message,
        "text": problem.text,
    })
}

/// What may not be what somebody expects, and secrets that this machine has not.
fn warnings(fleet: &Fleet, overriding: Option<&str>) -> Vec<Problem> {
    let mut warnings = fleet.warnings.clone();
    let mut used: Vec<&str> = fleet
        .sessions
        .iter()
        .map(|session| overriding.unwrap_or_else(|| fleet.provider_of(session)))
        .collect();
    used.sort_unstable();
    used.dedup();
    for name in used {
        let secret = fleet.providers[name].model.secret();
        if let Some(Err(problem)) = secret.map(|secret| secret.resolve()) {
            warnings.push(Problem {
                file: fleet.dir.join("fleet.yaml"),
                line: 0,
                column: 0,
                text: String::new(),
                message: format!("the provider `{name}` needs its key: {problem}"),
            });
        }
    }
    warnings
}

fn counts(fleet: &Fleet) -> String {
    let number = |count: usize, what: &str| {
        let plural = if count == 1 { "" } else { "s" };
        format!("{count} {what}{plural}")
    };
    let standing = fleet.sessions.iter().filter(|session| session.prompt.is_none()).count();
    let standing = match standing {
        0 => String::new(),
        count => format!(" ({count} standing)"),
    };
    format!(
        "{}, {}{standing}, {}, {}",
        number(fleet.agents.len(), "agent"),
        number(fleet.sessions.len(), "session"),
        number(fleet.environments.len(), "environment"),
        number(fleet.providers.len(), "provider"),
    )
}
