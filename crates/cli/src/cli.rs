//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::exit::Code;
use crate::output::Format;

/// Long-running AI agents that survive the death of any of their parts.
///
/// Planaria keeps every session as a log on disk. Kill the process, a harness or a sandbox: the
/// session goes on from its log, and no command runs twice.
#[derive(Debug, Parser)]
#[command(name = "planaria", version, max_term_width = 100, propagate_version = true)]
pub struct Cli {
    /// Say more on stderr: -v what happens, -vv details, -vvv everything.
    #[arg(short, long, action = clap::ArgAction::Count, global = true)]
    pub verbose: u8,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    Up(crate::up::Args),
    Check(crate::check::Check),
    Plan(crate::plan::Plan),
    Schema(crate::schema::Schema),
    /// Print the events of a session.
    Events(Events),
    /// Show the supervision tree of a running fleet.
    Tree(Tree),
    /// Run tools for one session; started by planaria itself.
    #[command(hide = true)]
    Hand(Hand),
}

/// Where the data is.
#[derive(Debug, Clone, Args)]
pub struct DataDir {
    /// Directory of the journal, the workspaces and the hands' state.
    #[arg(long, value_name = "DIR", default_value = ".planaria", env = "PLANARIA_DATA_DIR")]
    pub data_dir: PathBuf,
}

/// `planaria events`.
///
/// Works on a running fleet and on a data directory that nobody has open.
#[derive(Debug, Args)]
pub struct Events {
    /// A session's id (sesn_…), or its name in the fleet.
    #[arg(value_name = "SESSION")]
    pub session: String,
    #[command(flatten)]
    pub data: DataDir,
    /// Also show the private records: claims, dispatches, raw answers.
    #[arg(long)]
    pub all: bool,
    /// How data is printed: human lines, or one JSON event per line.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub output: Format,
}

/// `planaria tree`.
#[derive(Debug, Args)]
pub struct Tree {
    #[command(flatten)]
    pub data: DataDir,
    /// How data is printed.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub output: Format,
}

/// `planaria hand`.
#[derive(Debug, Args)]
pub struct Hand {
    /// What the driver passes on.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    pub args: Vec<std::ffi::OsString>,
}

impl Hand {
    /// Becomes a hand.
    pub fn run(self) -> anyhow::Result<Code> {
        planaria_drivers::hand::main(&self.args)?;
        Ok(Code::Ok)
    }
}
