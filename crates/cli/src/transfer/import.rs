//! `planaria import`.

use std::path::PathBuf;

use anyhow::ensure;
use planaria_core::SessionId;
use planaria_core::port::env::Env;
use planaria_core::port::store::Store;
use planaria_core::session::SessionState;
use planaria_drivers::env::SystemEnv;
use planaria_drivers::sandbox::LocalDriver;
use serde_json::json;

use super::plant::{self, Planted};
use super::renew::renew;
use super::verify::{self, Checked};
use crate::cli::DataDir;
use crate::data;
use crate::exit::Code;
use crate::output::{self, Format, hint_word, say};
use crate::up::{SESSION_FLEET, SESSION_NAME};

/// What `import --help` ends with.
const HELP: &str = "\
Everything is checked before anything is written: the checksum, that no record is missing, that \
this version knows every kind, and that the log adds up to a session. A session that is here \
already is never overwritten: the same log again changes nothing, a longer one adds its rest, and \
one that went another way is refused.

No planaria may run on the data directory meanwhile. The files of the workspace are not part of the \
file; put them into <data-dir>/workspaces/<id> yourself. A session whose file was written while it \
was at work ends its turn: what ran has an unknown outcome, and a new message lets it go on.

Exit codes:
  0    the session is here
  1    it is not: the file is damaged, another log is here, the data directory is in use
  2    the command line is not understood

Examples:
  planaria import job.ndjson
  planaria import job.ndjson --check
  planaria import job.ndjson --as-new --name job-2";

/// Take a session's log from a file into this data directory.
///
/// The counterpart of `planaria export`: brings a backup back, or a session to another machine. The
/// fleet that it belongs to goes on with it at its next `planaria up`.
#[derive(Debug, clap::Args)]
#[command(after_long_help = HELP)]
pub struct Args {
    /// A file that `planaria export` wrote.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    data: DataDir,
    /// Only check the file; no data directory is touched.
    #[arg(long)]
    check: bool,
    /// As a session of its own with a new id, beside the one that the log comes from.
    #[arg(long)]
    as_new: bool,
    /// With --as-new: its name in its fleet.
    #[arg(long, value_name = "NAME", requires = "as_new", value_parser = data::fleet_name)]
    name: Option<String>,
    /// How data is printed.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    output: Format,
}

pub async fn run(args: Args) -> anyhow::Result<Code> {
    let mut checked = verify::read(&args.file)?;
    let mut id = checked.header.session;
    if args.as_new {
        id = SessionId(SystemEnv::new().random());
        renew(&mut checked, id, args.name.as_deref())?;
    }
    if args.check {
        report(&args, id, &checked.state, "checked")?;
        return Ok(Code::Ok);
    }
    // Whoever writes here later has a higher number than whoever wrote the log.
    let store = data::open_above(&args.data.data_dir, checked.state.epoch)?;
    let planted = take(store.as_ref(), &args, id, &checked).await;
    store.close().await;
    let (planted, state) = planted?;
    report(&args, id, &state, planted.word())?;
    Ok(Code::Ok)
}

async fn take(
    store: &dyn Store,
    args: &Args,
    id: SessionId,
    checked: &Checked,
) -> anyhow::Result<(Planted, SessionState)> {
    let total = checked.records.len() as u64;
    let held = plant::held(store, id, &checked.records).await?;
    if let Some(hand) = checked.state.hand.as_ref().filter(|_| held < total) {
        // It would take orders from two logs.
        ensure!(
            !LocalDriver::is_alive(hand),
            "the hand of {id} lives on this machine, and belongs to the data directory that the \
             log comes from; end the planaria there and wait until the hand has ended (ten minutes \
             at most), or give --as-new"
        );
    }
    let (planted, state) = plant::plant(store, id, checked).await?;
    let label = |key: &str| state.metadata.get(key).map(String::as_str);
    if let (Some(fleet), Some(name)) = (label(SESSION_FLEET), label(SESSION_NAME)) {
        match plant::named(store, fleet, name).await? {
            Some(found) if found == id => {}
            _ => say(&format!(
                "{} the name `{name}` of the fleet `{fleet}` belongs to another session; this one \
                 is found by its id{}",
                hint_word(),
                if args.as_new { ", or give --name" } else { "" }
            )),
        }
    }
    Ok((planted, state))
}

fn report(args: &Args, id: SessionId, state: &SessionState, word: &str) -> anyhow::Result<()> {
    let name = state.metadata.get(SESSION_NAME);
    match args.output {
        Format::Json => {
            let document = json!({
                "session": id, "name": name, "fleet": state.metadata.get(SESSION_FLEET),
                "records": state.seq, "result": word,
            });
            output::data(&serde_json::to_string_pretty(&document)?)
        }
        Format::Human => {
            let name = name.map_or_else(String::new, |name| format!(" ({name})"));
            output::data(&format!("{word}  {id}{name}  {} records", state.seq))
        }
    }
}
