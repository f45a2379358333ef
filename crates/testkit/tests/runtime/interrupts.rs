//! Interrupts of calls that do not stop: nothing runs behind an outcome that is called unknown.

use std::time::Duration;

use planaria_core::record::payload::StopReason;
use planaria_core::session::Status;
use planaria_core::{Kind, SessionId};
use planaria_runtime::Fault;
use planaria_testkit::env::EPOCH;
use planaria_testkit::sandbox::Cause;

use crate::support::{
    OddHands, Oddity, Rig, caller, create, endless, idle, inject, interrupt, log, results, say,
    until,
};

const SESSION: SessionId = SessionId(1);

/// Interrupts an endless call at a hand that does not stop it. Something may die before that, and
/// something while the session waits for the call to stop.
async fn ends_with_its_hand(oddity: Oddity, before: Option<Fault>, after: Option<Fault>) {
    let rig = Rig::new();
    let driver = OddHands::new(&rig.hands, oddity);
    let runtime = rig.start_with(rig.store(), caller(vec![endless()]), driver).await;
    create(&runtime, SESSION).await;
    say(&runtime, SESSION, "go").await;
    until(|| !rig.hands.ledger().is_empty()).await;
    if let Some(fault) = before {
        inject(&runtime, SESSION, fault).await;
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    let began = rig.clock.now();
    interrupt(&runtime, SESSION).await;
    if let Some(fault) = after {
        tokio::time::sleep(Duration::from_secs(1)).await;
        inject(&runtime, SESSION, fault).await;
    }
    let state = idle(&runtime, SESSION).await;

    let what = format!("{oddity:?}, {before:?}, {after:?}");
    assert_eq!(state.status, Status::Idle(StopReason::EndTurn), "{what}");
    let log = log(&runtime, SESSION).await;
    let [text] = results(&log).try_into().unwrap();
    assert!(text.contains("outcome is unknown"), "{what}: {text}");
    let [death] = rig.hands.deaths().try_into().unwrap();
    assert_eq!(death.cause, Cause::Destroyed, "{what}");
    let result = log.iter().find(|record| record.kind == Kind::AgentToolResult).unwrap();
    assert!(u128::from(result.at_us - EPOCH) >= death.at.as_micros(), "{what}: dead before said");
    // Not at the deadline of the call, which is ten times as far away.
    assert!(death.at - began < Duration::from_secs(15), "{what}: {death:?}");
}

#[tokio::test(start_paused = true)]
async fn an_interrupt_ends_a_call_whose_hand_ignores_it() {
    ends_with_its_hand(Oddity::IgnoresCancel, None, None).await;
}

#[tokio::test(start_paused = true)]
async fn an_interrupt_ends_a_call_whose_hand_does_not_even_take_it() {
    ends_with_its_hand(Oddity::HangsAtCancel, None, None).await;
}

#[tokio::test(start_paused = true)]
async fn a_call_that_does_not_stop_ends_with_its_hand_whoever_dies_meanwhile() {
    for fault in [Fault::KillSandbox, Fault::KillHarness, Fault::KillSession] {
        for oddity in [Oddity::IgnoresCancel, Oddity::HangsAtCancel] {
            ends_with_its_hand(oddity, Some(fault), None).await;
            ends_with_its_hand(oddity, None, Some(fault)).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_harness_that_takes_over_late_collects_what_the_call_left() {
    let rig = Rig::new();
    let call = rig.left_behind(SESSION).await;
    let model = || caller(vec![endless()]);
    // Interrupted, and nobody is there to stop the call, which ends by itself.
    let runtime =
        rig.start_with(rig.store(), model(), OddHands::new(&rig.hands, Oddity::HangsAtCancel));
    let runtime = runtime.await;
    interrupt(&runtime, SESSION).await;
    runtime.shutdown(Duration::from_secs(1)).await;
    rig.disk.crash();
    rig.hands.release(SESSION, call);
    tokio::time::sleep(Duration::from_secs(60)).await;

    let runtime = rig.start(rig.store(), model()).await;
    idle(&runtime, SESSION).await;

    let [text] = results(&log(&runtime, SESSION).await).try_into().unwrap();
    assert!(!text.contains("unknown"), "{text}");
    assert!(rig.hands.deaths().is_empty(), "{:?}", rig.hands.deaths());
}
