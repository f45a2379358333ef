//! `planaria plan`.

use std::collections::BTreeSet;
use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use owo_colors::OwoColorize;
use planaria_fleet::{Change, Current, Step};
use serde_json::json;

use crate::cli::DataDir;
use crate::control::{Request, ask};
use crate::exit::Code;
use crate::output::{Format, data};
use crate::{data as store, up};

/// What `plan --help` ends with.
const AFTER_HELP: &str = "\
Signs:
  +  there is no session of that name: it is created
  ~  its agent, environment, workspace or prompt has changed, or a session before it is run anew: a \
new session is begun under its name, and the log of the old one is kept
  =  it has changed in the file and keeps what it was begun with: standing sessions do
  -  it is no longer in the file, and is left asleep; nothing is destroyed

A changed check is no change: every `up` judges by what the file says then. A session that is no \
longer in the file, or keeps what it was begun with, is shown but is no change either: `up` does \
nothing about it. Works beside a running `planaria up` as well.

Exit codes:
  0  the plan was made
  1  it was not: the files are wrong, or the data directory cannot be read
  2  the command line is not understood
  3  with --detailed-exitcode: there are changes

Examples:
  planaria plan examples/fleet
  planaria plan examples/fleet --detailed-exitcode --output json";

/// Show what `planaria up` would begin, and why, without beginning it.
///
/// Compares the fleet's files with the sessions in the data directory.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub struct Plan {
    /// Directory with fleet.yaml and agents/.
    #[arg(value_name = "FLEET", default_value = ".")]
    fleet: PathBuf,
    #[command(flatten)]
    data: DataDir,
    /// As if `up` were given this provider for every session.
    #[arg(long, value_name = "NAME")]
    provider: Option<String>,
    /// As if `up` were asked to begin this session anew. May be repeated.
    #[arg(long, value_name = "NAME")]
    recreate: Vec<String>,
    /// End with code 3 if there are changes.
    #[arg(long)]
    detailed_exitcode: bool,
    /// How data is printed.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    output: Format,
}

impl Plan {
    /// Makes the plan and prints it.
    pub async fn run(self) -> anyhow::Result<Code> {
        let fleet = planaria_fleet::load(&self.fleet)?;
        let overriding = up::overriding(&fleet, self.provider.as_deref(), false)?;
        up::scripts(&fleet, overriding.as_deref()).map_err(|wrong| up::script_error(&wrong))?;
        let current = self.current(&fleet.name).await?;
        let asked: BTreeSet<String> = self.recreate.iter().cloned().collect();
        up::check_asked(&fleet, &self.recreate)?;
        let plan = planaria_fleet::plan(&current, &fleet, &asked);
        match self.output {
            Format::Json => {
                let document = json!({
                    "fleet": plan.fleet,
                    "has_changes": plan.has_changes(),
                    "steps": plan.steps,
                });
                data(&serde_json::to_string_pretty(&document)?)?;
            }
            Format::Human => {
                let width = plan.steps.iter().map(|step| step.name.len()).max().unwrap_or(0);
                for step in &plan.steps {
                    data(&line(step, width))?;
                }
                data("")?;
                data(&plan.to_string())?;
            }
        }
        let changes = self.detailed_exitcode && plan.has_changes();
        Ok(if changes { Code::HasChanges } else { Code::Ok })
    }

    /// What the data directory knows: from whoever runs there, else from its store.
    async fn current(&self, fleet: &str) -> anyhow::Result<Current> {
        let dir = &self.data.data_dir;
        let request = Request::Current { fleet: fleet.to_owned() };
        if let Some(lines) = ask(dir, &request).await? {
            let line = lines.first().context("the planaria that runs there says nothing")?;
            return Ok(serde_json::from_str(line)?);
        }
        anyhow::ensure!(!dir.exists() || dir.is_dir(), store::not_a_directory(dir));
        if !dir.join("journal").is_dir() {
            return Ok(Current::default());
        }
        let store = store::open_existing(dir)?;
        let current = up::current(store.as_ref(), fleet).await;
        store.close().await;
        current
    }
}

/// A line of the plan. The sign says what the colour says.
fn line(step: &Step, width: usize) -> String {
    let id = step.known.as_ref().map_or("", |known| known.id.as_str());
    let (name, why) = (&step.name, &step.why);
    match step.change {
        Change::Create => format!("{} {name:width$}  create", "+".green()),
        Change::Rerun => {
            format!("{} {name:width$}  run anew: {why}; {id} is kept", "~".yellow())
        }
        Change::Keep => format!("{} {name:width$}  {why}", "=".cyan()),
        Change::Remove => format!("{} {name:width$}  {why}", "-".red()),
        _ => format!("  {name:width$}  unchanged ({why})"),
    }
}
