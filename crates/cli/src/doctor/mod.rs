//! `planaria doctor`.
//!
//! Looking (`probe/`) is kept apart from judging (`check/`): what is looked at becomes plain facts,
//! and every check is a function from facts to findings.

mod check;
mod facts;
mod finding;
mod probe;

use serde_json::json;

use crate::cli::DataDir;
use crate::exit::Code;
use crate::output::{self, Format};
use finding::{Finding, Level};

/// What `doctor --help` ends with.
const HELP: &str = "\
Each line says `ok`, `warn` (it works, but not as well as it could) or `FAIL` (sessions cannot run, \
or would lose work), and the line below it what to do. Syncs are timed in the data directory, or in \
the nearest directory above it if it does not exist yet; nothing else is written.

Exit codes:
  0    nothing fails; there may be warnings
  1    something does
  2    the command line is not understood

Examples:
  planaria doctor
  planaria doctor --data-dir /var/lib/planaria
  planaria doctor --output json | jq '.findings[] | select(.level != \"ok\")'";

/// Look at what this machine can do, and say what to mend.
///
/// The disk and how fast it syncs, who has the data directory open and how it was left, hands that
/// are still there, what the kernel offers for isolation, limits, programs, keys (whether they are
/// set, never what they are), clock and terminal. Run it when something is slow or does not start,
/// and put its output into reports of bugs: it shows no secrets.
#[derive(Debug, clap::Args)]
#[command(after_long_help = HELP)]
pub struct Args {
    #[command(flatten)]
    data: DataDir,
    /// How data is printed.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    output: Format,
}

pub fn run(args: &Args) -> anyhow::Result<Code> {
    let facts = probe::look(&args.data.data_dir);
    let findings: Vec<Finding> = check::CHECKS.iter().flat_map(|check| check(&facts)).collect();
    let failed = findings.iter().any(|finding| finding.level == Level::Fail);
    match args.output {
        Format::Json => {
            let document = json!({
                "planaria": env!("CARGO_PKG_VERSION"), "ok": !failed, "findings": findings,
            });
            output::data(&serde_json::to_string_pretty(&document)?)?;
        }
        Format::Human => {
            findings.iter().flat_map(Finding::lines).try_for_each(|line| output::data(&line))?
        }
    }
    Ok(if failed { Code::Failed } else { Code::Ok })
}
