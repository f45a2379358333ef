//! Hands and drivers that do not do what they should.

use std::sync::Arc;
use std::time::Duration;

use planaria_core::model::Request;
use planaria_core::record::payload::{HandBound, StopReason};
use planaria_core::session::Status;
use planaria_core::{Kind, SessionId};
use planaria_runtime::{Fault, Runtime};
use planaria_testkit::sandbox::{Cause, HandFaults};

use crate::support::{
    Model, OddHands, Oddity, Rig, caller, create, fine, idle, inject, last_text, log, quick,
    results, runs, said, say,
};

const SESSION: SessionId = SessionId(1);

/// A session that has run a command at an odd hand, or has tried to.
async fn run(rig: &Rig, driver: &Arc<OddHands>) -> Runtime {
    let model = caller(vec![quick("make")]);
    let runtime = rig.start_with(rig.store(), model, driver.clone()).await;
    create(&runtime, SESSION).await;
    say(&runtime, SESSION, "go").await;
    let state = idle(&runtime, SESSION).await;
    assert_eq!(state.status, Status::Idle(StopReason::EndTurn));
    runtime
}

/// How long the end of all hands takes.
async fn retire(rig: &Rig, oddity: Oddity) -> Duration {
    let runtime = run(rig, &OddHands::new(&rig.hands, oddity)).await;
    assert_eq!(rig.hands.living(SESSION), [1]);
    let began = rig.clock.now();
    let retired = tokio::time::timeout(Duration::from_secs(60), runtime.retire_hands());
    retired.await.expect("it does not wait for hands for ever");
    rig.clock.now() - began
}

#[tokio::test(start_paused = true)]
async fn a_hand_that_does_not_say_goodbye_is_killed() {
    let rig = Rig::new();
    let took = retire(&rig, Oddity::HangsAtRetire).await;
    assert!(took > Duration::from_secs(1), "it had {took:?} for its goodbye");
    assert_eq!(rig.hands.deaths()[0].cause, Cause::Destroyed);
}

#[tokio::test(start_paused = true)]
async fn a_hand_that_cannot_be_killed_is_left() {
    let rig = Rig::new();
    retire(&rig, Oddity::Undying).await;
    assert_eq!(rig.hands.living(SESSION), [1]);
}

#[tokio::test(start_paused = true)]
async fn a_call_whose_hand_hangs_up_for_ever_ends_with_its_hand() {
    let rig = Rig::new();
    let driver = OddHands::new(&rig.hands, Oddity::HangsUp);
    let runtime = run(&rig, &driver).await;

    let [text] = results(&log(&runtime, SESSION).await).try_into().unwrap();
    assert!(text.contains("outcome is unknown"), "{text}");
    let attaches = driver.attaches();
    assert!((2..50).contains(&attaches), "{attaches} connections");
    assert_eq!(rig.hands.deaths()[0].cause, Cause::Destroyed);
}

#[tokio::test(start_paused = true)]
async fn a_driver_that_panics_fails_the_call_and_nothing_else() {
    let rig = Rig::new();
    let driver = OddHands::new(&rig.hands, Oddity::Panics);
    let runtime = run(&rig, &driver).await;

    let [text] = results(&log(&runtime, SESSION).await).try_into().unwrap();
    assert!(text.contains("No sandbox could be reached"), "{text}");
    let attaches = driver.attaches();
    assert!((2..50).contains(&attaches), "{attaches} attempts");
    assert_eq!(runtime.end().borrow().clone(), None);
}

#[tokio::test(start_paused = true)]
async fn a_hand_of_another_version_is_destroyed_and_the_next_generation_goes_on() {
    let rig = Rig::new();
    rig.left_behind(SESSION).await;
    let driver = OddHands::new(&rig.hands, Oddity::OtherVersion);
    let model = Model(|request: &Request| match last_text(request).as_str() {
        "go on" => runs(&[quick("make")]),
        _ => said("done"),
    });
    let runtime = rig.start_with(rig.store(), model, driver).await;
    idle(&runtime, SESSION).await;
    say(&runtime, SESSION, "go on").await;
    idle(&runtime, SESSION).await;

    let log = log(&runtime, SESSION).await;
    let [lost, made] = results(&log).try_into().unwrap();
    assert!(lost.contains("outcome is unknown"), "{lost}");
    assert!(made.contains("did: bash make"), "{made}");
    let [death] = rig.hands.deaths().try_into().unwrap();
    assert_eq!((death.generation, death.cause), (1, Cause::Destroyed));
    assert_eq!(rig.hands.living(SESSION), [2]);
    let bound = log.iter().filter(|record| record.kind == Kind::HandBound);
    let bound = bound.map(|record| record.parse::<HandBound>().unwrap().locator.generation);
    assert_eq!(bound.collect::<Vec<_>>(), [1, 2]);
}

#[tokio::test(start_paused = true)]
async fn a_harness_that_dies_while_its_hand_is_not_there_yet_ends_no_call() {
    // Starting a hand takes 80 ms, and looking for one that does not answer 140 ms.
    let faults = HandFaults { attaches: 3, ..HandFaults::default() };
    for wait in [0, 1, 20, 60, 100, 150, 200] {
        let rig = Rig::new();
        rig.hands.faults(SESSION, faults.clone());
        let runtime = rig.start(rig.store(), caller(vec![quick("make")])).await;
        create(&runtime, SESSION).await;
        say(&runtime, SESSION, "go").await;
        tokio::time::sleep(Duration::from_millis(wait)).await;
        inject(&runtime, SESSION, Fault::KillHarness).await;
        idle(&runtime, SESSION).await;

        let texts = results(&log(&runtime, SESSION).await);
        assert_eq!(texts, ["did: bash make"], "killed after {wait} ms");
        assert!(rig.hands.deaths().is_empty(), "killed after {wait} ms");
    }
}

#[tokio::test(start_paused = true)]
async fn a_runtime_that_ends_while_it_looks_for_a_hand_leaves_the_hand_alone() {
    for wait in [0, 1, 20, 60, 100, 150, 200] {
        let rig = Rig::new();
        let call = rig.left_behind(SESSION).await;
        rig.hands.faults(SESSION, HandFaults { attaches: 3, ..HandFaults::default() });
        let driver = OddHands::new(&rig.hands, Oddity::DiesAtOnce);
        let runtime = rig.start_with(rig.store(), fine(), driver).await;
        tokio::time::sleep(Duration::from_millis(wait)).await;
        runtime.shutdown(Duration::from_secs(1)).await;
        rig.disk.crash();
        assert_eq!(rig.hands.living(SESSION), [1], "ended after {wait} ms");

        rig.hands.release(SESSION, call);
        let runtime = rig.start(rig.store(), fine()).await;
        idle(&runtime, SESSION).await;
        let texts = results(&log(&runtime, SESSION).await);
        assert_eq!(texts, ["did: bash wait"], "ended after {wait} ms");
    }
}
