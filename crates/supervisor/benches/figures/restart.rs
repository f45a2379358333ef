//! One child is killed, and its replacement answers.

use std::sync::Arc;
use std::time::Duration;

use planaria_supervisor::{ChildSpec, Intensity, Options, Spec, Strategy, SupervisorRef, start};
use ractor::ActorRef;
use tokio::sync::{mpsc, oneshot};

use super::figure::Figure;
use super::measure::{From, Rounds, now, percentile, run};
use super::subject::{Alone, Bare, Tell, subject};

/// Enough that one round is not decided by a build that runs beside it.
const ROUNDS: usize = 9;
/// Restarts in a round; a hundredth of them is above the p99.
const RESTARTS: usize = 2_000;
/// Child and task take turns, so that both meet the same machine.
const TURN: usize = 50;

/// p50 and p99 of a restart without back-off, against a bare task that is aborted, joined, spawned
/// again and asked.
pub fn restart() -> Vec<Figure> {
    let mut figures = Vec::new();
    for (from, words) in [(From::Outside, "asked by a thread"), (From::Inside, "asked by a task")] {
        let [middle, tail, actors] = run(from, readings);
        // The same goals whoever asks: from inside, an actor without a supervisor costs about four
        // tasks already, and that is no reason to ask for less.
        let restart = "restart of a killed child until it answers";
        let task = "floor: a bare task, respawned";
        figures.push(figure(format!("{restart}, {words}, p50"), &middle, Some(4.0), task));
        figures.push(figure(format!("{restart}, {words}, p99"), &tail, Some(8.0), task));
        let actor = "floor: a ractor actor without a supervisor, respawned";
        figures.push(figure(
            format!("{restart}, {words}, against an actor, p50"),
            &actors,
            None,
            actor,
        ));
    }
    figures
}

fn figure(name: String, rounds: &Rounds, goal: Option<f64>, what: &str) -> Figure {
    let (value, floor) = rounds.middle();
    Figure {
        group: "supervision".to_owned(),
        name,
        value,
        unit: "µs",
        floor: Some(floor),
        goal,
        note: format!("{what}; {}", rounds.spread()),
    }
}

/// p50 and p99 beside a task, and p50 beside an actor.
async fn readings() -> [Rounds; 3] {
    let mut rounds = [Rounds::default(), Rounds::default(), Rounds::default()];
    let mut child = Child::start().await;
    let mut bare = Bare::spawn(Arc::default());
    let mut alone = Alone::spawn(Arc::default()).await;
    for _ in 0..ROUNDS {
        let (mut supervised, mut tasks, mut actors) = (Vec::new(), Vec::new(), Vec::new());
        while supervised.len() < RESTARTS {
            for _ in 0..TURN {
                tasks.push(respawn(&mut bare).await);
            }
            for _ in 0..TURN {
                supervised.push(child.restart().await);
            }
            for _ in 0..TURN {
                actors.push(renew(&mut alone).await);
            }
        }
        let [middle, tail, actor] = &mut rounds;
        middle.add(percentile(&mut supervised, 50), percentile(&mut tasks, 50));
        tail.add(percentile(&mut supervised, 99), percentile(&mut tasks, 99));
        actor.add(percentile(&mut supervised, 50), percentile(&mut actors, 50));
    }
    child.root.stop().await;
    bare.task.abort();
    alone.kill();
    rounds
}

async fn respawn(bare: &mut Bare) -> Duration {
    let began = now();
    bare.task.abort();
    let _ = (&mut bare.task).await;
    *bare = Bare::spawn(Arc::default());
    let (reply, answer) = oneshot::channel();
    let _ = bare.tell.send(Tell::Ping(reply));
    answer.await.expect("it answers");
    began.elapsed()
}

async fn renew(actor: &mut ActorRef<Tell>) -> Duration {
    let began = now();
    actor.kill();
    let _ = actor.wait(None).await;
    *actor = Alone::spawn(Arc::default()).await;
    let (reply, answer) = oneshot::channel();
    let _ = actor.cast(Tell::Ping(reply));
    answer.await.expect("it answers");
    began.elapsed()
}

struct Child {
    root: SupervisorRef,
    actor: ActorRef<Tell>,
    births: mpsc::UnboundedReceiver<(usize, ActorRef<Tell>)>,
}

impl Child {
    async fn start() -> Self {
        let (born, mut births) = mpsc::unbounded_channel();
        let child = ChildSpec::worker("child", move |context| {
            Box::pin(subject(context, 0, Arc::default(), born.clone()))
        });
        let within = Duration::from_millis(1);
        let intensity = Intensity { max_restarts: u32::MAX, within };
        let spec = Spec::new(Strategy::OneForOne).intensity(intensity).child(child);
        let root = start("root", spec, Options::default()).await.expect("it starts");
        let (_, actor) = births.recv().await.expect("it was born");
        Self { root, actor, births }
    }

    async fn restart(&mut self) -> Duration {
        let began = now();
        self.actor.get_cell().kill();
        let (_, actor) = self.births.recv().await.expect("it is replaced");
        let (reply, answer) = oneshot::channel();
        actor.cast(Tell::Ping(reply)).expect("it runs");
        answer.await.expect("it answers");
        let took = began.elapsed();
        self.actor = actor;
        took
    }
}
