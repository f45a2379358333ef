//! `planaria hand`: what drivers start. Not for people.

use crate::exit::Code;

/// Run the tools of one session; started by planaria itself.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// What the driver passes on.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    pub args: Vec<std::ffi::OsString>,
}

/// Becomes a hand.
pub fn run(args: &Args) -> anyhow::Result<Code> {
    planaria_drivers::hand::main(&args.args)?;
    Ok(Code::Ok)
}
