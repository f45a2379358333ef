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
    /// Five restarts in thirty seconds: an agent's step takes seconds, so a loop of crashes is
    /// spent within a minute and single faults never add up.
    fn default() -> Self {
        Self {
            max_restarts: 5,
            within: Duration::from_secs(30),
            backoff_from: Duration::from_millis(1),
            backoff_to: Duration::from_secs(5),
        }
    }
}
