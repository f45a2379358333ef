//! `planaria completions`.

use clap::CommandFactory;
use clap_complete::Shell;

use crate::cli::Cli;
use crate::exit::Code;
use crate::output;

/// What `completions --help` ends with.
const HELP: &str = "\
Where the script belongs:
  bash        planaria completions bash > ~/.local/share/bash-completion/completions/planaria
  zsh         planaria completions zsh > ~/.zfunc/_planaria     (with ~/.zfunc in $fpath)
  fish        planaria completions fish > ~/.config/fish/completions/planaria.fish
  elvish      planaria completions elvish >> ~/.config/elvish/rc.elv
  powershell  planaria completions powershell >> $PROFILE

For this shell only:
  source <(planaria completions bash)";

/// Print a script with which a shell completes our command line.
///
/// Commands, options and their values; made from the same description as the help, so it fits the
/// version that prints it. Print it anew after an update.
#[derive(Debug, clap::Args)]
#[command(after_long_help = HELP)]
pub struct Args {
    /// Which shell.
    #[arg(value_name = "SHELL", value_enum)]
    shell: Shell,
}

pub fn run(args: &Args) -> anyhow::Result<Code> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "planaria", &mut script);
    output::raw(&script)?;
    Ok(Code::Ok)
}
