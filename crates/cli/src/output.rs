//! What goes where: data to stdout, everything else to stderr.

use std::io::{ErrorKind, Write};

use owo_colors::OwoColorize;
use tracing_subscriber::EnvFilter;

/// How data is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For people.
    Human,
    /// One JSON document, or one object per line for streams.
    Json,
}

/// `error:` as it begins a message.
pub fn error_word() -> String {
    "error:".red().bold().to_string()
}

/// `hint:` as it begins a message.
pub fn hint_word() -> String {
    "hint:".cyan().to_string()
}

/// One line of data. A reader that has gone is not an error.
pub fn data(line: &str) -> anyhow::Result<()> {
    match writeln!(anstream::stdout(), "{line}") {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        other => Ok(other?),
    }
}

/// One line about the work, for people.
pub fn say(line: &str) {
    // Nobody is left to be told when stderr is gone.
    let _ = writeln!(anstream::stderr(), "{line}");
}

/// A word as a shell takes it: quoted where it must be.
pub fn shell_word(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+:@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// Columns of the terminal that data goes to; `None` where it goes elsewhere.
pub fn columns() -> Option<usize> {
    let (width, _) = terminal_size::terminal_size_of(std::io::stdout())?;
    Some(usize::from(width.0))
}

/// Logs to stderr; `PLANARIA_LOG` overrides the number of `-v`.
pub fn logging(verbose: u8) {
    let level = match verbose {
        // What matters without being asked for is said in words, not logged.
        0 => "off",
        1 => "info",
        2 => "debug",
        _ => "trace",
    };
    let filter = EnvFilter::try_from_env("PLANARIA_LOG").unwrap_or_else(|_| EnvFilter::new(level));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_quoted_only_where_a_shell_would_take_it_apart() {
        assert_eq!(shell_word("/tmp/a-b_c.d"), "/tmp/a-b_c.d");
        assert_eq!(shell_word("with space"), "'with space'");
        assert_eq!(shell_word("it's"), r"'it'\''s'");
        assert_eq!(shell_word(""), "''");
    }
}
