//! The words of the command line by which a driver tells a hand what to be.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::time::Duration;

use planaria_core::SessionId;

use super::error::Error;
use super::place::Place;

/// What the process is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verb {
    /// Start the hand as a process that nobody waits for, and end.
    Start,
    /// Be the hand.
    Serve,
}

/// What a hand is told. All words are positional, so that any program can pass them through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Args {
    pub verb: Verb,
    pub data: PathBuf,
    pub session: SessionId,
    pub generation: u64,
    pub epoch: u64,
    pub orphan: Duration,
    pub socket_dir: PathBuf,
}

impl Args {
    /// The words, in the order in which [`Args::parse`] takes them.
    pub fn words(&self) -> Vec<OsString> {
        let verb = match self.verb {
            Verb::Start => "start",
            Verb::Serve => "serve",
        };
        vec![
            verb.into(),
            self.data.clone().into(),
            self.session.to_string().into(),
            self.generation.to_string().into(),
            self.epoch.to_string().into(),
            self.orphan.as_secs().to_string().into(),
            self.socket_dir.clone().into(),
        ]
    }

    pub fn parse(words: &[OsString]) -> Result<Self, Error> {
        let [verb, data, session, generation, epoch, orphan, socket_dir] = words else {
            return Err(Error::Usage(format!("7 words expected, {} given", words.len())));
        };
        let verb = match verb.to_str() {
            Some("start") => Verb::Start,
            Some("serve") => Verb::Serve,
            _ => return Err(Error::Usage(format!("{verb:?} is neither `start` nor `serve`"))),
        };
        Ok(Self {
            verb,
            data: data.into(),
            session: parsed(session, "a session's id")?,
            generation: parsed(generation, "a generation")?,
            epoch: parsed(epoch, "an epoch")?,
            orphan: Duration::from_secs(parsed(orphan, "seconds")?),
            socket_dir: socket_dir.into(),
        })
    }

    /// Where this hand's files are.
    pub fn place(&self) -> Place {
        Place::new(&self.data, self.session)
    }
}

fn parsed<T: std::str::FromStr>(word: &OsStr, what: &str) -> Result<T, Error> {
    let value = word.to_str().and_then(|word| word.parse().ok());
    value.ok_or_else(|| Error::Usage(format!("{word:?} is not {what}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_round_trip_and_others_are_refused() {
        let args = Args {
            verb: Verb::Serve,
            data: "/a b/c".into(),
            session: SessionId(7),
            generation: 3,
            epoch: 9,
            orphan: Duration::from_secs(600),
            socket_dir: "/run/user/0/planaria".into(),
        };
        let words = args.words();
        assert_eq!(Args::parse(&words).unwrap(), args);
        assert!(Args::parse(&words[1..]).is_err());
        for index in [0, 2, 3, 4, 5] {
            let mut words = words.clone();
            words[index] = "x".into();
            assert!(Args::parse(&words).is_err(), "word {index}");
        }
    }
}
