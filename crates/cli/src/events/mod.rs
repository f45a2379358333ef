//! `planaria events`.

mod filter;
mod human;
mod rows;
mod when;

use planaria_core::port::store::Store;

pub use filter::Filter;
pub use rows::Rows;
pub use when::now;

use crate::cli::DataDir;
use crate::control::{Answer, Lost, Request, stream};
use crate::data;
use crate::exit::{self, Code};
use crate::limits::LINE_CHARS_MAX;
use crate::output::{self, Lines, Reader, RowFormat};
use crate::terminal;
use when::When;

/// What `events --help` ends with.
const HELP: &str = "\
Positions are numbers of the session's log, from 1 without gaps; private records have them too, so \
the events that you see may skip some. With several filters an event must pass all of them.

Exit codes:
  0    all events that pass were printed, or nobody reads them any more
  1    there is no such session, or the planaria that was followed died
  2    the command line is not understood

Examples:
  planaria events job
  planaria events job --follow --tail 20
  planaria events job --type 'agent.*' --type session.error --since 10m
  planaria events job --all --from 100 --to 120 --output ndjson | jq .type";

/// Print the events of a session, and follow them.
///
/// Reads the session's log, of a running fleet as well as of a data directory that nobody has open,
/// and changes nothing. Use it to see what an agent did, why a turn ended, or what it is doing now.
#[derive(Debug, clap::Args)]
#[command(after_long_help = HELP)]
pub struct Args {
    /// A session's id (sesn_…), or its name in the fleet.
    #[arg(value_name = "SESSION")]
    session: String,
    #[command(flatten)]
    data: DataDir,
    /// Go on with the events to come, until Ctrl-C or until the planaria that writes them ends.
    #[arg(short, long)]
    follow: bool,
    /// Only events of this type; `agent.*` takes all that begin so. May be given several times.
    #[arg(long = "type", value_name = "TYPE", value_parser = filter::type_glob)]
    types: Vec<String>,
    /// Only from this position on.
    #[arg(long, value_name = "SEQ", default_value_t = 1)]
    from: u64,
    /// Only up to this position.
    #[arg(long, value_name = "SEQ")]
    to: Option<u64>,
    /// Only from this time on: `2026-07-06T11:00:00Z`, or `10m` for ten minutes ago.
    #[arg(long, value_name = "TIME", value_parser = when::parse)]
    since: Option<When>,
    /// Only up to this time.
    #[arg(long, value_name = "TIME", value_parser = when::parse)]
    until: Option<When>,
    /// Stop after so many.
    #[arg(long, value_name = "N", conflicts_with = "tail")]
    limit: Option<u64>,
    /// Only the last so many, and with --follow those to come.
    #[arg(long, value_name = "N")]
    tail: Option<u64>,
    /// Also the private records: claims, dispatches, raw answers.
    #[arg(long)]
    all: bool,
    /// How data is printed: lines for people, one JSON document, or one JSON object per line.
    #[arg(long, value_enum, default_value_t = RowFormat::Human)]
    output: RowFormat,
}

impl Args {
    fn filter(&self, now_us: u64) -> anyhow::Result<Filter> {
        if self.follow && self.output == RowFormat::Json {
            return Err(exit::usage(
                "events",
                "--output json is one document, and what is followed has no end; use --output ndjson",
            ));
        }
        let filter = Filter {
            types: self.types.clone(),
            from: self.from,
            to: self.to,
            since: self.since.map(|when| when.micros(now_us)),
            until: self.until.map(|when| when.micros(now_us)),
            limit: self.limit,
            tail: self.tail,
            all: self.all,
        };
        filter.check().map_err(|problem| exit::usage("events", problem))?;
        Ok(filter)
    }
}

pub async fn run(args: Args) -> anyhow::Result<Code> {
    let filter = args.filter(when::now())?;
    let dir = &args.data.data_dir;
    let (session, follow) = (args.session.clone(), args.follow);
    let request = Request::Events { session, filter: filter.clone(), follow };
    let mut printer = Printer::new(args.output);
    match stream(dir, &request).await? {
        Some(answer) => live(answer, &mut printer, &args).await,
        None => {
            let store = data::open_existing(dir)?;
            let printed = closed(store.clone(), filter, &mut printer, &args.session).await;
            store.close().await;
            let reader = printed?;
            if follow && reader == Reader::There {
                output::say(&format!(
                    "{} nothing more will come: no planaria runs on {}",
                    output::hint_word(),
                    dir.display()
                ));
            }
            Ok(Code::Ok)
        }
    }
}

/// Prints what a running planaria answers.
async fn live(mut answer: Answer, printer: &mut Printer, args: &Args) -> anyhow::Result<Code> {
    loop {
        let line = match answer.next().await {
            Ok(Some(line)) => line,
            Ok(None) => break,
            Err(error) if args.follow && error.is::<Lost>() => {
                printer.finish()?;
                let more =
                    format!("planaria events {} --follow --from {}", args.session, printer.next);
                return Err(error.context(format!("to go on later: {more}")));
            }
            Err(error) => return Err(error),
        };
        let mut reader = printer.print(&line)?;
        if reader == Reader::There && !answer.has_more() {
            reader = printer.flush()?;
        }
        if reader == Reader::Gone {
            return Ok(Code::Ok);
        }
    }
    let reader = printer.finish()?;
    if args.follow && args.limit.is_none() && args.to.is_none() && reader == Reader::There {
        output::say(&format!(
            "{} nothing more will come: the planaria that wrote this has ended",
            output::hint_word()
        ));
    }
    Ok(Code::Ok)
}

/// Prints what is in a store that nobody else has open.
async fn closed(
    store: std::sync::Arc<dyn Store>,
    filter: Filter,
    printer: &mut Printer,
    session: &str,
) -> anyhow::Result<Reader> {
    let id = data::session(store.as_ref(), session).await?;
    let mut rows = Rows::new(store, id, filter, None).await?;
    while let Some(page) = rows.next().await? {
        for line in page {
            if printer.print(&line)? == Reader::Gone {
                return Ok(Reader::Gone);
            }
        }
    }
    printer.finish()
}

/// Prints rows as they come.
struct Printer {
    format: RowFormat,
    columns: usize,
    lines: Lines,
    any: bool,
    /// The position behind the last row.
    next: u64,
}

impl Printer {
    fn new(format: RowFormat) -> Self {
        let columns = terminal::columns().unwrap_or(LINE_CHARS_MAX);
        Self { format, columns, lines: Lines::default(), any: false, next: 1 }
    }

    fn print(&mut self, row: &str) -> anyhow::Result<Reader> {
        self.next = rows::position(row).map_or(self.next, |seq| seq + 1);
        let first = !std::mem::replace(&mut self.any, true);
        match self.format {
            RowFormat::Ndjson => self.lines.line(row),
            // The comma stands before what follows, so that nothing needs to be known ahead.
            RowFormat::Json => self.lines.line(&format!("{}{row}", if first { "[" } else { "," })),
            RowFormat::Human => {
                let event = serde_json::from_str(row)?;
                self.lines.line(&human::line(&event, self.columns))
            }
        }
    }

    fn flush(&mut self) -> anyhow::Result<Reader> {
        self.lines.flush()
    }

    fn finish(&mut self) -> anyhow::Result<Reader> {
        if self.format == RowFormat::Json {
            self.lines.line(if self.any { "]" } else { "[]" })?;
        }
        self.lines.flush()
    }
}
