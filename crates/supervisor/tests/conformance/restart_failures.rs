//! A restart that fails (X; OTP's `hanging_restart_loop*`, `*_other_child_fails_restart`).

use planaria_supervisor::{Backoff, Error, ExitReason, Status, Strategy};

use crate::support::*;

/// Half an hour of failing restarts without spending virtual time: they go through the mailbox.
fn fails_after_first(lab: &Lab, id: &str) {
    lab.script(id, |n| if n == 1 { Act::Run } else { Act::Late(millis(10)) });
}

#[tokio::test(start_paused = true)]
async fn sup_x01_a_failed_restart_is_reported_and_tried_again() {
    let lab = Lab::new();
    lab.script("a", |n| if n == 2 || n == 3 { Act::Fail } else { Act::Run });
    let root = root(&lab, patient(Strategy::OneForOne).child(lab.child("a"))).await;
    lab.crash("a");
    idle().await;
    assert_eq!(status(&root, "a").await, Status::Running);
    assert_eq!(lab.complaints(), ["ChildTerminated a", "StartError a", "StartError a"]);
    assert_eq!(root.snapshot()[0].budget.map(|b| b.0), Some(3), "each counts (I06)");
    root.stop().await;
}

async fn other_fails(strategy: Strategy, a_starts: u32, log: &[&str]) {
    let lab = Lab::new();
    lab.script("b", |n| if n == 2 { Act::Fail } else { Act::Run });
    let spec = ["a", "b", "c"].iter().fold(patient(strategy), |s, id| s.child(lab.child(id)));
    let root = root(&lab, spec).await;
    lab.log();
    lab.crash("a");
    idle().await;
    assert_eq!(lab.starts("a"), a_starts);
    assert_eq!(lab.log(), log);
    assert_eq!(counts(&root).await, (3, 3, 0, 3));
    root.stop().await;
}

#[tokio::test(start_paused = true)]
async fn one_for_all_other_child_fails_restart() {
    // X06: a, just restarted, is stopped again.
    let log = ["stop c", "stop b", "start a", "stop a", "start a", "start b", "start c"];
    other_fails(Strategy::OneForAll, 3, &log).await;
}

#[tokio::test(start_paused = true)]
async fn rest_for_one_other_child_fails_restart() {
    // X07: a stays up.
    let log = ["stop c", "stop b", "start a", "start b", "start c"];
    other_fails(Strategy::RestForOne, 2, &log).await;
}

fn slowly(seconds: u64) -> Backoff {
    let wait = secs(seconds);
    Backoff {
        from: wait,
        to: wait,
        reset_after: secs(3_600),
        jitter: std::sync::Arc::new(|| u32::MAX),
    }
}

#[tokio::test(start_paused = true)]
async fn sup_x08_it_is_the_failing_one_that_restarts() {
    let lab = Lab::new();
    lab.script("b", |n| if n == 2 { Act::Fail } else { Act::Run });
    let spec = ["a", "b", "c"]
        .iter()
        .fold(patient(Strategy::RestForOne).backoff(slowly(10)), |spec, id| {
            spec.child(lab.child(id))
        });
    let root = root(&lab, spec).await;
    lab.crash("a");
    tokio::time::sleep(secs(11)).await;
    let expected = [
        ("c".to_owned(), Status::Stopped),
        ("b".to_owned(), Status::Restarting),
        ("a".to_owned(), Status::Running),
    ];
    assert_eq!(children(&root).await, expected);
    tokio::time::sleep(secs(10)).await;
    assert_eq!(counts(&root).await, (3, 3, 0, 3));
    root.stop().await;
}

/// A restart loop that never ends: the supervisor answers in between.
async fn hanging(strategy: Strategy) {
    let lab = Lab::new();
    lab.script("b", |n| if n == 1 { Act::Run } else { Act::Fail });
    let spec = ["a", "b", "c"].iter().fold(patient(strategy), |s, id| s.child(lab.child(id)));
    let root = root(&lab, spec).await;
    let before = lab.pid("a");
    lab.crash("b");
    while lab.starts("b") < 100 {
        tokio::task::yield_now().await;
    }
    assert_eq!(root.child_spec("b").await.expect("known").id(), "b");
    assert!(matches!(root.start_child(lab.child("b")).await, Err(Error::AlreadyPresent)));
    let answer = root.restart_child("b").await.err();
    assert!(matches!(answer, Some(Error::Restarting)), "{answer:?}");
    assert!(matches!(root.delete_child("b").await, Err(Error::Restarting)));
    assert_eq!(root.count_children().await.expect("it answers").specs, 3);
    root.terminate_child("b").await.expect("the loop ends");
    let starts = lab.starts("b");
    idle().await;
    assert_eq!(lab.starts("b"), starts, "X04");
    let rest = strategy == Strategy::RestForOne;
    let c = if rest { Status::Stopped } else { Status::Running };
    let expected =
        [("c".to_owned(), c), ("b".to_owned(), Status::Stopped), ("a".to_owned(), Status::Running)];
    assert_eq!(children(&root).await, expected);
    assert_eq!(lab.pid("a"), before, "earlier ones are untouched");
    // X09: told to stop in the middle of the loop.
    lab.script("b", |n| if n == 1_000_000 { Act::Run } else { Act::Fail });
    lab.crash("a");
    lab.script("a", |_| Act::Fail);
    while lab.starts("a") < 100 {
        tokio::task::yield_now().await;
    }
    assert_eq!(soon(root.stop()).await, ExitReason::Shutdown);
    assert_eq!(root.snapshot().iter().filter(|n| n.status != Status::Stopped).count(), 0);
}

#[tokio::test(start_paused = true)]
async fn hanging_restart_loop() {
    hanging(Strategy::OneForOne).await;
}

#[tokio::test(start_paused = true)]
async fn hanging_restart_loop_rest_for_one() {
    hanging(Strategy::RestForOne).await;
}

#[tokio::test(start_paused = true)]
async fn sup_q04_a_back_off_does_not_block_and_is_cancelled_by_a_stop() {
    let lab = Lab::new();
    let spec = patient(Strategy::OneForOne)
        .backoff(slowly(1_000))
        .child(lab.child("a"))
        .child(lab.child("b"));
    let root = root(&lab, spec).await;
    lab.crash("a");
    idle().await;
    let began = now();
    assert_eq!(status(&root, "a").await, Status::Restarting);
    root.terminate_child("b").await.expect("it stops");
    root.restart_child("b").await.expect("it starts");
    root.stop().await;
    assert!(began.elapsed() < secs(1));
    tokio::time::sleep(secs(2_000)).await;
    assert_eq!(lab.starts("a"), 1);
}

#[tokio::test(start_paused = true)]
async fn sup_x02_a_slow_restart_lets_the_others_be_seen() {
    let lab = Lab::new();
    fails_after_first(&lab, "a");
    let root = root(&lab, patient(Strategy::OneForOne).child(lab.child("a"))).await;
    lab.crash("a");
    idle().await;
    assert_eq!(status(&root, "a").await, Status::Starting);
    tokio::time::sleep(millis(20)).await;
    assert_eq!(status(&root, "a").await, Status::Running);
    root.stop().await;
}

#[tokio::test(start_paused = true)]
async fn sup_x04_the_wait_of_a_cancelled_restart_does_not_shorten_the_next() {
    let lab = Lab::new();
    let backoff = planaria_supervisor::Backoff {
        from: secs(10),
        to: secs(100),
        reset_after: secs(1_000),
        jitter: std::sync::Arc::new(|| u32::MAX),
    };
    let spec = patient(Strategy::OneForOne).backoff(backoff).child(lab.child("a"));
    let root = root(&lab, spec).await;
    lab.crash("a");
    tokio::time::sleep(secs(5)).await;
    root.terminate_child("a").await.expect("the restart is cancelled");
    root.restart_child("a").await.expect("it starts");
    lab.crash("a");
    // The first wait would be over after 10 s, the second is over after 25 s.
    tokio::time::sleep(secs(10)).await;
    assert_eq!((status(&root, "a").await, lab.starts("a")), (Status::Restarting, 2));
    tokio::time::sleep(secs(11)).await;
    assert_eq!((status(&root, "a").await, lab.starts("a")), (Status::Running, 3));
    root.stop().await;
}
