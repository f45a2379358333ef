//! How the tree restarts what fails, and when it lets go of what is idle.

use std::time::Duration;

use crate::limits::PASSIVATE_AFTER;

/// Restart budgets and waits. May grow: fill up from [`Supervision::default`].
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
    /// How long a session with nothing to do hears nothing before its actors end and only its log
    /// is left; the next command wakes it. A session that waits for its client's answer has nothing
    /// to do either. `None`: never.
    pub passivate_after: Option<Duration>,
}

impl Default for Supervision {
    /// Five restarts in five minutes: a loop of crashes that takes less than a minute each time is
    /// ended before it costs much, and single faults do not add up over a day. Sleep after a
    /// minute: a conversation that goes on finds its session awake, a pause costs no memory.
    fn default() -> Self {
        Self {
            max_restarts: 5,
            within: Duration::from_secs(300),
            backoff_from: Duration::from_millis(1),
            backoff_to: Duration::from_secs(5),
            passivate_after: Some(PASSIVATE_AFTER),
        }
    }
}
