//! Whoever watches a session hears how it ended, whoever else is dead.

use planaria_core::record::payload::StopReason;
use planaria_core::session::Status;
use planaria_core::{Kind, SessionId};
use planaria_runtime::Fault;
use planaria_testkit::store::Point;

use crate::support::{Model, Rig, create, idle, inject, log, said, say};

const SESSION: SessionId = SessionId(1);

#[tokio::test(start_paused = true)]
async fn a_watcher_hears_of_the_append_that_outlived_its_session_and_its_budget() {
    for point in [Point::BeforeWrite, Point::BeforeSync, Point::BeforeAck] {
        let rig = Rig::new();
        let store = rig.store();
        let slow = store.clone();
        // The next commit is that of the answer: it ends the turn.
        let model = Model(move |_: &_| {
            slow.hold(point);
            said("fine")
        });
        let runtime = rig.start(store.clone(), model).await;
        create(&runtime, SESSION).await;
        say(&runtime, SESSION, "hello").await;
        assert_eq!(store.held().await, point);
        // One more than the budget of restarts allows.
        for _ in 0..6 {
            inject(&runtime, SESSION, Fault::KillSession).await;
            tokio::time::sleep(std::time::Duration::from_millis(40)).await;
        }
        store.release();

        let state = idle(&runtime, SESSION).await;
        assert_eq!(state.status, Status::Idle(StopReason::EndTurn), "{point:?}");
        let log = log(&runtime, SESSION).await;
        assert!(log.iter().all(|record| record.kind != Kind::Parked), "its turn had ended");
    }
}
