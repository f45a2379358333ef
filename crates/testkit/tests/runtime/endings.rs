//! How a runtime ends, and what is left of it.

use std::time::Duration;

use planaria_core::SessionId;
use planaria_core::event::ClientEvent;
use planaria_core::port::store::Error as StoreError;
use planaria_core::record::payload::StopReason;
use planaria_core::session::Status;
use planaria_runtime::{End, Error};
use planaria_testkit::store::Failure;

use crate::support::{Model, Rig, create, fine, idle, said, say};

const SESSION: SessionId = SessionId(1);

async fn ends_by(failure: Failure) -> (End, Rig) {
    let rig = Rig::new();
    let store = rig.store();
    let runtime = rig.start(store.clone(), fine()).await;
    create(&runtime, SESSION).await;
    store.fail_next(failure);

    let message = || vec![ClientEvent::message("hello")];
    let error = runtime.send(SESSION, message()).await.unwrap_err();
    // The outcome of the append is unknown, or the runtime says at once that it has ended.
    assert!(matches!(error, Error::Interrupted { .. } | Error::Ended(_)), "{error}");
    let mut end = runtime.end();
    let end = end.wait_for(Option::is_some).await.unwrap().clone().unwrap();
    let error = runtime.send(SESSION, message()).await.unwrap_err();
    assert!(matches!(error, Error::Ended(_)), "{error}");
    rig.disk.crash();
    (end, rig)
}

#[tokio::test(start_paused = true)]
async fn a_failed_sync_ends_the_runtime_with_the_stores_error_and_a_new_one_goes_on() {
    let (end, rig) = ends_by(Failure::Sync).await;
    assert!(matches!(end, End::Store(StoreError::Poisoned(_))), "{end}");

    let runtime = rig.start(rig.store(), fine()).await;
    say(&runtime, SESSION, "again").await;
    assert_eq!(idle(&runtime, SESSION).await.status, Status::Idle(StopReason::EndTurn));
}

#[tokio::test(start_paused = true)]
async fn a_full_disk_ends_the_runtime_and_says_what_to_do() {
    let (end, _) = ends_by(Failure::Full).await;
    assert!(matches!(end, End::Store(StoreError::Full { .. })), "{end}");
    assert!(end.to_string().contains("free some space"), "{end}");
}

#[tokio::test(start_paused = true)]
async fn two_runtimes_in_one_process_know_nothing_of_each_other() {
    let (one, two) = (Rig::new(), Rig::new());
    let first = one.start(one.store(), Model(|_: &_| said("first"))).await;
    let second = two.start(two.store(), Model(|_: &_| said("second"))).await;
    for runtime in [&first, &second] {
        create(runtime, SESSION).await;
        say(runtime, SESSION, "hello").await;
    }
    idle(&first, SESSION).await;
    idle(&second, SESSION).await;

    first.shutdown(Duration::from_secs(1)).await;

    assert_eq!(first.end().borrow().clone(), Some(End::Shutdown));
    assert_eq!(second.end().borrow().clone(), None);
    assert!(second.tree().iter().any(|node| node.path.ends_with("harness")));
    say(&second, SESSION, "still there?").await;
    assert_eq!(idle(&second, SESSION).await.status, Status::Idle(StopReason::EndTurn));
}
