//! `planaria tree`.

mod picture;

use std::path::Path;

use planaria_core::SessionId;
use planaria_core::record::payload::StopReason;
use planaria_core::record::timestamp;
use planaria_core::session::{Phase, SessionState, Status};
use planaria_runtime::{Condition, Node, Runtime};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::cli::DataDir;
use crate::control::{Lost, Request, ask};
use crate::exit::{self, Code};
use crate::limits::WATCH_EVERY;
use crate::output::{self, Format, Lines, Reader};
use crate::terminal;
use crate::up::SESSION_NAME;
use picture::Style;

/// What `tree --help` ends with.
const HELP: &str = "\
Reading a line: what it is, its status, then where it applies how often it was restarted, how much \
of its supervisor's budget of restarts is used up (3/5: three of five), how its last run ended, and \
of a session its name, what it does and what it waits for.

Exit codes:
  0    the tree was shown
  1    no planaria runs on the data directory
  2    the command line is not understood
  130  a watched tree was left by Ctrl-C

Examples:
  planaria tree
  planaria tree --watch
  planaria tree --output json | jq '.nodes[] | select(.restarts > 0) | .path'";

/// Show the supervision tree of a running fleet.
///
/// Every part that can die is a line: journal, sandboxes, sessions and their harnesses. Use it to
/// see what was restarted and why, which session waits for whom, and whether a part is about to use
/// up its budget of restarts.
#[derive(Debug, clap::Args)]
#[command(after_long_help = HELP)]
pub struct Args {
    #[command(flatten)]
    data: DataDir,
    /// Show it anew twice a second until Ctrl-C.
    #[arg(short, long, conflicts_with = "once")]
    watch: bool,
    /// Show it once; this is what happens without --watch.
    #[arg(long)]
    once: bool,
    /// Draw with ASCII only; done by itself where the locale is not UTF-8 or the terminal is dumb.
    #[arg(long)]
    ascii: bool,
    /// How data is printed.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    output: Format,
}

/// A node, and of a session's own node what the session does.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Line {
    /// The supervised part.
    #[serde(flatten)]
    pub node: Node,
    /// The session whose top it is.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub session: Option<Session>,
}

/// What a session does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Its name in its fleet, if it is of one.
    pub name: Option<String>,
    /// `running`, `idle`, …
    pub state: String,
    /// What must happen before it goes on, if somebody else must do it.
    pub waits_for: Option<String>,
    /// Tool results so far.
    pub steps: u64,
    /// Tokens so far.
    pub tokens: u64,
}

pub async fn run(args: Args) -> anyhow::Result<Code> {
    if args.watch && args.output == Format::Json {
        return Err(exit::usage(
            "tree",
            "--output json is one document, and a watched tree has no end",
        ));
    }
    let dir = &args.data.data_dir;
    let Some(lines) = look(dir).await? else {
        anyhow::bail!("no planaria runs on {}; start one with `planaria up`", dir.display());
    };
    if args.watch {
        return watch(&args, lines).await;
    }
    match args.output {
        Format::Json => output::data(&serde_json::to_string_pretty(&document(&lines))?)?,
        Format::Human => {
            let mut out = Lines::default();
            for line in picture::draw(&lines, args.style()) {
                out.line(&line)?;
            }
            out.flush()?;
        }
    }
    Ok(Code::Ok)
}

impl Args {
    fn style(&self) -> Style {
        if self.ascii || !terminal::unicode() { Style::Ascii } else { Style::Box }
    }
}

/// One document: a picture of one moment, not a stream.
fn document(lines: &[Line]) -> Value {
    json!({ "at": timestamp(crate::events::now()), "nodes": lines })
}

/// The tree of the process that runs there; `None` if none does.
async fn look(dir: &Path) -> anyhow::Result<Option<Vec<Line>>> {
    let Some(lines) = ask(dir, &Request::Tree).await? else { return Ok(None) };
    let lines: Result<_, _> = lines.iter().map(|line| serde_json::from_str(line)).collect();
    Ok(Some(lines?))
}

/// Picture after picture. On a terminal the next one takes the place of the one before; the cursor
/// stands below it all the time, so that nothing is left to mend when Ctrl-C ends us.
async fn watch(args: &Args, mut lines: Vec<Line>) -> anyhow::Result<Code> {
    let (mut out, mut drawn) = (Lines::default(), 0);
    loop {
        let picture = picture::draw(&lines, args.style());
        let reader = match terminal::size() {
            Some(size) => {
                let shown = picture::fit(picture, size);
                if drawn > 0 {
                    out.text(&format!("\x1b[{drawn}A\r\x1b[J"));
                }
                drawn = shown.len();
                shown.iter().try_for_each(|line| out.line(line).map(drop))?;
                out.flush()?
            }
            None => {
                out.line(&timestamp(crate::events::now()))?;
                picture.iter().try_for_each(|line| out.line(line).map(drop))?;
                out.line("")?;
                out.flush()?
            }
        };
        if reader == Reader::Gone {
            return Ok(Code::Ok);
        }
        tokio::time::sleep(WATCH_EVERY).await;
        let next = match look(&args.data.data_dir).await {
            // It went in the middle of its answer.
            Err(error) if error.is::<Lost>() => None,
            next => next?,
        };
        let Some(next) = next else {
            output::say("the planaria that was watched has ended");
            return Ok(Code::Ok);
        };
        lines = next;
    }
}

/// The tree as it is now, parents before their children.
pub fn lines(runtime: &Runtime) -> Vec<Line> {
    let nodes = runtime.tree().into_iter();
    nodes.map(|node| Line { session: session(runtime, &node.path), node }).collect()
}

fn session(runtime: &Runtime, path: &str) -> Option<Session> {
    let (above, name) = path.rsplit_once('/')?;
    let id: SessionId = name.parse().ok()?;
    // Its sandbox is named after it too.
    if !above.ends_with("/sessions") {
        return None;
    }
    let view = runtime.watch(id).borrow().clone();
    let state = &view.state;
    let (word, waits_for) = match &view.condition {
        Condition::Unreadable(problem) => ("unreadable".to_owned(), Some(problem.clone())),
        Condition::Asleep => ("asleep".to_owned(), None),
        Condition::Starting => ("starting".to_owned(), None),
        _ => (word(&state.status).to_owned(), waits_for(state)),
    };
    Some(Session {
        name: state.metadata.get(SESSION_NAME).cloned(),
        state: word,
        waits_for,
        steps: state.steps,
        tokens: state.usage.total(),
    })
}

fn word(status: &Status) -> &'static str {
    match status {
        Status::New => "new",
        Status::Running => "running",
        Status::Rescheduling { .. } => "retrying",
        Status::Idle(_) => "idle",
        Status::Terminated => "terminated",
    }
}

/// What must happen before the session goes on.
fn waits_for(state: &SessionState) -> Option<String> {
    match &state.status {
        Status::Idle(StopReason::RequiresAction { .. }) => {
            let calls = state.pending().map(|call| {
                let need = if call.phase == Phase::Client { "a result" } else { "a confirmation" };
                format!("{need} for {} ({})", call.name, call.id)
            });
            Some(calls.collect::<Vec<_>>().join(", "))
        }
        Status::Idle(StopReason::RetriesExhausted) => {
            Some("a new message: errors ended its turn".to_owned())
        }
        Status::Idle(StopReason::Refusal) => {
            Some("a new message: the model refused to go on".to_owned())
        }
        Status::Rescheduling { due, .. } => Some(format!("another try at {}", timestamp(*due))),
        _ => None,
    }
}
