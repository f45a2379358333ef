//! The budget (I; OTP's `multiple_restarts` and the escalations).

use planaria_supervisor::{ChildSpec, ExitReason, Spec, Status, Strategy};

use crate::support::*;

fn gave_up(reason: &ExitReason) -> &str {
    match reason {
        ExitReason::GaveUp { child, .. } => child,
        other => panic!("{other}"),
    }
}

#[tokio::test(start_paused = true)]
async fn multiple_restarts() {
    let lab = Lab::new();
    let spec = Spec::default().intensity(intensity(1, 1)).child(lab.child("a"));
    let root = root(&lab, spec).await;
    for n in 1..=20 {
        lab.crash("a");
        tokio::time::sleep(millis(1_050)).await;
        assert_eq!(lab.starts("a"), n + 1, "crashes that far apart never add up (I07)");
    }
    root.stop().await;
}

#[tokio::test(start_paused = true)]
async fn sup_i01_a_restart_exactly_one_window_ago_counts() {
    for (wait, survives) in [(millis(1_000), false), (millis(1_001), true)] {
        let lab = Lab::new();
        let spec = Spec::default().intensity(intensity(1, 1)).child(lab.child("a"));
        let root = root(&lab, spec).await;
        lab.crash("a");
        tokio::time::sleep(wait).await;
        lab.crash("a");
        idle().await;
        assert_eq!(root.count_children().await.is_ok(), survives, "{wait:?} (I08)");
        root.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn sup_i02_an_intensity_of_nothing_ends_with_the_first_crash() {
    let lab = Lab::new();
    let spec = Spec::default().intensity(intensity(0, 1)).child(lab.child("a"));
    let root = root(&lab, spec).await;
    lab.crash("a");
    assert_eq!(gave_up(&soon(root.exit()).await), "a");
    assert_eq!(lab.starts("a"), 1, "the restart is not done");
}

#[tokio::test(start_paused = true)]
async fn sup_i03_giving_up_is_reported_and_stops_the_others_in_reverse() {
    let lab = Lab::new();
    let spec = ["a", "b", "c", "d"]
        .iter()
        .fold(Spec::default().intensity(intensity(0, 1)), |spec, id| spec.child(lab.child(id)));
    let root = root(&lab, spec).await;
    lab.log();
    lab.crash("b");
    let reason = soon(root.exit()).await;
    assert!(reason.is_clean(), "as OTP's `shutdown` is, and told apart (Q02)");
    assert_eq!(gave_up(&reason), "b");
    assert_eq!(lab.log(), ["stop d", "stop c", "stop a"]);
    assert_eq!(lab.complaints(), ["ChildTerminated b", "GaveUp b"]);
}

#[tokio::test(start_paused = true)]
async fn sup_i04_the_budget_is_the_supervisors() {
    let lab = Lab::new();
    let spec = Spec::default()
        .intensity(intensity(2, 60))
        .child(lab.child("a"))
        .child(lab.child("b"))
        .child(lab.child("c"));
    let root = root(&lab, spec).await;
    for id in ["a", "b"] {
        lab.crash(id);
        idle().await;
    }
    assert_eq!(counts(&root).await.1, 3);
    lab.crash("c");
    assert_eq!(gave_up(&soon(root.exit()).await), "c");
}

#[tokio::test(start_paused = true)]
async fn sup_i05_what_is_done_by_hand_does_not_count() {
    let lab = Lab::new();
    let spec = Spec::default().intensity(intensity(3, 60)).child(lab.child("a"));
    let root = root(&lab, spec).await;
    for _ in 0..10 {
        root.terminate_child("a").await.expect("it stops");
        root.restart_child("a").await.expect("it starts");
    }
    assert_eq!((lab.starts("a"), root.snapshot()[0].budget), (11, Some((0, 3))));
    root.stop().await;
}

/// A child whose restart fails spends the budget by itself (I06).
async fn escalates(strategy: Strategy, crashes: &str, fails: &'static str, starts: u32) {
    let lab = Lab::new();
    lab.script(fails, |n| if n == 1 { Act::Run } else { Act::Fail });
    let spec =
        ["a", "b"].iter().fold(Spec::new(strategy).intensity(intensity(4, 3_600)), |spec, id| {
            spec.child(lab.child(id))
        });
    let root = root(&lab, spec).await;
    lab.crash(crashes);
    assert_eq!(gave_up(&soon(root.exit()).await), fails);
    assert!(dead(&lab.cell("a")) && dead(&lab.cell("b")));
    assert_eq!(lab.starts(fails), 1 + starts);
}

#[tokio::test(start_paused = true)]
async fn one_for_one_escalation() {
    escalates(Strategy::OneForOne, "a", "a", 4).await;
}

#[tokio::test(start_paused = true)]
async fn one_for_all_escalation() {
    escalates(Strategy::OneForAll, "a", "b", 4).await;
}

#[tokio::test(start_paused = true)]
async fn rest_for_one_escalation() {
    escalates(Strategy::RestForOne, "a", "b", 4).await;
}

#[tokio::test(start_paused = true)]
async fn sup_i09_budgets_multiply_up_the_tree() {
    let lab = Lab::new();
    let inner = lab.clone();
    let nested = ChildSpec::supervisor("n", move || {
        Spec::default().intensity(intensity(2, 3_600)).child(inner.child("a"))
    });
    let root = root(&lab, Spec::default().intensity(intensity(3, 3_600)).child(nested)).await;
    let mut crashes = 0;
    while root.count_children().await.is_ok() {
        lab.crash("a");
        crashes += 1;
        idle().await;
    }
    // Each of four supervisors below has a start and two restarts.
    assert_eq!(crashes, 12);
    assert_eq!(gave_up(&soon(root.exit()).await), "n");
}

#[tokio::test(start_paused = true)]
async fn sup_i04_a_spent_budget_recovers_with_time() {
    let lab = Lab::new();
    let spec = Spec::default().intensity(intensity(2, 10)).child(lab.child("a"));
    let root = root(&lab, spec).await;
    for _ in 0..2 {
        lab.crash("a");
        idle().await;
    }
    tokio::time::sleep(secs(11)).await;
    lab.crash("a");
    idle().await;
    assert_eq!((status(&root, "a").await, lab.starts("a")), (Status::Running, 4));
    root.stop().await;
}
