//! Waits between restarts. OTP has none; here they are an option.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::limits::DOUBLINGS;

/// A draw from the host's source of chance, so that a simulation stays a function of its seed.
pub type Jitter = Arc<dyn Fn() -> u32 + Send + Sync>;

/// How long a child waits before it is restarted. The wait doubles with every failure in a row;
/// half of it is left to chance, so that children which failed together do not come back together.
#[derive(Clone)]
pub struct Backoff {
    /// The first wait.
    pub from: Duration,
    /// The longest wait.
    pub to: Duration,
    /// A child that ran this long has no failures in a row.
    pub reset_after: Duration,
    /// Where chance comes from.
    pub jitter: Jitter,
}

impl Backoff {
    /// The wait after so many failures in a row (from 1).
    pub(crate) fn delay(&self, failures: u32) -> Duration {
        let doubled = self.from.saturating_mul(1 << failures.saturating_sub(1).min(DOUBLINGS));
        let half = doubled.min(self.to) / 2;
        half + half.mul_f64(f64::from((self.jitter)()) / f64::from(u32::MAX))
    }
}

impl fmt::Debug for Backoff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { from, to, reset_after, .. } = self;
        write!(f, "Backoff({from:?} to {to:?}, reset after {reset_after:?})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_their_bound_and_jitter_takes_at_most_half() {
        let backoff = |draw: u32| Backoff {
            from: Duration::from_millis(100),
            to: Duration::from_millis(1_000),
            reset_after: Duration::from_secs(60),
            jitter: Arc::new(move || draw),
        };
        let longest: Vec<u128> = (1..=6).map(|n| backoff(u32::MAX).delay(n).as_millis()).collect();
        assert_eq!(longest, [100, 200, 400, 800, 1_000, 1_000]);
        assert_eq!(backoff(0).delay(2), Duration::from_millis(100));
        assert_eq!(backoff(0).delay(u32::MAX), Duration::from_millis(500));
    }
}
