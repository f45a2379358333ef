//! A child ends by itself (R; OTP's `permanent_*`, `transient_*`, `temporary_*`).

use planaria_supervisor::{ExitReason, Restart, Status, Strategy, SupervisorRef};
use ractor::ActorId;

use crate::support::*;

fn clean() -> [ExitReason; 3] {
    [ExitReason::Normal, ExitReason::Shutdown, ExitReason::ShutdownWith("own".to_owned())]
}

async fn one(lab: &Lab, restart: Restart) -> (SupervisorRef, ActorId) {
    let spec = patient(Strategy::OneForOne).child(lab.child("a").restart(restart));
    let root = root(lab, spec).await;
    lab.reports();
    (root, lab.pid("a"))
}

/// Ends the child in a way, and says what was reported.
async fn ends(lab: &Lab, how: &str) -> Vec<String> {
    match how {
        "normal" => lab.exit("a", ExitReason::Normal),
        "shutdown" => lab.exit("a", ExitReason::Shutdown),
        "own" => lab.exit("a", ExitReason::ShutdownWith("own".to_owned())),
        "fail" => lab.crash("a"),
        "panic" => lab.tell("a", Do::Panic("panic".to_owned())),
        "abnormal" => lab.exit("a", ExitReason::Failed("odd".to_owned())),
        "kill" => lab.cell("a").kill(),
        "cancel" => lab.exit("a", ExitReason::Cancelled),
        other => panic!("{other}?"),
    }
    idle().await;
    lab.complaints()
}

const ABNORMAL: [&str; 5] = ["fail", "panic", "abnormal", "kill", "cancel"];

async fn restarted(restart: Restart, hows: &[&str]) {
    for how in hows {
        let lab = Lab::new();
        let (root, before) = one(&lab, restart).await;
        assert_eq!(ends(&lab, how).await, ["ChildTerminated a"], "{how}");
        assert_ne!(lab.pid("a"), before, "{how}: a new actor (R04)");
        assert_eq!(status(&root, "a").await, Status::Running, "{how}");
        assert_eq!(counts(&root).await, (1, 1, 0, 1), "{how}");
        assert_eq!(lab.context("a").incarnation(), 2, "{how}");
        root.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn permanent_normal() {
    restarted(Restart::Permanent, &["normal"]).await;
}

#[tokio::test(start_paused = true)]
async fn permanent_shutdown() {
    restarted(Restart::Permanent, &["shutdown", "own"]).await;
}

#[tokio::test(start_paused = true)]
async fn permanent_abnormal() {
    restarted(Restart::Permanent, &ABNORMAL).await;
}

async fn transient_clean(how: &str) {
    let lab = Lab::new();
    let (root, _) = one(&lab, Restart::Transient).await;
    assert!(ends(&lab, how).await.is_empty(), "{how}: no report");
    assert_eq!(status(&root, "a").await, Status::Stopped);
    assert_eq!(counts(&root).await, (1, 0, 0, 1));
    assert_eq!(lab.starts("a"), 1);
    root.stop().await;
}

#[tokio::test(start_paused = true)]
async fn transient_normal() {
    transient_clean("normal").await;
}

#[tokio::test(start_paused = true)]
async fn transient_shutdown() {
    transient_clean("shutdown").await;
    transient_clean("own").await;
}

#[tokio::test(start_paused = true)]
async fn transient_abnormal() {
    restarted(Restart::Transient, &ABNORMAL).await;
}

async fn temporary(how: &str, report: bool) {
    let lab = Lab::new();
    let (root, _) = one(&lab, Restart::Temporary).await;
    assert_eq!(!ends(&lab, how).await.is_empty(), report, "{how}");
    assert_eq!(counts(&root).await, (0, 0, 0, 0), "{how}: forgotten");
    root.start_child(lab.child("a").restart(Restart::Temporary)).await.expect("it may come back");
    root.stop().await;
}

#[tokio::test(start_paused = true)]
async fn temporary_normal() {
    temporary("normal", false).await;
}

#[tokio::test(start_paused = true)]
async fn temporary_shutdown() {
    temporary("shutdown", false).await;
    temporary("own", false).await;
}

#[tokio::test(start_paused = true)]
async fn temporary_abnormal() {
    for how in ABNORMAL {
        temporary(how, true).await;
    }
}

#[tokio::test(start_paused = true)]
async fn temporary_bystander() {
    for strategy in [Strategy::OneForAll, Strategy::RestForOne] {
        let lab = Lab::new();
        let spec = patient(strategy)
            .child(lab.child("p"))
            .child(lab.child("t").restart(Restart::Temporary));
        let root = root(&lab, spec).await;
        lab.crash("p");
        idle().await;
        assert_eq!(children(&root).await, [("p".to_owned(), Status::Running)], "T05");
        assert_eq!(lab.starts("t"), 1);
        root.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn sup_r04_a_restart_uses_what_was_declared() {
    let lab = Lab::new();
    let (root, _) = one(&lab, Restart::Permanent).await;
    let path = lab.context("a").path().to_owned();
    ends(&lab, "fail").await;
    assert_eq!(lab.context("a").path(), path);
    assert_eq!(path, "root/a");
    root.stop().await;
}

#[tokio::test(start_paused = true)]
async fn sup_r06_the_end_of_a_stranger_is_nothing() {
    let lab = Lab::new();
    let (root, before) = one(&lab, Restart::Permanent).await;
    // Started by a start function that failed afterwards: linked, and not a child.
    lab.script("x", |_| Act::Litter);
    assert!(root.start_child(lab.child("x")).await.is_err());
    lab.crash("x");
    idle().await;
    assert_eq!((lab.pid("a"), status(&root, "a").await), (before, Status::Running));
    root.stop().await;
}

#[tokio::test(start_paused = true)]
async fn sup_r08_a_restart_that_is_ignored_is_not_tried_again() {
    let lab = Lab::new();
    lab.script("a", |n| if n == 2 { Act::Ignore } else { Act::Run });
    let (root, _) = one(&lab, Restart::Permanent).await;
    ends(&lab, "fail").await;
    assert_eq!((status(&root, "a").await, lab.starts("a")), (Status::Stopped, 2));
    root.restart_child("a").await.expect("by hand");
    assert_eq!(status(&root, "a").await, Status::Running);
    root.stop().await;
}

#[tokio::test(start_paused = true)]
async fn sup_r01_what_each_exit_is_called() {
    let expected = [
        ("normal", ExitReason::Normal),
        ("shutdown", ExitReason::Shutdown),
        ("own", ExitReason::ShutdownWith("own".to_owned())),
        ("fail", ExitReason::Failed("crash".to_owned())),
        ("panic", ExitReason::Panicked("panic".to_owned())),
        ("kill", ExitReason::Killed),
    ];
    for (how, reason) in expected {
        let lab = Lab::new();
        let (root, _) = one(&lab, Restart::Permanent).await;
        ends(&lab, how).await;
        let last = root.snapshot()[1].last_exit.clone().expect("it ended");
        assert_eq!((how, last.reason), (how, reason));
        root.stop().await;
    }
    assert!(clean().iter().all(ExitReason::is_clean));
}
