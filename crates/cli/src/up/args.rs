//! The arguments of `planaria up`.

use std::path::PathBuf;

use clap::Args as Derive;

use crate::cli::DataDir;
use crate::output::Format;

/// What `up --help` ends with.
const AFTER_HELP: &str = "\
Sessions are durable: run the same command again after an interruption, or after kill -9, and it \
goes on where it was. A finished session repeats its stored answer; a turn that an error ended is \
tried again. Where the agent, the prompt, the environment or the workspace of a session has \
changed in the files, a new session is begun under its name, and so are those that come after it; \
`planaria plan` shows it first. The old log is kept. What lies in a workspace's directory is not \
compared: --recreate NAME begins a session anew whatever has changed.

A fleet with standing sessions (those without a prompt) stays up until Ctrl-C, and so does every \
fleet with --watch. SIGHUP reads the files again as well. A file that is wrong is reported and \
changes nothing. A running session keeps its supervision until the next start.

Exit codes:
  0    every session ended its turn and passed its check
  1    one did not, or the fleet's files are wrong
  2    the command line is not understood
  4    a session waits for input
  5    a chaos run failed, or hit nothing
  130  interrupted by Ctrl-C; 143 by SIGTERM

Examples:
  planaria up examples/fleet
  planaria up examples/fleet --watch
  planaria up examples/fleet --recreate survey
  planaria up examples/fleet --chaos --seed 7";

/// Bring a fleet up, work through its sessions, print their answers.
///
/// Starts every session whose turn it is, shows how they get on, and prints their answers when all
/// have ended. What was done already is not done again.
#[derive(Debug, Clone, Derive)]
#[command(after_help = AFTER_HELP)]
pub struct Args {
    /// Directory with fleet.yaml and agents/.
    #[arg(value_name = "FLEET", default_value = ".")]
    pub fleet: PathBuf,
    #[command(flatten)]
    pub data: DataDir,
    /// Which provider answers every session, by its name in the fleet file, or `anthropic`, or
    /// `scripted`.
    #[arg(long, value_name = "NAME")]
    pub provider: Option<String>,
    /// Stay up, read the files again when they change, and begin what has changed.
    #[arg(long, conflicts_with = "chaos")]
    pub watch: bool,
    /// Begin this session anew, whatever it was begun with; its old log is kept. May be repeated.
    #[arg(long, value_name = "NAME", conflicts_with = "chaos")]
    pub recreate: Vec<String>,
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
