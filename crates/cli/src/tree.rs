//! `planaria tree`.

use planaria_core::SessionId;
use planaria_runtime::{Node, Runtime};
use serde::{Deserialize, Serialize};

use crate::cli;
use crate::control::{Request, ask};
use crate::exit::Code;
use crate::output::{Format, data};
use crate::up::SESSION_NAME;

/// A node, and of a session's own nodes the name that its fleet gave it.
#[derive(Debug, Serialize, Deserialize)]
struct Line {
    #[serde(flatten)]
    node: Node,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    session: Option<String>,
}

pub async fn run(args: cli::Tree) -> anyhow::Result<Code> {
    let dir = &args.data.data_dir;
    let Some(lines) = ask(dir, &Request::Tree).await? else {
        anyhow::bail!("no planaria runs on {}; start one with `planaria up`", dir.display());
    };
    match args.output {
        // One document: a picture of one moment, not a stream.
        Format::Json => data(&format!("[{}]", lines.join(",\n")))?,
        Format::Human => {
            for line in lines {
                data(&human(&serde_json::from_str(&line)?))?;
            }
        }
    }
    Ok(Code::Ok)
}

/// The tree as JSON lines.
pub fn lines(runtime: &Runtime) -> anyhow::Result<Vec<String>> {
    let nodes = runtime.tree().into_iter();
    let lines = nodes.map(|node| Line { session: session_name(runtime, &node.path), node });
    lines.map(|line| Ok(serde_json::to_string(&line)?)).collect()
}

fn session_name(runtime: &Runtime, path: &str) -> Option<String> {
    let id: SessionId = path.rsplit('/').next()?.parse().ok()?;
    runtime.watch(id).borrow().state.metadata.get(SESSION_NAME).cloned()
}

fn human(Line { node, session }: &Line) -> String {
    let depth = node.path.matches('/').count();
    let name = node.path.rsplit('/').next().unwrap_or(&node.path);
    let mut line = format!("{}{name}", "  ".repeat(depth));
    if let Some(session) = session {
        line.push_str(&format!(" ({session})"));
    }
    line.push_str(&format!("  {}", node.status));
    if node.restarts > 0 {
        line.push_str(&format!("  restarts {}", node.restarts));
    }
    if let Some((used, max)) = node.budget.filter(|(used, _)| *used > 0) {
        line.push_str(&format!("  budget {used}/{max}"));
    }
    if let Some(exit) = &node.last_exit {
        line.push_str(&format!("  last exit: {exit}"));
    }
    line
}
