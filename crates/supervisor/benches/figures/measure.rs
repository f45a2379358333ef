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

/// The same thing measured in several rounds, beside its floor. Others use the machine at the same
/// time, and can only make a round slower: the best round is what the code costs.
#[derive(Debug, Default)]
pub struct Rounds {
    values: Vec<f64>,
    floors: Vec<f64>,
}

impl Rounds {
    /// Adds a round.
    pub fn add(&mut self, value: f64, floor: f64) {
        self.values.push(value);
        self.floors.push(floor);
    }

    /// The best value and the best floor.
    pub fn best(&self) -> (f64, f64) {
        let least = |values: &[f64]| values.iter().copied().fold(f64::INFINITY, f64::min);
        (least(&self.values), least(&self.floors))
    }

    /// How far the rounds lay apart, in words.
    pub fn spread(&self) -> String {
        let mut ratios: Vec<f64> =
            self.values.iter().zip(&self.floors).map(|(value, floor)| value / floor).collect();
        ratios.sort_unstable_by(f64::total_cmp);
        let (first, last) = (ratios[0], ratios[ratios.len() - 1]);
        let middle = ratios[ratios.len() / 2];
        let rounds = ratios.len();
        format!("best of {rounds} rounds; ratio by round {first:.1} to {last:.1}, median {middle:.1}")
    }
}
