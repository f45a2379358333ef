//! A crash loop spends its own session's budget, and nobody else's.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use planaria_core::SessionId;
use planaria_core::record::payload::{RetryStatus, SessionError, StopReason};
use planaria_core::record::{Kind, Record};
use planaria_core::session::Status;
use planaria_testkit::check;

use crate::support::{Model, Rig, create, idle, last_text, say};

const LOOPS: SessionId = SessionId(1);
const NEIGHBOUR: SessionId = SessionId(2);

fn errors(records: &[Record]) -> Vec<SessionError> {
    let errors = records.iter().filter(|r| r.kind == Kind::SessionError);
    errors.map(|r| r.parse().unwrap()).collect()
}

#[tokio::test(start_paused = true)]
async fn a_session_that_crashes_for_ever_is_parked_and_takes_no_neighbour_down() {
    let rig = Rig::new();
    let mended = Arc::new(AtomicBool::new(false));
    let good = mended.clone();
    let model = Model(move |request: &_| {
        assert!(last_text(request) != "crash" || good.load(Ordering::Relaxed), "as it was told");
        Ok("fine".to_owned())
    });
    let runtime = rig.start(rig.store(), model).await;
    create(&runtime, LOOPS).await;
    create(&runtime, NEIGHBOUR).await;
    say(&runtime, LOOPS, "crash").await;
    say(&runtime, NEIGHBOUR, "hello").await;

    let neighbour = idle(&runtime, NEIGHBOUR).await;
    let parked = idle(&runtime, LOOPS).await;

    assert_eq!(neighbour.status, Status::Idle(StopReason::EndTurn));
    assert_eq!(parked.status, Status::Idle(StopReason::RetriesExhausted));
    let records = runtime.read(LOOPS, 1, 1_000).await.unwrap();
    let errors = errors(&records);
    assert_eq!(errors.len(), 1);
    assert_eq!(errors[0].error.retry_status, RetryStatus::Exhausted);
    assert!(errors[0].error.message.contains("as it was told"), "{}", errors[0].error.message);
    assert_eq!(check::log(LOOPS, &records, true), []);
    let claims = records.iter().filter(|r| r.kind == Kind::Claim).count();
    assert_eq!(claims, 5, "one claim for each restart of the budget");

    // What was waiting is history; a new message starts afresh, with a new budget.
    mended.store(true, Ordering::Relaxed);
    say(&runtime, LOOPS, "crash").await;
    let mut view = runtime.watch(LOOPS);
    let done = |status: &Status| *status == Status::Idle(StopReason::EndTurn);
    view.wait_for(|view| done(&view.state.status)).await.unwrap();
}
