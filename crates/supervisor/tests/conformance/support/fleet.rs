//! A dynamic supervisor under a root.

use std::sync::Arc;

use planaria_supervisor::{
    ChildSpec, Context, DynamicRef, DynamicSpec, ExitReason, Restart, Spec, Strategy, SupervisorRef,
};
use ractor::ActorCell;

use super::{Lab, PLENTY, patient, root};

/// Children are named by their argument, and told apart by it in the laboratory.
pub fn template(lab: &Lab) -> DynamicSpec<String> {
    let lab = lab.clone();
    DynamicSpec::new(move |context: Context, id: String| lab.launch(context, id)).intensity(PLENTY)
}

/// With keys, and with a log of what has ended for good.
pub fn keyed(lab: &Lab, restart: Restart) -> DynamicSpec<String> {
    let lab = lab.clone();
    template(&lab.clone())
        .restart(restart)
        .key(|id: &String| id.clone())
        .on_exit(move |id: &String, reason: &ExitReason| lab.say(format!("exit {id}: {reason}")))
}

pub async fn fleet(lab: &Lab, spec: DynamicSpec<String>) -> (SupervisorRef, DynamicRef<String>) {
    let (child, fleet) = ChildSpec::dynamic("fleet", spec);
    (root(lab, patient(Strategy::OneForOne).child(child)).await, fleet)
}

/// A root with one restart to spare, whose fleet takes it down.
pub async fn frail_fleet(
    lab: &Lab,
    spec: DynamicSpec<String>,
) -> (SupervisorRef, DynamicRef<String>) {
    let (child, fleet) = ChildSpec::dynamic("fleet", spec);
    let child = child.restart(Restart::Temporary);
    (root(lab, Spec::default().child(child)).await, fleet)
}

pub async fn add(fleet: &DynamicRef<String>, id: &str) -> ActorCell {
    fleet.start_child(id.to_owned()).await.expect("it starts").cell.expect("it runs")
}

/// Starts many at once.
pub async fn add_many(fleet: &DynamicRef<String>, ids: impl Iterator<Item = String>) {
    let fleet = Arc::new(fleet.clone());
    let starts: Vec<_> = ids
        .map(|id| {
            let fleet = fleet.clone();
            tokio::spawn(async move { fleet.start_child(id).await.is_ok() })
        })
        .collect();
    for start in starts {
        assert!(start.await.expect("it returns"));
    }
}
