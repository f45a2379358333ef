//! Which records are shown.

use std::borrow::Cow;

use globset::{Glob, GlobSet, GlobSetBuilder};
use planaria_core::Record;
use planaria_core::record::Kind;
use serde::{Deserialize, Serialize};

use crate::limits::TYPES_MAX;

/// How private records are told from events of the API.
const PRIVATE: &str = "private.";
/// How alike a misspelt type must be to be suggested.
const ALIKE: f64 = 0.8;

/// Which records of a log are shown. A record must pass everything that is set.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Filter {
    /// Globs of types; none takes all.
    pub types: Vec<String>,
    /// The first position.
    pub from: u64,
    /// The last position.
    pub to: Option<u64>,
    /// The first time, in microseconds.
    pub since: Option<u64>,
    /// The last time, in microseconds.
    pub until: Option<u64>,
    /// How many at most.
    pub limit: Option<u64>,
    /// How many of what is there already, counted from the end.
    pub tail: Option<u64>,
    /// Private records too.
    pub all: bool,
}

impl Filter {
    /// Whether it can pass anything.
    ///
    /// # Errors
    /// Says why not.
    pub fn check(&self) -> Result<(), String> {
        if self.types.len() > TYPES_MAX {
            return Err(format!("--type is given {} times, at most {TYPES_MAX}", self.types.len()));
        }
        if let Some(to) = self.to.filter(|to| *to < self.from) {
            return Err(format!("--to {to} lies before --from {}: nothing can pass", self.from));
        }
        match (self.since, self.until) {
            (Some(since), Some(until)) if until < since => {
                Err("--until lies before --since: nothing can pass".to_owned())
            }
            _ => Ok(()),
        }
    }

    /// Ready for use.
    ///
    /// # Errors
    /// When a type is not a glob.
    pub fn sieve(&self) -> Result<Sieve, globset::Error> {
        let mut globs = GlobSetBuilder::new();
        for text in &self.types {
            globs.add(Glob::new(text)?);
        }
        let globs = if self.types.is_empty() { None } else { Some(globs.build()?) };
        let private = self.all || self.types.iter().any(|text| text.starts_with(PRIVATE));
        Ok(Sieve { globs, private, until: self.until, to: self.to })
    }
}

/// A filter, ready for use, without what is about the place in the log.
pub struct Sieve {
    globs: Option<GlobSet>,
    private: bool,
    until: Option<u64>,
    to: Option<u64>,
}

impl Sieve {
    /// Whether the record is shown.
    pub fn passes(&self, record: &Record) -> bool {
        let visible = self.private || record.kind.is_public();
        visible && self.globs.as_ref().is_none_or(|globs| globs.is_match(&*type_name(record.kind)))
    }

    /// Whether the record and all after it lie beyond.
    pub fn is_beyond(&self, record: &Record) -> bool {
        self.to.is_some_and(|to| record.seq > to)
            || self.until.is_some_and(|until| record.at_us > until)
    }
}

/// The type of a record as it is shown.
pub fn type_name(kind: Kind) -> Cow<'static, str> {
    if kind.is_public() { kind.name() } else { Cow::Owned(format!("{PRIVATE}{}", kind.name())) }
}

/// Checks a glob of types: one that no type can match is a mistake.
pub fn type_glob(text: &str) -> Result<String, String> {
    let glob = Glob::new(text).map_err(|error| error.to_string())?.compile_matcher();
    let known: Vec<_> = Kind::ALL.iter().map(|kind| type_name(*kind)).collect();
    if known.iter().any(|name| glob.is_match(&**name)) {
        return Ok(text.to_owned());
    }
    let alike = |name: &str| strsim::jaro_winkler(text, name);
    let nearest = known.iter().max_by(|a, b| alike(a).total_cmp(&alike(b)));
    let nearest = nearest.filter(|name| alike(name) >= ALIKE);
    let hint = nearest.map_or_else(String::new, |name| format!("; did you mean `{name}`?"));
    Err(format!("no event has a type like this{hint}"))
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use planaria_core::id::EventId;

    use super::*;

    fn record(seq: u64, kind: Kind) -> Record {
        let payload = Bytes::from_static(b"{}");
        Record { seq, id: EventId(1), at_us: seq * 10, kind, thread: 0, epoch: 1, payload }
    }

    fn passes(filter: &Filter, kind: Kind) -> bool {
        filter.sieve().expect("globs").passes(&record(1, kind))
    }

    #[test]
    fn private_records_are_shown_only_when_they_are_asked_for() {
        let types = |types: &[&str]| Filter {
            types: types.iter().map(ToString::to_string).collect(),
            ..Filter::default()
        };
        assert!(passes(&Filter::default(), Kind::AgentMessage));
        assert!(!passes(&Filter::default(), Kind::Claim));
        assert!(passes(&Filter { all: true, ..Filter::default() }, Kind::Claim));
        assert!(passes(&types(&["private.*"]), Kind::Claim));
        assert!(!passes(&types(&["private.*"]), Kind::AgentMessage));
        assert!(passes(&types(&["user.*", "agent.*"]), Kind::AgentMessage));
        assert!(!passes(&types(&["user.*"]), Kind::AgentMessage));
        assert!(!passes(&types(&["*"]), Kind::Claim), "a star is no question for private ones");
    }

    #[test]
    fn what_lies_beyond_the_last_position_or_time_ends_the_reading() {
        let sieve = |filter: Filter| filter.sieve().expect("globs");
        let to = sieve(Filter { to: Some(3), ..Filter::default() });
        let until = sieve(Filter { until: Some(30), ..Filter::default() });
        for sieve in [to, until] {
            assert!(!sieve.is_beyond(&record(3, Kind::Claim)));
            assert!(sieve.is_beyond(&record(4, Kind::Claim)));
        }
    }

    #[test]
    fn a_type_that_does_not_exist_is_a_mistake_and_the_nearest_one_is_named() {
        assert_eq!(type_glob("agent.*"), Ok("agent.*".to_owned()));
        assert_eq!(type_glob("private.claim"), Ok("private.claim".to_owned()));
        assert!(type_glob("agent.mesage").unwrap_err().contains("`agent.message`"));
        assert!(!type_glob("zzz").unwrap_err().contains("did you mean"));
        assert!(type_glob("agent.[").is_err());
    }

    #[test]
    fn a_filter_that_nothing_can_pass_is_refused() {
        let filter =
            |from, to, since, until| Filter { from, to, since, until, ..Filter::default() };
        assert!(filter(1, Some(1), Some(5), Some(5)).check().is_ok());
        assert!(filter(2, Some(1), None, None).check().unwrap_err().contains("--to 1"));
        assert!(filter(1, None, Some(6), Some(5)).check().unwrap_err().contains("--until"));
        let types = vec!["*".to_owned(); TYPES_MAX + 1];
        assert!(Filter { types, ..Filter::default() }.check().is_err());
    }
}
