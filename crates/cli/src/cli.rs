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
    /// Bring a fleet up, work through its sessions, print their answers.
    Up(Up),
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

/// What `up --help` ends with.
const UP_HELP: &str = "\
Sessions are durable: run the same command again after an interruption, or after kill -9, and it \
goes on where it was. A finished fleet repeats its stored answers; a turn that an error ended is \
tried again.

Exit codes:
  0    every session ended its turn and passed its check
  1    one did not, or the fleet's files are wrong
  2    the command line is not understood
  4    a session waits for input
  5    a chaos run failed, or hit nothing
  130  interrupted by Ctrl-C; 143 by SIGTERM

Examples:
  planaria up examples/fleet
  planaria up examples/fleet --chaos --seed 7";

/// `planaria up`.
///
/// Sessions are durable: run the same command again after an interruption, or after `kill -9`, and
/// it goes on where it was. On a finished fleet it prints the stored answers.
///
/// Exit codes: 0 every session ended its turn; 1 one did not; 4 one waits for input; 5 a chaos run
/// found a violation; 130 and 143 interrupted.
#[derive(Debug, Args)]
#[command(
    after_help = UP_HELP
)]
pub struct Up {
    /// Directory with fleet.yaml and agents/.
    #[arg(value_name = "FLEET", default_value = ".")]
    pub fleet: PathBuf,
    #[command(flatten)]
    pub data: DataDir,
    /// Which provider answers, by its name in the fleet file, or `anthropic`, or `scripted`.
    #[arg(long, value_name = "NAME")]
    pub provider: Option<String>,
    /// Kill harnesses, sessions and sandboxes on purpose, then report how they recovered. Always
    /// scripted, in a fresh directory below the data directory.
    #[arg(long)]
    pub chaos: bool,
    /// Seed of the chaos plan; the same seed gives the same plan.
    #[arg(long, value_name = "N", requires = "chaos", default_value_t = 1)]
    pub seed: u64,
    /// How data is printed.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub output: Format,
    /// No live lines, also on a terminal.
    #[arg(long)]
    pub no_progress: bool,
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
