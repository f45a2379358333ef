//! Time and chance of the simulated world.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use planaria_core::port::env::Env;
use tokio::time::Instant;

use crate::rng::Rng;

/// Draws in which no value may come twice.
const DRAWS: usize = 1_000;

/// What every source of time and chance must do:
///
/// ```
/// # use planaria_testkit::{env::{SimClock, SimEnv, conformance}, rng::Rng};
/// conformance(&SimEnv::new(SimClock::new(), Rng::new(1)));
/// ```
///
/// # Panics
/// On the first thing that it does otherwise.
pub fn conformance(env: &dyn Env) {
    let year = 365 * 24 * 3_600 * 1_000_000;
    let now = env.now();
    assert!(now > 50 * year, "{now} µs since 1970 is long ago: times are microseconds");
    let times: Vec<Duration> = (0..DRAWS).map(|_| env.monotonic()).collect();
    assert!(times.is_sorted(), "the monotonic clock goes back");
    let draws: std::collections::BTreeSet<u128> = (0..DRAWS).map(|_| env.random()).collect();
    assert_eq!(draws.len(), DRAWS, "chance repeats itself, and ids must not");
    assert_eq!(draws.iter().fold(0, |seen, draw| seen | draw), u128::MAX, "bits are never drawn");
    assert_ne!(env.stamp().id_seed, env.stamp().id_seed, "two decisions draw the same ids");
}

/// When the simulated world begins, in microseconds since the Unix epoch.
pub const EPOCH: u64 = 1_764_000_000_000_000;

/// Virtual time that outlives tokio runtimes, as time outlives processes. Clones are the same
/// clock.
///
/// It follows tokio's clock between [`SimClock::start`] and [`SimClock::stop`] and stands
/// otherwise. With tokio's clock paused, time passes only where somebody waits for it.
#[derive(Debug, Clone, Default)]
pub struct SimClock {
    reading: Arc<Mutex<Reading>>,
}

#[derive(Debug, Default)]
struct Reading {
    /// Time that had passed when the clock was started last.
    before: Duration,
    since: Option<Instant>,
}

impl SimClock {
    /// A clock that stands at zero.
    pub fn new() -> Self {
        Self::default()
    }

    /// A clock that runs from zero. To be called inside the tokio runtime that it follows.
    pub fn running() -> Self {
        let clock = Self::new();
        clock.start();
        clock
    }

    /// Lets it run. To be called inside the tokio runtime that it is to follow.
    #[allow(clippy::disallowed_methods, reason = "tokio's clock is this environment's time")]
    pub fn start(&self) {
        self.reading().since = Some(Instant::now());
    }

    /// Stops it. To be called inside the tokio runtime that it followed.
    pub fn stop(&self) {
        let mut reading = self.reading();
        if let Some(since) = reading.since.take() {
            reading.before += since.elapsed();
        }
    }

    /// Time passes while nobody is there to see it.
    pub fn skip(&self, time: Duration) {
        self.reading().before += time;
    }

    /// Time since the world began.
    pub fn now(&self) -> Duration {
        let reading = self.reading();
        reading.before + reading.since.map(|since| since.elapsed()).unwrap_or_default()
    }

    /// Waits until the world is that old.
    pub async fn sleep_until(&self, time: Duration) {
        let wait = time.saturating_sub(self.now());
        if !wait.is_zero() {
            tokio::time::sleep(wait).await;
        }
    }

    fn reading(&self) -> MutexGuard<'_, Reading> {
        self.reading.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The environment of a simulated runtime: a clock's time, and ids and jitter from a seed.
#[derive(Debug)]
pub struct SimEnv {
    clock: SimClock,
    rng: Mutex<Rng>,
}

impl SimEnv {
    /// An environment on that clock whose chances follow from `rng`.
    pub fn new(clock: SimClock, rng: Rng) -> Self {
        Self { clock, rng: Mutex::new(rng) }
    }
}

impl Env for SimEnv {
    fn now(&self) -> u64 {
        let passed = u64::try_from(self.clock.now().as_micros());
        EPOCH + passed.expect("the simulated world does not get that old")
    }

    fn monotonic(&self) -> Duration {
        self.clock.now()
    }

    fn random(&self) -> u128 {
        let mut rng = self.rng.lock().unwrap_or_else(PoisonError::into_inner);
        u128::from(rng.next_u64()) << 64 | u128::from(rng.next_u64())
    }
}

/// Lets everybody who can run do so, this many times, while no time passes. Finer than tokio's own
/// yielding, which lets them run until nobody can.
pub async fn steps(count: u64) {
    for _ in 0..count {
        let mut waited = false;
        std::future::poll_fn(|context| {
            if std::mem::replace(&mut waited, true) {
                return std::task::Poll::Ready(());
            }
            context.waker().wake_by_ref();
            std::task::Poll::Pending
        })
        .await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn time_passes_where_somebody_waits_and_nowhere_else() {
        let env = SimEnv::new(SimClock::running(), Rng::new(1));
        assert_eq!((env.now(), env.monotonic()), (EPOCH, Duration::ZERO));
        tokio::time::sleep(Duration::from_secs(3)).await;
        assert_eq!(env.now(), EPOCH + 3_000_000);
        assert_eq!(env.monotonic(), Duration::from_secs(3));
    }

    #[test]
    fn the_clock_goes_on_in_the_next_runtime_where_it_stood_in_the_last() {
        let clock = SimClock::new();
        let live = || {
            let mut runtime = tokio::runtime::Builder::new_current_thread();
            runtime.enable_time().start_paused(true).build().unwrap().block_on(async {
                clock.start();
                let end = clock.now() + Duration::from_secs(1);
                clock.sleep_until(end).await;
                assert_eq!(clock.now(), end);
                clock.stop();
            });
        };
        live();
        clock.skip(Duration::from_secs(5));
        live();
        assert_eq!(clock.now(), Duration::from_secs(7));
    }

    #[test]
    fn the_same_seed_draws_the_same_and_another_does_not() {
        let draw = |seed| {
            let env = SimEnv::new(SimClock::new(), Rng::new(seed));
            [env.random(), env.random(), env.stamp().id_seed]
        };
        assert_eq!(draw(1), draw(1));
        assert_ne!(draw(1), draw(2));
        assert_ne!(draw(1)[0], draw(1)[1]);
    }
}
