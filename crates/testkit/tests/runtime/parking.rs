//! A crash loop spends its own session's budget, and nobody else's.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use planaria_core::SessionId;
use planaria_core::model::{Block, Request, ToolInput};
use planaria_core::record::payload::{RetryStatus, SessionError, StopReason};
use planaria_core::record::{Kind, Record};
use planaria_core::session::Status;
use planaria_runtime::Fault;
use planaria_testkit::check;
use serde_json::json;

use crate::support::{Model, Rig, create, idle, last_text, said, say};

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

#[tokio::test(start_paused = true)]
async fn parking_stops_the_calls_whose_outcome_it_records_as_unknown() {
    let rig = Rig::new();
    let model = Model(|request: &Request| match request.messages.len() {
        1 => Ok(vec![Block::ToolUse {
            name: "bash".to_owned(),
            input: ToolInput::Object(json!({ "command": "wait", "until_released": true })),
        }]),
        _ => said("on we go"),
    });
    let runtime = rig.start(rig.store(), model).await;
    create(&runtime, LOOPS).await;
    say(&runtime, LOOPS, "run it").await;
    let mut view = runtime.watch(LOOPS);
    view.wait_for(|view| view.state.hand.is_some()).await.unwrap();
    while rig.hands.ledger().is_empty() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }

    for _ in 0..6 {
        while !runtime.inject(LOOPS, Fault::KillHarness).await {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let parked = idle(&runtime, LOOPS).await;

    assert_eq!(parked.status, Status::Idle(StopReason::RetriesExhausted));
    assert!(rig.hands.living(LOOPS).is_empty(), "nothing runs behind an unknown outcome");
    assert_eq!(rig.hands.ledger().len(), 1);
    let records = runtime.read(LOOPS, 1, 1_000).await.unwrap();
    assert_eq!(check::log(LOOPS, &records, true), []);
    let results = records.iter().filter(|r| r.kind == Kind::AgentToolResult);
    let texts: Vec<String> =
        results.map(|r| String::from_utf8_lossy(&r.payload).into_owned()).collect();
    assert!(texts.len() == 1 && texts[0].contains("outcome is unknown"), "{texts:?}");
}
