//! Time, and what to make of many readings of it.

use std::future::Future;
use std::time::{Duration, Instant};

/// Worker threads, as many as the machine that the goals were set for has cores.
const THREADS: usize = 2;

/// The wall clock.
#[allow(clippy::disallowed_methods, reason = "a bench measures real time")]
pub fn now() -> Instant {
    Instant::now()
}

/// From where something is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum From {
    /// From the thread that runs the program, as `#[tokio::main]` has it: who asks and who answers
    /// are on different threads.
    Outside,
    /// From a task: who asks and who answers may take turns on one thread, which costs least.
    Inside,
}

/// Runs something in a runtime like the one that programs use.
pub fn run<T, F>(from: From, what: impl FnOnce() -> F + Send + 'static) -> T
where
    T: Send + 'static,
    F: Future<Output = T> + Send,
{
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(THREADS)
        .enable_all()
        .build()
        .expect("a runtime");
    let result = match from {
        From::Outside => runtime.block_on(what()),
        From::Inside => {
            let task = runtime.spawn(async move { what().await });
            runtime.block_on(task).expect("a measurement does not panic")
        }
    };
    runtime.shutdown_timeout(Duration::from_secs(10));
    result
}

/// The reading that so many of a hundred are not above.
pub fn percentile(readings: &mut [Duration], of_hundred: usize) -> f64 {
    readings.sort_unstable();
    let last = readings.len() - 1;
    micros(readings[(readings.len() * of_hundred / 100).min(last)])
}

/// A time in microseconds.
pub fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

/// The same thing measured in several rounds, each beside its floor. Others use the machine at the
/// same time, so that only what was measured side by side can be compared.
#[derive(Debug, Default)]
pub struct Rounds(Vec<(f64, f64)>);

impl Rounds {
    /// Adds a round: a value and its floor.
    pub fn add(&mut self, value: f64, floor: f64) {
        self.0.push((value, floor));
    }

    fn by_ratio(&self) -> Vec<(f64, f64)> {
        let mut rounds = self.0.clone();
        rounds.sort_unstable_by(|one, other| f64::total_cmp(&ratio(one), &ratio(other)));
        rounds
    }

    /// Value and floor of the round whose ratio is in the middle.
    pub fn middle(&self) -> (f64, f64) {
        self.by_ratio()[self.0.len() / 2]
    }

    /// The values in the order of the rounds.
    pub fn values(&self) -> impl Iterator<Item = f64> {
        self.0.iter().map(|(value, _)| *value)
    }

    /// How far the rounds lay apart, in words.
    pub fn spread(&self) -> String {
        let rounds = self.by_ratio();
        let (first, last) = (ratio(&rounds[0]), ratio(&rounds[rounds.len() - 1]));
        let least = self.values().fold(f64::INFINITY, f64::min);
        let count = rounds.len();
        format!(
            "the middle one of {count} rounds, whose ratios are {first:.1} to {last:.1}; the least \
             value is {least:.1}"
        )
    }
}

fn ratio((value, floor): &(f64, f64)) -> f64 {
    value / floor
}
