//! Many children of one dynamic supervisor.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use planaria_supervisor::{
    ChildSpec, DynamicSpec, Intensity, Options, Spec, Strategy, SupervisorRef, start,
};
use ractor::ActorRef;
use tokio::sync::mpsc;

use super::subject::{Roll, Tell, subject};

/// A root, its dynamic supervisor, and who runs.
pub struct Fleet {
    /// The tree.
    pub root: SupervisorRef,
    /// The children, by their number.
    pub actors: Vec<ActorRef<Tell>>,
    /// Where they answer.
    pub roll: Arc<Roll>,
    births: mpsc::UnboundedReceiver<(usize, ActorRef<Tell>)>,
}

impl Fleet {
    /// Starts so many children.
    pub async fn start(number: usize) -> Self {
        let (born, births) = mpsc::unbounded_channel();
        let roll = Arc::new(Roll::default());
        let seen = roll.clone();
        let within = Duration::from_millis(1);
        let template = DynamicSpec::new(move |context, number: usize| {
            Box::pin(subject(context, number, seen.clone(), born.clone()))
        })
        .intensity(Intensity { max_restarts: u32::MAX, within });
        let (child, way) = ChildSpec::dynamic("fleet", template);
        let spec = Spec::new(Strategy::OneForOne).child(child);
        let root = start("root", spec, Options::default()).await.expect("it starts");
        roll.call(number);
        let starts = join_all((0..number).map(|number| way.start_child(number))).await;
        assert!(starts.iter().all(Result::is_ok), "every child starts");
        roll.full().await;
        let mut fleet = Self { root, actors: Vec::new(), roll, births };
        fleet.births(number).await;
        fleet
    }

    /// Learns who runs, from so many births.
    pub async fn births(&mut self, number: usize) {
        let mut born = Vec::with_capacity(number);
        while born.len() < number {
            born.push(self.births.recv().await.expect("it was born"));
        }
        born.sort_unstable_by_key(|(number, _)| *number);
        self.actors = born.into_iter().map(|(_, actor)| actor).collect();
    }
}
