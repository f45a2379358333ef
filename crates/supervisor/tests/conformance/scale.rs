//! Very many children. How long each takes is for the bench; here, that none is forgotten.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use planaria_supervisor::{
    ChildSpec, DynamicSpec, ExitReason, Flow, Restart, Spec, Status, Strategy, Worker, worker,
};
use ractor::ActorRef;

use crate::support::*;

/// Lives, and says when it does not any more.
struct Lean(Arc<AtomicUsize>);

impl Drop for Lean {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Worker for Lean {
    type Message = ();

    fn handle(&mut self, _: &ActorRef<()>, (): ()) -> Result<Flow, String> {
        Err("crash".to_owned())
    }
}

#[tokio::test(start_paused = true)]
async fn sup_e11_a_hundred_thousand_start_crash_come_back_and_stop() {
    const CHILDREN: usize = 100_000;
    let alive = Arc::new(AtomicUsize::new(0));
    let actors = Arc::new(Mutex::new(Vec::new()));
    let (count, born) = (alive.clone(), actors.clone());
    let template = DynamicSpec::new(move |context, (): ()| {
        let (count, born) = (count.clone(), born.clone());
        Box::pin(worker(context, move |me, _| {
            count.fetch_add(1, Ordering::SeqCst);
            born.lock().expect("one").push(me.clone());
            Ok(Lean(count))
        }))
    });
    let (child, fleet) = ChildSpec::dynamic("fleet", template.intensity(PLENTY));
    let lab = Lab::new();
    let root = root(&lab, patient(Strategy::OneForOne).child(child)).await;
    for _ in 0..CHILDREN {
        fleet.start_child(()).await.expect("it starts");
    }
    let first = std::mem::take(&mut *actors.lock().expect("one"));
    first.iter().for_each(|actor| drop(actor.cast(())));
    idle().await;
    assert_eq!(fleet.count_children().await.expect("it answers").active, CHILDREN);
    assert_eq!(actors.lock().expect("one").len(), CHILDREN, "each was restarted once");
    assert_eq!(alive.load(Ordering::SeqCst), CHILDREN, "and none beside its replacement");
    assert_eq!(root.stop().await, ExitReason::Shutdown);
    assert_eq!(alive.load(Ordering::SeqCst), 0);
    assert!(root.snapshot().iter().all(|node| node.status == Status::Stopped));
}

#[tokio::test(start_paused = true)]
async fn sup_m16_ten_thousand_are_added_and_terminated_one_by_one() {
    const CHILDREN: usize = 10_000;
    let alive = Arc::new(AtomicUsize::new(0));
    let root = root(&Lab::new(), Spec::default()).await;
    for n in 0..CHILDREN {
        let count = alive.clone();
        let child = ChildSpec::worker(n.to_string(), move |context| {
            let count = count.clone();
            Box::pin(worker(context, move |_, _| {
                count.fetch_add(1, Ordering::SeqCst);
                Ok(Lean(count))
            }))
        });
        root.start_child(child.restart(Restart::Temporary)).await.expect("it starts");
    }
    assert_eq!(counts(&root).await.1, CHILDREN);
    for n in 0..CHILDREN {
        root.terminate_child(&n.to_string()).await.expect("it stops");
    }
    assert_eq!((counts(&root).await, alive.load(Ordering::SeqCst)), ((0, 0, 0, 0), 0));
    root.stop().await;
}
