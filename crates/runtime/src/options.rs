//! How the tree restarts what fails.

use std::time::Duration;

/// Restart budgets and waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Supervision {
    /// Restarts of a session's actors within `within` before the session is parked.
    pub max_restarts: u32,
    /// The window of `max_restarts`.
    pub within: Duration,
    /// First wait before a restart; it doubles.
    pub backoff_from: Duration,
    /// Longest wait before a restart.
    pub backoff_to: Duration,
}

impl Default for Supervision {
    /// Five restarts in five minutes: a loop of crashes that takes less than a minute each time is
    /// ended before it costs much, and single faults do not add up over a day.
    fn default() -> Self {
        Self {
            max_restarts: 5,
            within: Duration::from_secs(300),
            backoff_from: Duration::from_millis(1),
            backoff_to: Duration::from_secs(5),
        }
    }
}
