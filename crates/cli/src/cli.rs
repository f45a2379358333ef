//! The command line: which commands there are. What each takes stands with the command.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::output::Format;
use crate::terminal::Color;
use crate::{chaos, completions, config, doctor, events, exit, hand, man, send, transfer, tree};

/// Over the options that every command takes.
const GLOBAL: &str = "Global options";

/// What `planaria --help` ends with.
fn help_end() -> String {
    format!(
        "Data goes to stdout, everything else to stderr. With --output json a command prints one \
         JSON document, with --output ndjson one object per line.\n\n\
         {}\n\
         Examples:\n  \
         planaria up examples/fleet          bring a fleet up and work through its sessions\n  \
         planaria tree --watch               look at the supervision tree meanwhile\n  \
         planaria events job --follow        follow what a session does\n  \
         planaria doctor                     see what this machine can do",
        exit::help()
    )
}

/// Long-running AI agents that survive the death of any of their parts.
///
/// Planaria keeps every session as a log on disk. Kill the process, a harness or a sandbox: the
/// session goes on from its log, and no command runs twice.
#[derive(Debug, Parser)]
#[command(
    name = "planaria",
    version,
    max_term_width = 100,
    propagate_version = true,
    after_long_help = help_end()
)]
pub struct Cli {
    /// Say more on stderr: -v what happens, -vv details, -vvv everything.
    #[arg(short, long, action = clap::ArgAction::Count, global = true, help_heading = GLOBAL)]
    pub verbose: u8,
    /// When to use colour.
    #[arg(
        long,
        value_enum,
        value_name = "WHEN",
        default_value_t = Color::Auto,
        global = true,
        help_heading = GLOBAL
    )]
    pub color: Color,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands. What each says of itself stands with its arguments.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Bring a fleet up, work through its sessions, print their answers.
    Up(Up),
    Events(events::Args),
    Tree(tree::Args),
    Send(send::Args),
    Export(transfer::export::Args),
    Import(transfer::import::Args),
    Chaos(chaos::Args),
    Doctor(doctor::Args),
    Config(config::Args),
    Completions(completions::Args),
    Man(man::Args),
    #[command(hide = true)]
    Hand(hand::Args),
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
