//! `planaria send`.

use std::io::Read;

use anyhow::Context;
use planaria_core::id::EventId;
use planaria_core::limits::CLIENT_EVENT_BYTES_MAX;
use serde_json::{Value, json};

use crate::cli::DataDir;
use crate::control::{Request, ask};
use crate::exit::Code;
use crate::output::{self, Format};

/// What `send --help` ends with.
const HELP: &str = "\
The event is durable when the command returns; follow what comes of it with `planaria events \
SESSION --follow`. The ids of calls that wait stand in `planaria events SESSION` (\"asks\") and in \
`planaria tree`.

Exit codes:
  0    the session has the event
  1    it refuses it, there is no such session, or no planaria runs on the data directory
  2    the command line is not understood

Examples:
  planaria send inbox 'What is left to do?'
  git diff | planaria send reviewer -
  planaria send job --confirm sevt_01…
  planaria send job --confirm sevt_01… --deny 'Not on a Friday.'
  planaria send job --result sevt_01… '21 degrees'
  planaria send job --interrupt";

/// A row of all that may be given would hide that one of these is.
const USAGE: &str = "\
planaria send [OPTIONS] <SESSION> <TEXT>
       planaria send [OPTIONS] <SESSION> --confirm <ID> [--deny <MESSAGE>]
       planaria send [OPTIONS] <SESSION> --result <ID> [--error] <TEXT>
       planaria send [OPTIONS] <SESSION> --interrupt";

/// Say something to a session of a running fleet, or answer what it waits for.
///
/// A message goes to the session's agent, which takes it up in its turn. A session that waits for a
/// person goes on when every call that it asked about is answered: with --confirm one that needs
/// permission, with --result one that the client itself is to run.
#[derive(Debug, clap::Args)]
#[command(
    after_long_help = HELP,
    override_usage = USAGE,
    group = clap::ArgGroup::new("what").required(true).multiple(true)
        .args(["text", "confirm", "result", "interrupt"])
)]
pub struct Args {
    /// A session's id (sesn_…), or its name in the fleet.
    #[arg(value_name = "SESSION")]
    session: String,
    /// The message, or with --result the result; `-` reads it from stdin.
    #[arg(value_name = "TEXT", conflicts_with_all = ["confirm", "interrupt"])]
    text: Option<String>,
    /// Let this call run.
    #[arg(long, value_name = "ID", conflicts_with_all = ["result", "interrupt"])]
    confirm: Option<EventId>,
    /// With --confirm: do not let it run, and tell the agent this.
    #[arg(long, value_name = "MESSAGE", requires = "confirm")]
    deny: Option<String>,
    /// The result of this call, which the client has run.
    #[arg(long, value_name = "ID", requires = "text", conflicts_with = "interrupt")]
    result: Option<EventId>,
    /// With --result: the call has failed.
    #[arg(long, requires = "result")]
    error: bool,
    /// Stop what the session is doing.
    #[arg(long)]
    interrupt: bool,
    #[command(flatten)]
    data: DataDir,
    /// How data is printed.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    output: Format,
}

impl Args {
    /// The event, as the API has it.
    fn event(&self, text: Option<&str>) -> Value {
        let block = |text: &str| json!([{ "type": "text", "text": text }]);
        if self.interrupt {
            return json!({ "type": "user.interrupt" });
        }
        if let Some(id) = self.confirm {
            let result = if self.deny.is_some() { "deny" } else { "allow" };
            return json!({
                "type": "user.tool_confirmation", "tool_use_id": id,
                "result": result, "deny_message": self.deny,
            });
        }
        let content = block(text.unwrap_or_default());
        match self.result {
            Some(id) => json!({
                "type": "user.custom_tool_result", "custom_tool_use_id": id,
                "content": content, "is_error": self.error,
            }),
            None => json!({ "type": "user.message", "content": content }),
        }
    }
}

pub async fn run(args: Args) -> anyhow::Result<Code> {
    let text = match args.text.as_deref() {
        Some("-") => Some(stdin()?),
        other => other.map(str::to_owned),
    };
    let dir = &args.data.data_dir;
    let event = args.event(text.as_deref());
    let request = Request::Send { session: args.session.clone(), event };
    let Some(events) = ask(dir, &request).await? else {
        anyhow::bail!(
            "no planaria runs on {}, so nobody can take the message; bring the session's fleet up \
             with `planaria up` and send it meanwhile",
            dir.display()
        );
    };
    for event in events {
        match args.output {
            Format::Json => output::data(&event)?,
            Format::Human => {
                let event: Value = serde_json::from_str(&event)?;
                let word = |key: &str| event[key].as_str().unwrap_or("?").to_owned();
                output::data(&format!("{} {}", word("id"), word("type")))?;
            }
        }
    }
    Ok(Code::Ok)
}

fn stdin() -> anyhow::Result<String> {
    let mut text = String::new();
    let mut bounded = std::io::stdin().lock().take(CLIENT_EVENT_BYTES_MAX as u64 + 1);
    bounded.read_to_string(&mut text).context("stdin is not text")?;
    anyhow::ensure!(
        text.len() <= CLIENT_EVENT_BYTES_MAX,
        "stdin has more than the {CLIENT_EVENT_BYTES_MAX} bytes that fit into a message"
    );
    Ok(text)
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use planaria_core::event::ClientEvent;

    use super::*;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        args: Args,
    }

    fn args(words: &[&str]) -> Result<Args, String> {
        let line = Line::try_parse_from([&["send", "job"], words].concat());
        line.map(|line| line.args).map_err(|error| error.to_string())
    }

    #[test]
    fn what_is_sent_is_an_event_that_a_session_takes() {
        let id = EventId(7).to_string();
        for (words, name) in [
            (&["hello"][..], "user.message"),
            (&["--interrupt"], "user.interrupt"),
            (&["--confirm", &id], "user.tool_confirmation"),
            (&["--confirm", &id, "--deny", "no"], "user.tool_confirmation"),
            (&["--result", &id, "21", "--error"], "user.custom_tool_result"),
        ] {
            let args = args(words).expect("a command line of the help");
            let event: ClientEvent =
                serde_json::from_value(args.event(args.text.as_deref())).expect("an event");
            assert_eq!(event.name(), name, "{words:?}");
        }
    }

    #[test]
    fn half_an_answer_or_two_at_once_are_not_understood() {
        let id = EventId(7).to_string();
        for words in [
            &[][..],
            &["--deny", "no"],
            &["--result", &id],
            &["--confirm", &id, "text"],
            &["--confirm", &id, "--interrupt"],
            &["--confirm", "sesn_1"],
        ] {
            assert!(args(words).is_err(), "{words:?}");
        }
    }
}
