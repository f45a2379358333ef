//! `planaria man`.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::{Command, CommandFactory};
use clap_mangen::Man;

use crate::cli::Cli;
use crate::exit::Code;
use crate::output;

/// What `man --help` ends with.
const HELP: &str = "\
Examples:
  planaria man | man -l -
  planaria man events | man -l -
  planaria man --dir ~/.local/share/man/man1";

/// Print the manual pages.
///
/// One page for the program and one for each command, in roff, as `man` reads it: made from the
/// same description as the help.
#[derive(Debug, clap::Args)]
#[command(after_long_help = HELP)]
pub struct Args {
    /// Of this command; of the program itself without one. `config show` is two words.
    #[arg(value_name = "COMMAND", conflicts_with = "dir")]
    command: Vec<String>,
    /// Write all pages into this directory, which is made if need be.
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

pub fn run(args: &Args) -> anyhow::Result<Code> {
    let mut program = Cli::command();
    program.build();
    match &args.dir {
        Some(dir) => {
            std::fs::create_dir_all(dir).with_context(|| format!("make {}", dir.display()))?;
            let written = write_all(&program, dir)?;
            output::say(&format!("{written} pages written to {}", dir.display()));
        }
        None => output::raw(&page(find(&program, &args.command)?)?)?,
    }
    Ok(Code::Ok)
}

fn find<'a>(program: &'a Command, words: &[String]) -> anyhow::Result<&'a Command> {
    let mut found = program;
    for word in words {
        let Some(next) = found.get_subcommands().find(|c| c.get_name() == word) else {
            let known = found.get_subcommands().filter(|c| !c.is_hide_set());
            let known: Vec<&str> = known.map(Command::get_name).collect();
            bail!("there is no command `{word}`; there are {}", known.join(", "));
        };
        found = next;
    }
    Ok(found)
}

fn page(command: &Command) -> anyhow::Result<Vec<u8>> {
    let mut page = Vec::new();
    Man::new(command.clone()).render(&mut page)?;
    Ok(page)
}

fn write_all(command: &Command, dir: &Path) -> anyhow::Result<usize> {
    let name = command.get_display_name().unwrap_or_else(|| command.get_name());
    let path = dir.join(format!("{name}.1"));
    std::fs::write(&path, page(command)?).with_context(|| format!("write {}", path.display()))?;
    let mut written = 1;
    for command in command.get_subcommands() {
        if !command.is_hide_set() && command.get_name() != "help" {
            written += write_all(command, dir)?;
        }
    }
    Ok(written)
}
