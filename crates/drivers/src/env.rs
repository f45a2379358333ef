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
    use super::*;

    #[test]
    fn the_port_is_kept() {
        planaria_testkit::env::conformance(&SystemEnv::new());
    }
}
