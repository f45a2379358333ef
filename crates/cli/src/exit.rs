//! Exit codes: the one registry.

use std::process::ExitCode;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    /// Everything asked for was done.
    Ok,
    /// It was not.
    Failed,
    /// A plan has changes.
    HasChanges,
    /// A session waits for input.
    NotReady,
    /// A chaos run found a violation.
    ChaosFailed,
    /// Ended by Ctrl-C.
    Interrupted,
    /// Ended by SIGTERM.
    Terminated,
}

impl Code {
    /// The number the shell sees. 2 is clap's, for a command line that is not understood.
    pub fn number(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Failed => 1,
            Self::HasChanges => 3,
            Self::NotReady => 4,
            Self::ChaosFailed => 5,
            Self::Interrupted => 130,
            Self::Terminated => 143,
        }
    }
}

/// Reports an error, if there is one, and gives the shell its number.
pub fn code(result: anyhow::Result<Code>) -> ExitCode {
    let code = result.unwrap_or_else(|error| {
        anstream::eprintln!("{} {error:#}", crate::output::error_word());
        Code::Failed
    });
    ExitCode::from(code.number())
}
