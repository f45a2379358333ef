//! Exit codes: the one registry.

use std::process::ExitCode;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    /// Everything asked for was done.
    Ok,
    /// It was not.
    Failed,
    /// The command line is not understood.
    Usage,
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

/// Every exit code with what it means, in the order of the numbers. Help and reference pages are
/// made from this.
pub const CODES: &[(Code, &str)] = &[
    (Code::Ok, "everything that was asked for was done"),
    (Code::Failed, "it was not; the reason stands on stderr"),
    (Code::Usage, "the command line is not understood"),
    (Code::HasChanges, "a plan has changes (plan --detailed-exitcode)"),
    (Code::NotReady, "a session waits for input"),
    (Code::ChaosFailed, "a chaos run found a violation, or hit nothing"),
    (Code::Interrupted, "ended by Ctrl-C (SIGINT)"),
    (Code::Terminated, "ended by SIGTERM"),
];

impl Code {
    /// The number the shell sees.
    pub fn number(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::HasChanges => 3,
            Self::NotReady => 4,
            Self::ChaosFailed => 5,
            Self::Interrupted => 130,
            Self::Terminated => 143,
        }
    }
}

/// The registry as a block of help.
pub fn help() -> String {
    let mut text = "Exit codes:\n".to_owned();
    for (code, meaning) in CODES {
        text.push_str(&format!("  {:<4} {meaning}\n", code.number()));
    }
    text
}

/// Words of a command that clap takes and we do not: shown and counted as clap's own errors are.
pub fn usage(command: &str, problem: impl std::fmt::Display) -> anyhow::Error {
    use clap::CommandFactory;
    let kind = clap::error::ErrorKind::ArgumentConflict;
    let mut program = crate::cli::Cli::command();
    program.build();
    match program.find_subcommand_mut(command) {
        Some(command) => command.error(kind, problem).into(),
        None => program.error(kind, problem).into(),
    }
}

/// Reports an error, if there is one, and gives the shell its number.
pub fn code(result: anyhow::Result<Code>) -> ExitCode {
    let code = result.unwrap_or_else(|error| {
        if let Some(error) = error.downcast_ref::<clap::Error>() {
            // Nobody is left to be told when stderr is gone.
            let _ = error.print();
            return Code::Usage;
        }
        anstream::eprintln!("{} {error:#}", crate::output::error_word());
        Code::Failed
    });
    ExitCode::from(code.number())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_registry_has_every_number_once_and_in_order() {
        let numbers: Vec<u8> = CODES.iter().map(|(code, _)| code.number()).collect();
        let mut sorted = numbers.clone();
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!(numbers, sorted);
        assert!(CODES.iter().all(|(_, meaning)| !meaning.is_empty() && !meaning.ends_with('.')));
        let words = help();
        assert!(CODES.iter().all(|(_, meaning)| words.contains(meaning)));
    }
}
