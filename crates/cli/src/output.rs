//! What goes where: data to stdout, everything else to stderr.

use std::io::{ErrorKind, Write};

use owo_colors::OwoColorize;
use tracing_subscriber::EnvFilter;

/// How data is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For people.
    Human,
    /// One JSON document.
    Json,
}

/// How a row of data is printed that may be long, or never end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum RowFormat {
    /// For people, one line each.
    Human,
    /// One JSON document: an array.
    Json,
    /// One JSON object per line, each as soon as it is there.
    Ndjson,
}

/// Whether anybody still takes data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader {
    /// Go on.
    There,
    /// The pipe is closed: what follows interests nobody, and that is not an error.
    Gone,
}

/// Stdout for many lines: they are put together until somebody waits for them.
#[derive(Default)]
pub struct Lines {
    waiting: Vec<u8>,
}

/// Bytes that are put together before they are written.
const TOGETHER: usize = 64 << 10;

impl Lines {
    /// One line.
    ///
    /// # Errors
    /// When it cannot be written, but for a reader that has gone.
    pub fn line(&mut self, line: &str) -> anyhow::Result<Reader> {
        self.waiting.extend_from_slice(line.as_bytes());
        self.waiting.push(b'\n');
        if self.waiting.len() < TOGETHER { Ok(Reader::There) } else { self.flush() }
    }

    /// Text that is no line, such as a move of the cursor.
    pub fn text(&mut self, text: &str) {
        self.waiting.extend_from_slice(text.as_bytes());
    }

    /// What is left, before a wait or at the end.
    ///
    /// # Errors
    /// As [`Lines::line`].
    pub fn flush(&mut self) -> anyhow::Result<Reader> {
        // Rows have no colour; what moves the cursor is meant to arrive.
        let mut out = std::io::stdout().lock();
        let written = out.write_all(&self.waiting).and_then(|()| out.flush());
        self.waiting.clear();
        reader(written)
    }
}

fn reader(written: std::io::Result<()>) -> anyhow::Result<Reader> {
    match written {
        Ok(()) => Ok(Reader::There),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(Reader::Gone),
        Err(error) => Err(error.into()),
    }
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
    reader(writeln!(anstream::stdout(), "{line}")).map(drop)
}

/// Data that is text already, as it is.
pub fn raw(text: &[u8]) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    reader(out.write_all(text).and_then(|()| out.flush())).map(drop)
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

/// Logs to stderr: as many as the number of `-v` asks for, else what `PLANARIA_LOG` says.
pub fn logging(verbose: u8) {
    let filter = EnvFilter::try_new(log_filter(verbose).0).unwrap_or_else(|problem| {
        say(&format!("{} PLANARIA_LOG is not a filter: {problem}", hint_word()));
        EnvFilter::new("off")
    });
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
}

/// The filter, and the variable that it comes from, if it does.
pub fn log_filter(verbose: u8) -> (String, Option<&'static str>) {
    let level = match verbose {
        // What matters without being asked for is said in words, not logged.
        0 => match std::env::var("PLANARIA_LOG") {
            Ok(filter) if !filter.is_empty() => return (filter, Some("PLANARIA_LOG")),
            _ => "off",
        },
        1 => "info",
        2 => "debug",
        _ => "trace",
    };
    (level.to_owned(), None)
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

    #[test]
    fn a_reader_that_has_gone_is_no_error_and_a_full_disk_is() {
        assert_eq!(reader(Err(ErrorKind::BrokenPipe.into())).expect("no error"), Reader::Gone);
        assert!(reader(Err(ErrorKind::StorageFull.into())).is_err());
    }
}
