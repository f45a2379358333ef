//! `planaria tree`.

use planaria_runtime::{Node, Runtime};

use crate::cli;
use crate::control::{Request, ask};
use crate::exit::Code;
use crate::output::{Format, data};

pub async fn run(args: cli::Tree) -> anyhow::Result<Code> {
    let dir = &args.data.data_dir;
    let Some(lines) = ask(dir, &Request::Tree).await? else {
        anyhow::bail!("no planaria runs on {}; start one with `planaria up`", dir.display());
    };
    for line in lines {
        match args.output {
            Format::Json => data(&line)?,
            Format::Human => data(&human(&serde_json::from_str(&line)?))?,
        }
    }
    Ok(Code::Ok)
}

/// The tree as JSON lines.
pub fn lines(runtime: &Runtime) -> anyhow::Result<Vec<String>> {
    runtime.tree().iter().map(|node| Ok(serde_json::to_string(node)?)).collect()
}

fn human(node: &Node) -> String {
    let depth = node.path.matches('/').count();
    let name = node.path.rsplit('/').next().unwrap_or(&node.path);
    let mut line = format!("{}{name}  {}", "  ".repeat(depth), node.status);
    if node.restarts > 0 {
        line.push_str(&format!("  restarts {}", node.restarts));
    }
    if let Some(exit) = &node.last_exit {
        line.push_str(&format!("  last exit: {exit}"));
    }
    line
}
