//! How many restarts a supervisor may do within a time.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

/// OTP's intensity and period. One more restart than this within the window, and the supervisor
/// gives up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Intensity {
    /// Restarts that are allowed within the window.
    pub max_restarts: u32,
    /// The window. A restart exactly this long ago still counts.
    pub within: Duration,
}

impl Default for Intensity {
    /// OTP's: one restart in five seconds.
    fn default() -> Self {
        Self { max_restarts: 1, within: Duration::from_secs(5) }
    }
}

/// The restarts of one supervisor.
#[derive(Debug)]
pub(crate) struct Budget {
    intensity: Intensity,
    /// At most one more than `max_restarts`.
    restarts: VecDeque<Instant>,
}

impl Budget {
    pub fn new(intensity: Intensity) -> Self {
        Self { intensity, restarts: VecDeque::new() }
    }

    /// Counts a restart; false if it is one too many.
    pub fn spend(&mut self, now: Instant) -> bool {
        self.restarts.push_back(now);
        self.used(now) <= self.intensity.max_restarts
    }

    /// Restarts within the window.
    pub fn used(&mut self, now: Instant) -> u32 {
        while self.restarts.front().is_some_and(|at| now - *at > self.intensity.within) {
            self.restarts.pop_front();
        }
        u32::try_from(self.restarts.len()).unwrap_or(u32::MAX)
    }

    pub fn max(&self) -> u32 {
        self.intensity.max_restarts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_restart_exactly_one_window_ago_still_counts() {
        let within = Duration::from_secs(5);
        let start = crate::context::now();
        let mut budget = Budget::new(Intensity { max_restarts: 1, within });
        assert!(budget.spend(start));
        assert!(!budget.spend(start + within));
        let mut budget = Budget::new(Intensity { max_restarts: 1, within });
        assert!(budget.spend(start));
        assert!(budget.spend(start + within + Duration::from_nanos(1)));
    }

    #[tokio::test(start_paused = true)]
    async fn an_intensity_of_nothing_allows_no_restart() {
        let intensity = Intensity { max_restarts: 0, within: Duration::from_secs(1) };
        assert!(!Budget::new(intensity).spend(crate::context::now()));
    }
}
