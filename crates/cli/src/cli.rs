//! The command line: which commands there are. What each takes stands with the command.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

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
    Up(crate::up::Args),
    Check(crate::check::Check),
    Plan(crate::plan::Plan),
    Schema(crate::schema::Schema),
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
