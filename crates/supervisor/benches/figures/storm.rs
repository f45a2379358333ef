//! Ten thousand children crash at once, and all are replaced.

use std::sync::Arc;
use std::time::Duration;

use ractor::ActorRef;

use super::figure::Figure;
use super::fleet::Fleet;
use super::measure::{From, Rounds, micros, now, run};
use super::subject::{Bare, Roll, Tell};

/// Children.
const CHILDREN: usize = 10_000;
/// Storms.
const ROUNDS: usize = 9;

/// The time until every replacement has taken its first message, against as many bare tasks.
pub fn storm() -> Vec<Figure> {
    let rounds = run(From::Inside, || async {
        let mut rounds = Rounds::default();
        let mut fleet = Fleet::start(CHILDREN).await;
        let (roll, mut bare) = bare_fleet().await;
        for _ in 0..ROUNDS {
            let floor = micros(respawn(&roll, &mut bare).await);
            rounds.add(micros(crash(&mut fleet).await), floor);
        }
        fleet.root.stop().await;
        bare.iter().for_each(|bare| bare.task.abort());
        rounds
    });
    let (value, floor) = rounds.best();
    vec![Figure {
        group: "supervision".to_owned(),
        name: format!("{CHILDREN} children crash at once, until all are replaced"),
        value: value / 1e3,
        unit: "ms",
        floor: Some(floor / 1e3),
        goal: Some(6.0),
        note: format!("floor: as many bare tasks, respawned; {}", rounds.spread()),
    }]
}

async fn crash(fleet: &mut Fleet) -> Duration {
    let actors: Vec<ActorRef<Tell>> = fleet.actors.clone();
    fleet.roll.call(CHILDREN);
    let began = now();
    for actor in &actors {
        actor.cast(Tell::Crash).expect("it runs");
    }
    fleet.roll.full().await;
    let took = began.elapsed();
    fleet.births(CHILDREN).await;
    took
}

async fn bare_fleet() -> (Arc<Roll>, Vec<Bare>) {
    let roll = Arc::new(Roll::default());
    roll.call(CHILDREN);
    let bare = (0..CHILDREN).map(|_| Bare::spawn(roll.clone())).collect();
    roll.full().await;
    (roll, bare)
}

async fn respawn(roll: &Arc<Roll>, fleet: &mut [Bare]) -> Duration {
    roll.call(CHILDREN);
    let began = now();
    for bare in fleet.iter() {
        let _ = bare.tell.send(Tell::Crash);
    }
    for bare in fleet.iter_mut() {
        let _ = (&mut bare.task).await;
        *bare = Bare::spawn(roll.clone());
    }
    roll.full().await;
    began.elapsed()
}
