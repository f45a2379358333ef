//! `planaria export`.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, ensure};
use planaria_core::SessionId;
use planaria_core::port::store::Store;
use planaria_core::session::{SessionState, effects, fold};

use super::form::{Checksum, FORMAT, Header, VERSION, encode};
use crate::cli::DataDir;
use crate::control::{Answer, Request, stream};
use crate::data;
use crate::exit::Code;
use crate::limits::{IMPORT_BYTES_MAX, PAGE_RECORDS};
use crate::output::{Lines, Reader, hint_word, say};
use crate::up::{SESSION_FLEET, SESSION_NAME};

/// What `export --help` ends with.
const HELP: &str = "\
The file is ndjson: a header (format, version, session, names, number of records, checksum), then \
one record per line, payloads byte for byte as they are in the log. It does not hold the files of \
the session's workspace: copy <data-dir>/workspaces/<id> beside it.

A session that is at work goes on after the export, so its file shows a moment in the middle: it is \
refused without --force, and where such a file is imported the turn is ended and the model told \
that the outcome of what was running is unknown. Nothing is run twice.

Exit codes:
  0    the whole log was written
  1    it was not: no such session, a session at work, an error of the disk
  2    the command line is not understood

Examples:
  planaria export job -o job.ndjson
  planaria export job | gzip > job.ndjson.gz
  planaria import job.ndjson --data-dir elsewhere";

/// Write a session's whole log to a file.
///
/// For backups of single sessions, for moving one to another machine, and for looking at one with
/// other tools. Works on a running fleet as well as on a data directory that nobody has open, and
/// changes nothing.
#[derive(Debug, clap::Args)]
#[command(after_long_help = HELP)]
pub struct Args {
    /// A session's id (sesn_…), or its name in the fleet.
    #[arg(value_name = "SESSION")]
    session: String,
    #[command(flatten)]
    data: DataDir,
    /// Where to; `-` is stdout. A file is replaced only by a whole one.
    #[arg(short = 'o', long = "to", value_name = "FILE", default_value = "-")]
    to: PathBuf,
    /// Also when the session is at work.
    #[arg(long)]
    force: bool,
}

pub async fn run(args: Args) -> anyhow::Result<Code> {
    let dir = &args.data.data_dir;
    let (session, force) = (args.session.clone(), args.force);
    let request = Request::Export { session, force };
    match stream(dir, &request).await? {
        Some(answer) => write(Source::Running(answer), &args.to).await?,
        None => {
            let store = data::open_existing(dir)?;
            let written = closed(store.clone(), &args).await;
            store.close().await;
            written?;
        }
    }
    Ok(Code::Ok)
}

async fn closed(store: Arc<dyn Store>, args: &Args) -> anyhow::Result<()> {
    let id = data::session(store.as_ref(), &args.session).await?;
    let export = Export::new(store, id, args.force).await?;
    write(Source::Closed(export), &args.to).await
}

/// Who gives the lines.
enum Source {
    Running(Answer),
    Closed(Export),
}

impl Source {
    async fn next(&mut self) -> anyhow::Result<Option<Vec<String>>> {
        match self {
            Self::Running(answer) => Ok(answer.next().await?.map(|line| vec![line])),
            Self::Closed(export) => export.next().await,
        }
    }
}

async fn write(source: Source, to: &Path) -> anyhow::Result<()> {
    if to == Path::new("-") { to_stdout(source).await } else { to_file(source, to).await }
}

async fn to_stdout(mut source: Source) -> anyhow::Result<()> {
    let mut lines = Lines::default();
    while let Some(page) = source.next().await? {
        for line in page {
            if lines.line(&line)? == Reader::Gone {
                return Ok(());
            }
        }
    }
    lines.flush().map(drop)
}

/// The file appears under its name only when it is whole.
async fn to_file(mut source: Source, to: &Path) -> anyhow::Result<()> {
    let mut part = to.as_os_str().to_owned();
    part.push(".part");
    let part = PathBuf::from(part);
    let failed = || format!("write {}", part.display());
    let mut file = BufWriter::new(File::create(&part).with_context(failed)?);
    let (mut written, mut bytes) = (0u64, 0u64);
    let result = async {
        while let Some(page) = source.next().await? {
            for line in page {
                writeln!(file, "{line}").with_context(failed)?;
                written += 1;
                bytes += line.len() as u64 + 1;
            }
        }
        file.flush().and_then(|()| file.get_ref().sync_all()).with_context(failed)?;
        std::fs::rename(&part, to).with_context(|| format!("make {}", to.display()))
    };
    if let Err(error) = result.await {
        // Half a file helps nobody.
        let _ = std::fs::remove_file(&part);
        return Err(error);
    }
    say(&format!("{} records written to {}", written.saturating_sub(1), to.display()));
    if bytes > IMPORT_BYTES_MAX {
        let hint = hint_word();
        say(&format!(
            "{hint} the file has {bytes} bytes; `import` takes {IMPORT_BYTES_MAX} at most"
        ));
    }
    Ok(())
}

/// The lines of a session's file, page by page.
pub struct Export {
    store: Arc<dyn Store>,
    id: SessionId,
    header: Option<Header>,
    next: u64,
    last: u64,
}

impl Export {
    /// Reads the log once, for the header. What is appended later is not part of it.
    ///
    /// # Errors
    /// When the log cannot be read, or the session is at work and nobody insists.
    pub async fn new(store: Arc<dyn Store>, id: SessionId, force: bool) -> anyhow::Result<Self> {
        let head = store.head(id).await?.with_context(|| format!("there is no session {id}"))?;
        let (mut state, mut checksum) = (SessionState::default(), Checksum::default());
        while state.seq < head.seq {
            let most = usize::try_from(head.seq - state.seq).unwrap_or(PAGE_RECORDS);
            let page = store.read(id, state.seq + 1, most.min(PAGE_RECORDS)).await?;
            ensure!(!page.is_empty(), "the log of {id} ends before its head");
            fold(&mut state, &page)?;
            for record in &page {
                checksum.add(&encode(record)?);
            }
        }
        let at_work = !effects(&state).is_empty();
        ensure!(
            force || !at_work,
            "{id} is at work, so its file would show a moment in the middle; wait until it is idle, \
             or give --force"
        );
        let label = |key: &str| state.metadata.get(key).cloned();
        let header = Header {
            format: FORMAT.to_owned(),
            version: VERSION,
            session: id,
            agent: state.agent.as_ref().map(|agent| agent.name.clone()).unwrap_or_default(),
            fleet: label(SESSION_FLEET),
            name: label(SESSION_NAME),
            records: head.seq,
            at_work,
            checksum: checksum.word(),
            planaria: env!("CARGO_PKG_VERSION").to_owned(),
        };
        Ok(Self { store, id, header: Some(header), next: 1, last: head.seq })
    }

    /// The next lines; `None` after the last.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub async fn next(&mut self) -> anyhow::Result<Option<Vec<String>>> {
        if let Some(header) = self.header.take() {
            return Ok(Some(vec![serde_json::to_string(&header)?]));
        }
        if self.next > self.last {
            return Ok(None);
        }
        let most = usize::try_from(self.last - self.next + 1).unwrap_or(PAGE_RECORDS);
        let page = self.store.read(self.id, self.next, most.min(PAGE_RECORDS)).await?;
        let last = page.last().with_context(|| format!("the log of {} ends early", self.id))?;
        self.next = last.seq + 1;
        page.iter().map(encode).collect::<anyhow::Result<_>>().map(Some)
    }
}
