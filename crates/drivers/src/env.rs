//! The system's time and chance.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use planaria_core::port::env::Env;

/// The clocks and the randomness of the operating system.
#[derive(Debug, Clone, Copy)]
pub struct SystemEnv {
    start: Instant,
}

impl SystemEnv {
    /// An environment whose monotonic clock starts now.
    pub fn new() -> Self {
        Self { start: Instant::now() }
    }
}

impl Default for SystemEnv {
    fn default() -> Self {
        Self::new()
    }
}

impl Env for SystemEnv {
    /// # Panics
    /// When the system's clock stands before 1970: times of records would be wrong for ever.
    fn now(&self) -> u64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        let since = since.expect("the system's clock stands before 1970: set it and start again");
        u64::try_from(since.as_micros()).expect("the system's clock stands past the year 580,000")
    }

    fn monotonic(&self) -> Duration {
        self.start.elapsed()
    }

    /// # Panics
    /// When the system gives no randomness: ids drawn from anything else would not be unique.
    fn random(&self) -> u128 {
        let mut bytes = [0; 16];
        if let Err(error) = getrandom::fill(&mut bytes) {
            panic!("the system gives no randomness, and ids need it: {error}");
        }
        u128::from_le_bytes(bytes)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_wall_clock_counts_microseconds_since_1970() {
        let year = 365 * 24 * 3_600 * 1_000_000;
        let now = SystemEnv::new().now();
        assert!((50 * year..200 * year).contains(&now), "{now}");
    }

    #[test]
    fn the_monotonic_clock_never_goes_back() {
        let env = SystemEnv::new();
        let times: Vec<Duration> = (0..1_000).map(|_| env.monotonic()).collect();
        assert!(times.is_sorted());
    }

    #[test]
    fn no_draw_comes_twice_and_every_bit_is_drawn() {
        let env = SystemEnv::new();
        let draws: BTreeSet<u128> = (0..1_000).map(|_| env.random()).collect();
        assert_eq!(draws.len(), 1_000);
        assert_eq!(draws.iter().fold(0, |seen, draw| seen | draw), u128::MAX);
        assert_eq!(draws.iter().fold(u128::MAX, |kept, draw| kept & draw), 0);
    }
}
