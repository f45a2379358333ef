//! Keys, deaths in the middle of a start, and listeners with bugs, in the dynamic supervisor.

use std::sync::{Arc, Mutex};

use planaria_supervisor::{Error, ExitReason, Restart, Shutdown, StartError};

use crate::support::*;

#[tokio::test(start_paused = true)]
async fn sup_q_keys_of_one_key_at_most_one_lives() {
    let lab = Lab::new();
    let (root, fleet) = fleet(&lab, keyed(&lab, Restart::Temporary)).await;
    let cell = add(&fleet, "a").await;
    match refused(fleet.start_child("a".to_owned()).await) {
        Error::AlreadyStarted(living) => assert_eq!(living.get_id(), cell.get_id()),
        other => panic!("{other}"),
    }
    fleet.terminate_key("a").await.expect("it stops");
    assert!(dead(&cell));
    assert!(matches!(fleet.terminate_key("a").await, Err(Error::NotFound)));
    add(&fleet, "a").await;
    assert_eq!(lab.log(), ["start a", "stop a", "exit a: shutdown", "start a"]);
    root.stop().await;
}

#[tokio::test(start_paused = true)]
async fn sup_q_keys_two_who_ask_for_one_key_get_the_same_child() {
    let lab = Lab::new();
    lab.script("a", |_| Act::Late(secs(1)));
    let (root, fleet) = fleet(&lab, keyed(&lab, Restart::Temporary)).await;
    let start = || fleet.start_child("a".to_owned());
    let (one, two) = tokio::join!(start(), start());
    assert_eq!(pid(one), pid(two));
    assert_eq!(lab.starts("a"), 1);
    root.stop().await;
}

#[tokio::test(start_paused = true)]
async fn sup_q_keys_a_key_may_be_used_again_right_after_an_exit() {
    let lab = Lab::new();
    let (root, fleet) = fleet(&lab, keyed(&lab, Restart::Temporary)).await;
    for _ in 0..50 {
        let cell = add(&fleet, "a").await;
        lab.crash("a");
        // Its end is seen by this task before its supervisor has heard of it.
        let _ = cell.wait(None).await;
        assert_ne!(add(&fleet, "a").await.get_id(), cell.get_id());
        fleet.terminate_key("a").await.expect("it stops");
    }
    root.stop().await;
}

#[tokio::test(start_paused = true)]
async fn sup_q_keys_a_key_whose_child_is_stopping_is_started_after_it() {
    let lab = Lab::new();
    lab.script("a", |_| Act::Raw(Manners { stop_wait: secs(2), ..Manners::default() }));
    let (root, fleet) = fleet(&lab, keyed(&lab, Restart::Temporary)).await;
    add(&fleet, "a").await;
    let stop = tokio::spawn({
        let fleet = fleet.clone();
        async move { fleet.terminate_key("a").await }
    });
    idle().await;
    let again = soon(fleet.start_child("a".to_owned())).await;
    assert!(again.is_ok(), "{:?}", again.err());
    stop.await.expect("it returns").expect("it stops");
    let log = lab.log();
    let first = ["start a", "stopping a", "stop a", "drop a", "exit a: shutdown", "start a"];
    assert_eq!(log, first, "no overlap (E04)");
    root.stop().await;
}

#[tokio::test(start_paused = true)]
async fn sup_q_keys_whoever_asks_for_a_child_that_restarts_gets_its_next_run() {
    let lab = Lab::new();
    let (root, fleet) = fleet(&lab, keyed(&lab, Restart::Permanent)).await;
    let first = add(&fleet, "a").await;
    lab.crash("a");
    let _ = first.wait(None).await;
    // Before or after the restart: it is never told of the dead one.
    let next = match soon(fleet.start_child("a".to_owned())).await {
        Ok(handle) => handle.cell.expect("it runs"),
        Err(Error::AlreadyStarted(cell)) => cell,
        Err(other) => panic!("{other}"),
    };
    assert!(next.get_id() != first.get_id() && !dead(&next));
    assert_eq!(lab.starts("a"), 2);
    root.stop().await;
}

#[tokio::test(start_paused = true)]
async fn sup_x04_a_child_that_starts_can_be_terminated() {
    let lab = Lab::new();
    lab.script("a", |_| Act::Late(secs(2)));
    let (root, fleet) = fleet(&lab, keyed(&lab, Restart::Permanent)).await;
    let start = tokio::spawn({
        let fleet = fleet.clone();
        async move { fleet.start_child("a".to_owned()).await.is_ok() }
    });
    idle().await;
    soon(fleet.terminate_key("a")).await.expect("it stops");
    soon(start).await.expect("its starter is answered");
    assert_eq!(numbers(fleet.count_children().await.expect("it answers")), (1, 0, 0, 0));
    assert!(lab.starts("a") == 1);
    root.stop().await;
}

#[tokio::test(start_paused = true)]
async fn sup_x04_a_child_whose_start_hangs_can_be_terminated() {
    let lab = Lab::new();
    lab.script("a", |_| Act::Hang);
    let (root, fleet) = fleet(&lab, keyed(&lab, Restart::Permanent).supervisors()).await;
    let start = tokio::spawn({
        let fleet = fleet.clone();
        async move { fleet.start_child("a".to_owned()).await.err() }
    });
    idle().await;
    soon(fleet.terminate_key("a")).await.expect("the start is given up");
    let error = soon(start).await.expect("its starter is answered");
    assert!(matches!(error, Some(Error::Start(StartError::Failed(_)))), "{error:?}");
    assert!(lab.log().is_empty(), "what never ran has not ended");
    root.stop().await;
}

#[tokio::test(start_paused = true)]
async fn sup_q_on_exit_is_told_when_a_restart_is_ignored_or_terminated() {
    let lab = Lab::new();
    lab.script("i", |n| if n == 1 { Act::Run } else { Act::Ignore });
    lab.script("f", |n| if n == 1 { Act::Run } else { Act::Hang });
    let (root, fleet) = fleet(&lab, keyed(&lab, Restart::Permanent)).await;
    add(&fleet, "i").await;
    add(&fleet, "f").await;
    lab.log();
    lab.crash("i");
    idle().await;
    assert_eq!(lab.log(), ["exit i: failed: crash"]);
    lab.crash("f");
    idle().await;
    fleet.terminate_key("f").await.expect("it stops");
    assert_eq!(lab.log(), ["exit f: failed: crash"]);
    root.stop().await;
}

#[tokio::test(start_paused = true)]
async fn sup_q_on_exit_is_told_of_what_spent_the_budget() {
    let lab = Lab::new();
    let (root, fleet) =
        frail_fleet(&lab, keyed(&lab, Restart::Permanent).intensity(intensity(0, 1))).await;
    add(&fleet, "a").await;
    add(&fleet, "b").await;
    lab.log();
    lab.crash("a");
    idle().await;
    assert_eq!(lab.log(), ["stop b", "exit a: failed: crash", "exit b: shutdown"]);
    root.stop().await;
}

#[tokio::test(start_paused = true)]
async fn sup_q_on_exit_a_listener_that_panics_is_not_the_supervisors_bug() {
    let lab = Lab::new();
    let spec = keyed(&lab, Restart::Temporary).on_exit(|_, _| panic!("a listener's bug"));
    let (root, fleet) = fleet(&lab, spec).await;
    let other = add(&fleet, "b").await;
    add(&fleet, "a").await;
    lab.crash("a");
    idle().await;
    assert!(!dead(&other));
    soon(fleet.terminate_key("b")).await.expect("it stops");
    add(&fleet, "c").await;
    assert_eq!(soon(root.stop()).await, ExitReason::Shutdown);
}

#[tokio::test(start_paused = true)]
async fn sup_q_keys_a_key_function_that_panics_fails_the_start_only() {
    let lab = Lab::new();
    let spec = template(&lab).key(|id: &String| {
        assert_ne!(id, "odd", "a bug in the key");
        id.clone()
    });
    let (root, fleet) = fleet(&lab, spec).await;
    let other = add(&fleet, "b").await;
    let error = refused(soon(fleet.start_child("odd".to_owned())).await);
    assert!(matches!(error, Error::Start(StartError::Failed(_))), "{error}");
    assert!(!dead(&other));
    root.stop().await;
}

#[tokio::test(start_paused = true)]
async fn sup_e09_starters_are_answered_when_the_supervisor_stops() {
    let lab = Lab::new();
    lab.script("a", |_| Act::Hang);
    let (root, fleet) = fleet(&lab, keyed(&lab, Restart::Permanent).supervisors()).await;
    let start = tokio::spawn({
        let fleet = fleet.clone();
        async move { fleet.start_child("a".to_owned()).await.err() }
    });
    idle().await;
    soon(root.stop()).await;
    let error = soon(start).await.expect("it returns");
    assert!(matches!(error, Some(Error::NoSupervisor)), "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn sup_e06_two_who_terminate_one_child_both_wait() {
    let lab = Lab::new();
    lab.script("a", |_| Act::Raw(Manners { stop_wait: secs(2), ..Manners::default() }));
    let (root, fleet) = fleet(&lab, keyed(&lab, Restart::Permanent)).await;
    let cell = add(&fleet, "a").await;
    let (one, two) = tokio::join!(fleet.terminate_child(&cell), fleet.terminate_key("a"));
    assert!(one.is_ok() && two.is_ok() && dead(&cell));
    assert_eq!(lab.starts("a"), 1);
    root.stop().await;
}

#[tokio::test(start_paused = true)]
async fn sup_m07_a_child_that_has_just_died_is_terminated_and_not_restarted() {
    let lab = Lab::new();
    let (root, fleet) = fleet(&lab, keyed(&lab, Restart::Permanent)).await;
    let cell = add(&fleet, "a").await;
    lab.crash("a");
    let _ = cell.wait(None).await;
    soon(fleet.terminate_key("a")).await.expect("it stops");
    idle().await;
    assert_eq!(numbers(fleet.count_children().await.expect("it answers")), (1, 0, 0, 0));
    root.stop().await;
}

#[tokio::test(start_paused = true)]
async fn sup_d08_a_stop_waits_for_the_children_that_are_stopping_already() {
    let lab = Lab::new();
    lab.script("a", |_| Act::Raw(Manners { stop_wait: secs(2), ..Manners::default() }));
    let spec = keyed(&lab, Restart::Permanent).shutdown(Shutdown::Infinity);
    let (root, fleet) = fleet(&lab, spec).await;
    let cell = add(&fleet, "a").await;
    let answers = Arc::new(Mutex::new(Vec::new()));
    let stop = tokio::spawn({
        let (fleet, answers, cell) = (fleet.clone(), answers.clone(), cell.clone());
        async move {
            let answer = fleet.terminate_key("a").await;
            answers.lock().expect("one").push((answer.is_ok(), dead(&cell)));
        }
    });
    idle().await;
    soon(root.stop()).await;
    stop.await.expect("it returns");
    assert_eq!(*answers.lock().expect("one"), [(true, true)]);
}

#[tokio::test(start_paused = true)]
async fn sup_e01_a_dynamic_supervisor_that_stops_leaves_a_childs_state_with_the_child() {
    // Dropped by the actor itself, before its end is told: not carried to a mailbox.
    let lab = Lab::new();
    lab.script("a", |_| Act::Raw(Manners::default()));
    let (root, fleet) = fleet(&lab, keyed(&lab, Restart::Permanent)).await;
    add(&fleet, "a").await;
    lab.log();
    soon(root.stop()).await;
    assert_eq!(lab.log(), ["stopping a", "stop a", "drop a", "exit a: shutdown"]);
}

#[tokio::test(start_paused = true)]
async fn sup_d08_the_limit_is_for_all_and_those_that_have_not_stopped_by_then_are_killed() {
    let lab = Lab::new();
    for (id, seconds) in [("a", 1), ("b", 9), ("c", 9)] {
        lab.script(id, move |_| {
            Act::Raw(Manners { stop_wait: secs(seconds), ..Manners::default() })
        });
    }
    let spec = keyed(&lab, Restart::Permanent).shutdown(Shutdown::Timeout(secs(3)));
    let (root, fleet) = fleet(&lab, spec).await;
    for id in ["b", "a", "c"] {
        add(&fleet, id).await;
    }
    lab.log();
    let began = now();
    soon(root.stop()).await;
    assert_eq!(began.elapsed().as_secs(), 3);
    let ends: Vec<String> = lab.log().into_iter().filter(|l| l.starts_with("exit")).collect();
    assert_eq!(ends, ["exit b: killed", "exit a: shutdown", "exit c: killed"]);
}

#[tokio::test(start_paused = true)]
async fn sup_d07_what_waits_for_the_end_of_a_child_is_not_started_by_a_supervisor_that_stops() {
    let lab = Lab::new();
    lab.script("a", |_| Act::Raw(Manners { stop_wait: secs(2), ..Manners::default() }));
    let (root, fleet) = fleet(&lab, keyed(&lab, Restart::Temporary)).await;
    add(&fleet, "a").await;
    let requests = [true, false].map(|terminate| {
        let fleet = fleet.clone();
        tokio::spawn(async move {
            if terminate {
                return fleet.terminate_key("a").await.err();
            }
            fleet.start_child("a".to_owned()).await.err()
        })
    });
    idle().await;
    soon(root.stop()).await;
    let [terminated, started] = requests;
    assert!(soon(terminated).await.expect("it returns").is_none());
    let refused = soon(started).await.expect("it returns");
    assert!(matches!(refused, Some(Error::NoSupervisor)), "{refused:?}");
    assert_eq!(lab.starts("a"), 1);
}
