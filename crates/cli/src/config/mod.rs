//! `planaria config`.

mod settings;
mod show;

use std::path::PathBuf;

use clap::Subcommand;

use crate::exit::Code;
use crate::output::Format;
use crate::terminal::Color;

pub use settings::KEYS;

/// What `config show --help` ends with.
const HELP: &str = "\
Where a value comes from, the first that says something: flag (on this command line), env, fleet \
(the file, with --fleet), default. The endpoint of an openai provider is the exception: what the \
file names counts before the variable. Give the flags of the command that you wonder about, to see what \
it would do. Values of keys are never shown.

Exit codes:
  0    the settings were shown
  1    the fleet's files are wrong
  2    the command line is not understood

Examples:
  planaria config show
  planaria config show --sources --fleet examples/fleet
  PLANARIA_LOG=debug planaria config show --output json";

/// Show the settings in effect, and where each comes from.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

/// What can be done about settings.
#[derive(Debug, Subcommand)]
enum Command {
    /// Show the settings in effect.
    ///
    /// Every setting that a flag, an environment variable or a fleet's file can change, with the
    /// value that counts. Use it when planaria does not do what you have set, or to see what can be
    /// set at all.
    #[command(after_long_help = HELP)]
    Show(Show),
}

/// `planaria config show`.
#[derive(Debug, clap::Args)]
pub struct Show {
    /// Also where each value comes from, what else could set it, and what it is for.
    #[arg(long)]
    sources: bool,
    /// Read this fleet's file as well.
    #[arg(long, value_name = "DIR")]
    fleet: Option<PathBuf>,
    /// As other commands have it.
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// As `up` has it.
    #[arg(long, value_name = "NAME")]
    provider: Option<String>,
    /// As `up` has it.
    #[arg(long)]
    no_progress: bool,
    /// How data is printed.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    output: Format,
}

pub fn run(args: &Args, verbose: u8, color: Color) -> anyhow::Result<Code> {
    let Command::Show(show) = &args.command;
    show::run(show, verbose, color)
}
