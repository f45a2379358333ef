//! A crash loop spends its own session's budget, and nobody else's.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::{StreamExt, stream};
use planaria_core::SessionId;
use planaria_core::model::Request;
use planaria_core::port::BoxStream;
use planaria_core::port::provider::{Delta, Error, Provider};
use planaria_core::record::payload::{RetryStatus, SessionError, StopReason};
use planaria_core::record::{Kind, Record};
use planaria_core::session::Status;
use planaria_runtime::Fault;

use crate::support::{
    Model, Rig, caller, create, endless, idle, inject, last_text, log, results, said, say, until,
};

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
        said("fine")
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
    let records = log(&runtime, LOOPS).await;
    let errors = errors(&records);
    assert_eq!(errors.len(), 1);
    assert_eq!(errors[0].error.retry_status, RetryStatus::Exhausted);
    assert!(errors[0].error.message.contains("as it was told"), "{}", errors[0].error.message);
    let claims = records.iter().filter(|r| r.kind == Kind::Claim).count();
    assert_eq!(claims, 5, "one claim for each restart of the budget");

    // What was waiting is history; a new message starts afresh, with a new budget.
    mended.store(true, Ordering::Relaxed);
    say(&runtime, LOOPS, "crash").await;
    let mut view = runtime.watch(LOOPS);
    let done = |status: &Status| *status == Status::Idle(StopReason::EndTurn);
    view.wait_for(|view| done(&view.state.status)).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn parking_stops_the_calls_whose_outcome_it_records_as_unknown() {
    let rig = Rig::new();
    let runtime = rig.start(rig.store(), caller(vec![endless()])).await;
    create(&runtime, LOOPS).await;
    say(&runtime, LOOPS, "run it").await;
    until(|| !rig.hands.ledger().is_empty()).await;

    for _ in 0..6 {
        inject(&runtime, LOOPS, Fault::KillHarness).await;
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let parked = idle(&runtime, LOOPS).await;

    assert_eq!(parked.status, Status::Idle(StopReason::RetriesExhausted));
    assert!(rig.hands.living(LOOPS).is_empty(), "nothing runs behind an unknown outcome");
    assert_eq!(rig.hands.ledger().len(), 1);
    let texts = results(&log(&runtime, LOOPS).await);
    assert!(texts.len() == 1 && texts[0].contains("outcome is unknown"), "{texts:?}");
}

/// A model that is asked for a while, and then panics.
struct SlowlyPanics(Arc<AtomicUsize>);

impl Provider for SlowlyPanics {
    fn name(&self) -> &str {
        "slow"
    }

    fn answer(&self, _: Arc<Request>) -> BoxStream<'static, Result<Delta, Error>> {
        self.0.fetch_add(1, Ordering::Relaxed);
        let panics = async {
            tokio::time::sleep(Duration::from_secs(40)).await;
            panic!("a bug after forty seconds")
        };
        stream::once(panics).boxed()
    }
}

#[tokio::test(start_paused = true)]
async fn a_crash_loop_that_takes_its_time_is_ended_as_well() {
    let rig = Rig::new();
    let asked = Arc::new(AtomicUsize::new(0));
    let runtime = rig.start(rig.store(), SlowlyPanics(asked.clone())).await;
    create(&runtime, LOOPS).await;
    say(&runtime, LOOPS, "go").await;

    let parked = idle(&runtime, LOOPS).await;

    assert_eq!(parked.status, Status::Idle(StopReason::RetriesExhausted));
    assert_eq!(asked.load(Ordering::Relaxed), 6, "once, and once for each restart of the budget");
}
