//! Ten thousand children crash at once, and all are replaced.

use std::sync::Arc;
use std::time::Duration;

use ractor::ActorRef;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::figure::Figure;
use super::fleet::Fleet;
use super::measure::{From, Rounds, micros, now, run};
use super::subject::{Roll, Tell, bare, greeted};

/// Children.
const CHILDREN: usize = 10_000;
/// Storms.
const ROUNDS: usize = 9;

/// Storms of tasks for one of children: both then take about as long, and meet as much of what else
/// the machine does.
const TASK_STORMS: u32 = 5;

/// The time until every replacement has taken its first message, against as many bare tasks in a
/// `JoinSet`, whose loop spawns each again that it sees end.
pub fn storm() -> Vec<Figure> {
    let rounds = run(From::Inside, || async {
        let mut rounds = Rounds::default();
        let mut fleet = Fleet::start(CHILDREN).await;
        let mut tasks = Tasks::start().await;
        for _ in 0..ROUNDS {
            let mut floor = Duration::ZERO;
            for _ in 0..TASK_STORMS {
                floor += tasks.crash().await;
            }
            rounds.add(micros(crash(&mut fleet).await) / 1e3, micros(floor / TASK_STORMS) / 1e3);
        }
        fleet.root.stop().await;
        tasks.set.shutdown().await;
        rounds
    });
    let (value, floor) = rounds.middle();
    vec![Figure {
        group: "supervision".to_owned(),
        name: format!("{CHILDREN} children crash at once, until all are replaced"),
        value,
        unit: "ms",
        floor: Some(floor),
        goal: Some(6.0),
        note: format!("floor: as many bare tasks in a JoinSet, respawned; {}", rounds.spread()),
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

/// Tasks that are spawned again by whoever sees them end.
struct Tasks {
    ways: Vec<mpsc::UnboundedSender<Tell>>,
    set: JoinSet<usize>,
    roll: Arc<Roll>,
}

impl Tasks {
    async fn start() -> Self {
        let mut tasks = Self { ways: Vec::new(), set: JoinSet::new(), roll: Arc::default() };
        tasks.roll.call(CHILDREN);
        for number in 0..CHILDREN {
            let way = tasks.spawn(number);
            tasks.ways.push(way);
        }
        tasks.roll.full().await;
        tasks
    }

    fn spawn(&mut self, number: usize) -> mpsc::UnboundedSender<Tell> {
        let (tell, told) = greeted();
        let roll = self.roll.clone();
        self.set.spawn(async move {
            bare(told, roll).await;
            number
        });
        tell
    }

    async fn crash(&mut self) -> Duration {
        self.roll.call(CHILDREN);
        let began = now();
        for way in &self.ways {
            let _ = way.send(Tell::Crash);
        }
        for _ in 0..CHILDREN {
            let number = self.set.join_next().await.expect("all are here").expect("it returns");
            self.ways[number] = self.spawn(number);
        }
        self.roll.full().await;
        began.elapsed()
    }
}
