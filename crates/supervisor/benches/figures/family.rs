//! A static supervisor starts very many children in order, and stops them in reverse.

use std::sync::Arc;
use std::time::Duration;

use planaria_supervisor::{ChildSpec, Options, Spec, start};
use tokio::sync::mpsc;

use super::figure::Figure;
use super::measure::{From, Rounds, micros, now, run};
use super::subject::subject;

/// Few, and many: OTP's own case has the same.
const SIZES: [usize; 2] = [1_000, 100_000];
/// Families of each size.
const ROUNDS: usize = 3;
/// What OTP's own case allows: many may take this many times as long for each.
const GROWTH: f64 = 10.0;

/// The time for each child of many, against each of few.
pub fn family() -> Vec<Figure> {
    let (starts, stops) = run(From::Inside, || async {
        let (mut starts, mut stops) = (Rounds::default(), Rounds::default());
        for _ in 0..ROUNDS {
            let (start, stop) = each(SIZES[0]).await;
            let (long_start, long_stop) = each(SIZES[1]).await;
            starts.add(long_start, start);
            stops.add(long_stop, stop);
        }
        (starts, stops)
    });
    [("start", starts), ("stop", stops)]
        .into_iter()
        .map(|(what, rounds)| {
            let (value, floor) = rounds.middle();
            Figure {
                group: "supervision".to_owned(),
                name: format!(
                    "{what} of {} children in order, for each, against {}",
                    SIZES[1], SIZES[0]
                ),
                value,
                unit: "ns",
                floor: Some(floor),
                goal: Some(GROWTH),
                note: format!("linear if the ratio is about 1; {}", rounds.spread()),
            }
        })
        .collect()
}

/// Nanoseconds for each child: its start, its stop.
async fn each(size: usize) -> (f64, f64) {
    let (born, _births) = mpsc::unbounded_channel();
    let spec = (0..size).fold(Spec::default(), |spec, number| {
        let born = born.clone();
        spec.child(ChildSpec::worker(number.to_string(), move |context| {
            Box::pin(subject(context, number, Arc::default(), born.clone()))
        }))
    });
    let began = now();
    let root = start("root", spec, Options::default()).await.expect("it starts");
    let started = began.elapsed();
    let began = now();
    root.stop().await;
    (nanos(started, size), nanos(began.elapsed(), size))
}

fn nanos(time: Duration, children: usize) -> f64 {
    micros(time) * 1e3 / children as f64
}
