//! Sessions that have nothing to do: they cost nothing but their log, and nobody notices.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use planaria_core::context::Context;
use planaria_core::event::ClientEvent;
use planaria_core::record::payload::{Confirmation, Verdict};
use planaria_core::session::{SessionState, Status, snapshot};
use planaria_core::{Kind, Record, SessionId};
use planaria_runtime::{Condition, Fault, Runtime, Supervision};
use planaria_testkit::sandbox::Cause;

use planaria_testkit::env::steps;

use crate::support::{
    Model, Rig, caller, create, create_asking, fine, idle, last_text, log, quick, results, runs,
    said, say, until,
};

const SESSION: SessionId = SessionId(1);
const AFTER: Duration = Duration::from_secs(5);

/// The default, with sleep after [`AFTER`].
fn sleepy() -> Supervision {
    Supervision { passivate_after: Some(AFTER), ..Supervision::default() }
}

/// Parts of the tree that belong to sessions.
fn actors(runtime: &Runtime) -> usize {
    runtime.tree().iter().filter(|node| node.path.contains("/sesn_")).count()
}

/// Waits until no session has an actor.
async fn asleep(runtime: &Runtime) {
    until(|| actors(runtime) == 0).await;
}

#[tokio::test(start_paused = true)]
async fn an_idle_session_has_no_actors_and_a_message_wakes_it() {
    let rig = Rig::new();
    let runtime = rig.start_sleepy(rig.store(), fine(), sleepy()).await;
    create(&runtime, SESSION).await;
    say(&runtime, SESSION, "one").await;
    idle(&runtime, SESSION).await;
    assert!(actors(&runtime) > 0, "it was heard of a moment ago");
    tokio::time::sleep(AFTER - Duration::from_millis(50)).await;
    assert!(actors(&runtime) > 0, "it is not time yet");

    asleep(&runtime).await;
    let state = runtime.state(SESSION).await.unwrap();
    assert!(matches!(state.status, Status::Idle(_)));
    assert_eq!(actors(&runtime), 0, "looking does not wake");

    say(&runtime, SESSION, "two").await;
    let after = idle_after(&runtime, state.seq).await;
    assert!(after.seq > state.seq);
    let said = log(&runtime, SESSION).await;
    assert_eq!(said.iter().filter(|r| r.kind == Kind::AgentMessage).count(), 2);
    asleep(&runtime).await;
}

/// Waits until the session is idle again after a position.
async fn idle_after(runtime: &Runtime, seq: u64) -> Arc<SessionState> {
    let mut view = runtime.watch(SESSION);
    let idle = |state: &SessionState| state.seq > seq && matches!(state.status, Status::Idle(_));
    let view = tokio::time::timeout(AFTER * 100, view.wait_for(|view| idle(&view.state))).await;
    view.expect("the session goes on").unwrap().state.clone()
}

#[tokio::test(start_paused = true)]
async fn sleep_is_not_for_those_who_are_told_never_to() {
    let rig = Rig::new();
    let never = Supervision { passivate_after: None, ..Supervision::default() };
    let runtime = rig.start_sleepy(rig.store(), fine(), never).await;
    create(&runtime, SESSION).await;
    tokio::time::sleep(Duration::from_secs(1_000_000)).await;
    assert!(actors(&runtime) > 0);
}

#[tokio::test(start_paused = true)]
async fn a_session_at_work_stays_awake_however_long_it_takes() {
    let rig = Rig::new();
    let model = caller(vec![crate::support::endless()]);
    let runtime = rig.start_sleepy(rig.store(), model, sleepy()).await;
    create(&runtime, SESSION).await;
    say(&runtime, SESSION, "go").await;
    until(|| !rig.hands.ledger().is_empty()).await;
    tokio::time::sleep(AFTER * 10).await;
    assert!(actors(&runtime) > 0);
    rig.hands.release(SESSION, rig.hands.ledger()[0].call);
    idle(&runtime, SESSION).await;
    asleep(&runtime).await;
}

#[tokio::test(start_paused = true)]
async fn a_follower_and_a_watcher_go_on_across_sleep_and_miss_nothing() {
    let rig = Rig::new();
    let runtime = rig.start_sleepy(rig.store(), fine(), sleepy()).await;
    create(&runtime, SESSION).await;
    let (mut follower, mut view) = (runtime.follow(SESSION, 1), runtime.watch(SESSION));
    let mut seen: Vec<Record> = Vec::new();
    for round in 0..4 {
        say(&runtime, SESSION, &format!("round {round}")).await;
        let idle = view.wait_for(|view| matches!(view.condition, Condition::Asleep));
        let end = tokio::time::timeout(AFTER * 3, idle).await.unwrap().unwrap().state.seq;
        while seen.last().is_none_or(|record| record.seq < end) {
            let page = tokio::time::timeout(AFTER, follower.next(2)).await;
            seen.extend(page.expect("it is woken for every record").unwrap());
        }
    }
    assert_eq!(seen, log(&runtime, SESSION).await);
}

#[tokio::test(start_paused = true)]
async fn whoever_begins_to_watch_a_sleeping_session_sees_what_it_is() {
    let rig = Rig::new();
    let runtime = rig.start_sleepy(rig.store(), fine(), sleepy()).await;
    create(&runtime, SESSION).await;
    say(&runtime, SESSION, "hello").await;
    let before = idle(&runtime, SESSION).await;
    asleep(&runtime).await;

    let shown = idle(&runtime, SESSION).await;
    assert_eq!(shown, before);
    assert_eq!(actors(&runtime), 0, "watching does not wake");
}

#[tokio::test(start_paused = true)]
async fn a_message_in_the_very_moment_is_answered_like_any_other() {
    let rig = Rig::new();
    let runtime = rig.start_sleepy(rig.store(), fine(), sleepy()).await;
    create(&runtime, SESSION).await;
    say(&runtime, SESSION, "hello").await;
    let mut last = idle(&runtime, SESSION).await;
    // Sleep takes some steps of the scheduler; a message comes before each of them once.
    const STEPS: u64 = 60;
    for step in 0..STEPS {
        tokio::time::sleep(AFTER).await;
        let runtime_of_caller = runtime.clone();
        let caller = tokio::spawn(async move {
            steps(step).await;
            let message = vec![ClientEvent::message(&step.to_string())];
            runtime_of_caller.send(SESSION, message).await
        });
        let sent = tokio::time::timeout(AFTER, caller).await.expect("it is not left at the door");
        assert_eq!(sent.unwrap().unwrap().len(), 1, "step {step}");
        last = idle_after(&runtime, last.seq).await;
    }
    asleep(&runtime).await;
    let log = log(&runtime, SESSION).await;
    let heard = log.iter().filter(|record| record.kind == Kind::UserMessage).count();
    assert_eq!(heard as u64, 1 + STEPS);
    let epochs: BTreeSet<u64> = log.iter().map(|record| record.epoch).collect();
    let slept = epochs.len() as u64;
    assert!((2..STEPS).contains(&slept), "some found it awake, others asleep: {slept}");
}

#[tokio::test(start_paused = true)]
async fn an_approval_waits_without_an_actor_and_can_be_given_after_days() {
    let rig = Rig::new();
    let model = Model(|request: &_| match last_text(request).as_str() {
        "go" => runs(&[quick("make")]),
        _ => said("done"),
    });
    let runtime = rig.start_sleepy(rig.store(), model, sleepy()).await;
    create_asking(&runtime, SESSION).await;
    say(&runtime, SESSION, "go").await;
    let blocked = idle(&runtime, SESSION).await;
    assert!(blocked.is_blocked());
    asleep(&runtime).await;
    tokio::time::sleep(Duration::from_secs(3 * 86_400)).await;
    assert_eq!(actors(&runtime), 0);

    let call = blocked.calls[0].id;
    let allow = Confirmation { tool_use_id: call, result: Verdict::Allow, deny_message: None };
    runtime.send(SESSION, vec![ClientEvent::Confirmation(allow)]).await.unwrap();
    let state = idle_after(&runtime, blocked.seq).await;
    assert!(!state.is_blocked());
    assert_eq!(results(&log(&runtime, SESSION).await), ["did: bash make"]);
}

#[tokio::test(start_paused = true)]
async fn a_restart_does_not_wake_the_idle() {
    let rig = Rig::new();
    let runtime = rig.start_sleepy(rig.store(), fine(), sleepy()).await;
    create(&runtime, SESSION).await;
    say(&runtime, SESSION, "hello").await;
    idle(&runtime, SESSION).await;
    runtime.shutdown(Duration::from_secs(1)).await;
    rig.disk.crash();

    let runtime = rig.start_sleepy(rig.store(), fine(), sleepy()).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(actors(&runtime), 0);
    assert!(matches!(runtime.state(SESSION).await.unwrap().status, Status::Idle(_)));
}

/// A session that has run a command and sleeps; its hand lives.
async fn slept(rig: &Rig) -> Runtime {
    let model = Model(|request: &_| match last_text(request).as_str() {
        "go" | "again" => runs(&[quick("make")]),
        _ => said("done"),
    });
    let runtime = rig.start_sleepy(rig.store(), model, sleepy()).await;
    create(&runtime, SESSION).await;
    say(&runtime, SESSION, "go").await;
    idle(&runtime, SESSION).await;
    asleep(&runtime).await;
    assert_eq!(rig.hands.living(SESSION), [1], "its hand is not its actor's");
    runtime
}

#[tokio::test(start_paused = true)]
async fn a_hand_is_found_again_after_sleep() {
    let rig = Rig::new();
    let runtime = slept(&rig).await;
    let seq = runtime.state(SESSION).await.unwrap().seq;
    say(&runtime, SESSION, "again").await;
    idle_after(&runtime, seq).await;
    let texts = results(&log(&runtime, SESSION).await);
    assert_eq!(texts, ["did: bash make", "did: bash make"]);
    assert_eq!(rig.hands.living(SESSION), [1]);
    assert!(rig.hands.deaths().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_hand_that_ended_meanwhile_is_replaced_and_the_model_is_told() {
    let rig = Rig::new();
    let runtime = slept(&rig).await;
    assert!(runtime.inject(SESSION, Fault::KillHand).await, "it can be broken in its sleep");
    let seq = runtime.state(SESSION).await.unwrap().seq;
    say(&runtime, SESSION, "again").await;
    idle_after(&runtime, seq).await;
    assert_eq!(rig.hands.living(SESSION), [2]);
    let mut context = Context::default();
    for record in &log(&runtime, SESSION).await {
        context.push(record).unwrap();
    }
    let told = serde_json::to_string(&context.request().unwrap().messages).unwrap();
    assert_eq!(told.matches("The sandbox was replaced before this call").count(), 1, "{told}");
}

#[tokio::test(start_paused = true)]
async fn hands_of_sleeping_sessions_end_with_the_others() {
    let rig = Rig::new();
    let runtime = slept(&rig).await;
    runtime.retire_hands().await;
    assert_eq!(rig.hands.living(SESSION), [] as [u64; 0]);
    assert_eq!(rig.hands.deaths()[0].cause, Cause::Destroyed);
}

#[tokio::test(start_paused = true)]
async fn what_is_settled_of_a_sleeping_session_is_its_log() {
    let rig = Rig::new();
    let runtime = slept(&rig).await;
    let state = runtime.settled(SESSION).await.unwrap();
    let head = runtime.store().head(SESSION).await.unwrap();
    assert_eq!(Some(state.seq), head.map(|head| head.seq));
    asleep(&runtime).await;
}

#[tokio::test(start_paused = true)]
async fn a_sandbox_whose_session_was_parked_ends_its_actor_too() {
    let rig = Rig::new();
    let model = caller(vec![crate::support::endless()]);
    let runtime = rig.start_sleepy(rig.store(), model, sleepy()).await;
    create(&runtime, SESSION).await;
    say(&runtime, SESSION, "go").await;
    until(|| !rig.hands.ledger().is_empty()).await;
    let mut view = runtime.watch(SESSION);
    // One more than the budget of restarts allows.
    for _ in 0..6 {
        crate::support::inject(&runtime, SESSION, Fault::KillSession).await;
        tokio::time::sleep(Duration::from_millis(40)).await;
    }
    view.wait_for(|view| matches!(view.condition, Condition::Asleep)).await.unwrap();
    asleep(&runtime).await;
}

#[tokio::test(start_paused = true)]
async fn a_snapshot_that_is_not_of_this_log_is_passed_over() {
    let rig = Rig::new();
    let runtime = slept(&rig).await;
    let real = runtime.state(SESSION).await.unwrap();
    let forged = [
        ("ahead of the log", SessionState { seq: real.seq + 5, steps: 99, ..(*real).clone() }),
        ("at another time", SessionState { at_us: real.at_us - 1, steps: 99, ..(*real).clone() }),
        ("by another writer", SessionState { epoch: 77, steps: 99, ..(*real).clone() }),
    ];
    for (what, state) in forged {
        let bytes = snapshot::encode(&state).unwrap();
        runtime.store().save_snapshot(SESSION, state.seq, bytes).await.unwrap();
        assert_eq!(runtime.state(SESSION).await.unwrap(), real, "{what}");
    }
    // One that fits in every respect is believed: otherwise nothing above was shown.
    let believed = SessionState { steps: 99, ..(*real).clone() };
    let bytes = snapshot::encode(&believed).unwrap();
    runtime.store().save_snapshot(SESSION, believed.seq, bytes).await.unwrap();
    assert_eq!(*runtime.state(SESSION).await.unwrap(), believed);
}
