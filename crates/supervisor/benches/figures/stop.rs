//! A dynamic supervisor stops very many children.

use std::sync::Arc;
use std::time::Duration;

use super::figure::Figure;
use super::fleet::Fleet;
use super::measure::{From, Rounds, micros, now, run};
use super::subject::{Bare, Roll};

/// Children.
const SIZES: [usize; 3] = [10_000, 30_000, 100_000];
/// Stops of each size.
const ROUNDS: usize = 5;
/// Ten times the children may take this many times ten times the time: their memory is no longer
/// in the caches.
const GROWTH: f64 = 2.0;

/// The time for each child, by their number: it is about constant if a stop is linear.
pub fn stop() -> Vec<Figure> {
    let sizes: Vec<(usize, Rounds)> = run(From::Inside, || async {
        let mut sizes: Vec<_> = SIZES.map(|size| (size, Rounds::default())).into();
        for _ in 0..ROUNDS {
            for (size, rounds) in &mut sizes {
                let floor = micros(bare(*size).await) * 1e3 / *size as f64;
                rounds.add(micros(supervised(*size).await) * 1e3 / *size as f64, floor);
            }
        }
        sizes
    });
    let figure = |name: String, value, floor, goal, note| Figure {
        group: "supervision".to_owned(),
        name,
        value,
        unit: "ns",
        floor: Some(floor),
        goal,
        note,
    };
    let mut figures: Vec<Figure> = sizes
        .iter()
        .map(|(size, rounds)| {
            let (value, floor) = rounds.middle();
            let note = format!("floor: as many bare tasks; {}", rounds.spread());
            figure(format!("stop of {size} children, for each"), value, floor, None, note)
        })
        .collect();
    let mut growth = Rounds::default();
    let (few, many) = (sizes[0].1.values(), sizes[2].1.values());
    many.zip(few).for_each(|(many, few)| growth.add(many, few));
    let (value, floor) = growth.middle();
    let name = format!("stop of {}, for each, against {} children", SIZES[2], SIZES[0]);
    let note = format!("linear if the ratio is about 1; {}", growth.spread());
    figures.push(figure(name, value, floor, Some(GROWTH), note));
    figures
}

async fn supervised(size: usize) -> Duration {
    let fleet = Fleet::start(size).await;
    let began = now();
    fleet.root.stop().await;
    began.elapsed()
}

/// Each is told to stop by the loss of its channel, and joined.
async fn bare(size: usize) -> Duration {
    let roll = Arc::new(Roll::default());
    roll.call(size);
    let fleet: Vec<Bare> = (0..size).map(|_| Bare::spawn(roll.clone())).collect();
    roll.full().await;
    let began = now();
    let tasks: Vec<_> = fleet.into_iter().map(|bare| bare.task).collect();
    for task in tasks {
        let _ = task.await;
    }
    began.elapsed()
}
