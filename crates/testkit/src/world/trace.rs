//! What happened, in order, and a hash of it.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use planaria_core::id::derive;

/// A world's history: virtual times and what was seen at them. Clones are the same trace.
#[derive(Debug, Clone, Default)]
pub struct Trace {
    lines: Arc<Mutex<Vec<(Duration, String)>>>,
}

impl Trace {
    /// Notes something.
    pub fn note(&self, at: Duration, what: impl Into<String>) {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.push((at, what.into()));
    }

    /// The lines so far.
    pub fn lines(&self) -> Vec<(Duration, String)> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Two worlds with the same hash have the same history.
    pub fn hash(&self) -> u128 {
        self.lines().iter().fold(0, |hash, (at, line)| {
            derive(hash, line.as_bytes(), u64::try_from(at.as_nanos()).unwrap_or(u64::MAX))
        })
    }
}

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, line) in self.lines() {
            writeln!(f, "{:>12.6} {line}", at.as_secs_f64())?;
        }
        Ok(())
    }
}
