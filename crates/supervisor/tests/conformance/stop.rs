//! Stopping (D; OTP's `sup_stop_*`).

use planaria_supervisor::{ChildSpec, ExitReason, Restart, Shutdown, Spec, Strategy, start};

use crate::support::*;

fn slow(lab: &Lab, id: &str, stop_wait: std::time::Duration) {
    lab.script(id, move |_| Act::Raw(Manners { stop_wait, ..Manners::default() }));
}

#[tokio::test(start_paused = true)]
async fn order_of_children() {
    let lab = Lab::new();
    let ids = ["m", "z", "a", "k"];
    let spec = ids.iter().fold(patient(Strategy::OneForAll), |spec, id| spec.child(lab.child(id)));
    let root = root(&lab, spec).await;
    assert_eq!(lab.log(), ["start m", "start z", "start a", "start k"]);
    lab.crash("z");
    idle().await;
    let again = ["stop k", "stop a", "stop m", "start m", "start z", "start a", "start k"];
    assert_eq!(lab.log(), again);
    root.stop().await;
    assert_eq!(lab.log(), ["stop k", "stop a", "stop z", "stop m"]);
}

#[tokio::test(start_paused = true)]
async fn sup_d01_the_next_is_not_touched_before_the_one_before_is_dead() {
    let lab = Lab::new();
    slow(&lab, "b", secs(3));
    let root = root(&lab, Spec::default().child(lab.child("a")).child(lab.child("b"))).await;
    lab.log();
    let stop = tokio::spawn({
        let root = root.clone();
        async move { root.stop().await }
    });
    tokio::time::sleep(secs(2)).await;
    assert_eq!(lab.log(), ["stopping b"], "a is not asked yet");
    stop.await.expect("it ends");
    assert_eq!(lab.log(), ["stop b", "drop b", "stop a"]);
}

#[tokio::test(start_paused = true)]
async fn sup_stop_infinity() {
    let lab = Lab::new();
    slow(&lab, "w", secs(1_000));
    slow(&lab, "s", secs(1_000));
    let spec = Spec::default()
        .child(lab.child("w").shutdown(Shutdown::Infinity))
        .child(lab.child("s").supervising());
    let root = root(&lab, spec).await;
    assert_eq!(root.stop().await, ExitReason::Shutdown);
    assert!(lab.complaints().is_empty());
    assert!(lab.log().contains(&"stop s".to_owned()), "it had its time");
}

#[tokio::test(start_paused = true)]
async fn sup_stop_timeout() {
    let lab = Lab::new();
    slow(&lab, "busy", secs(10));
    let spec = Spec::default()
        .child(lab.child("quick"))
        .child(lab.child("busy").shutdown(Shutdown::Timeout(secs(1))));
    let root = root(&lab, spec).await;
    let began = now();
    assert_eq!(root.stop().await, ExitReason::Shutdown);
    assert_eq!(began.elapsed().as_secs(), 1);
    let log = lab.log();
    assert!(!log.contains(&"stop busy".to_owned()) && log.contains(&"stop quick".to_owned()));
    let reports = lab.reports();
    let odd: Vec<_> = reports.iter().filter(|r| r.reason.is_some()).collect();
    assert_eq!(odd.len(), 1);
    assert_eq!(
        (odd[0].child.as_str(), odd[0].reason.as_ref()),
        ("busy", Some(&ExitReason::Killed))
    );
}

#[tokio::test(start_paused = true)]
async fn sup_d03_a_timeout_of_nothing_is_allowed() {
    let lab = Lab::new();
    slow(&lab, "a", secs(10));
    let root =
        root(&lab, Spec::default().child(lab.child("a").shutdown(Shutdown::Timeout(secs(0)))));
    let root = root.await;
    root.stop().await;
    assert!(dead(&lab.cell("a")) && !lab.log().contains(&"stop a".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn sup_stop_brutal_kill() {
    let lab = Lab::new();
    let spec =
        Spec::default().child(lab.child("a")).child(lab.child("b").shutdown(Shutdown::BrutalKill));
    let root = root(&lab, spec).await;
    root.stop().await;
    assert_eq!(lab.log(), ["start a", "start b", "stop a"], "b has no last words");
    assert!(lab.complaints().is_empty(), "a kill is what was asked for (D06)");
    let nodes = root.snapshot();
    let last = |i: usize| nodes[i].last_exit.clone().expect("it ended").reason;
    assert_eq!((last(1), last(2)), (ExitReason::Shutdown, ExitReason::Killed));
}

#[tokio::test(start_paused = true)]
async fn sup_stop_race() {
    let lab = Lab::new();
    slow(&lab, "blocker", secs(2));
    let kinds = [Restart::Permanent, Restart::Transient, Restart::Temporary];
    let reasons = || {
        [
            ExitReason::Normal,
            ExitReason::Shutdown,
            ExitReason::ShutdownWith("own".to_owned()),
            ExitReason::Failed("odd".to_owned()),
        ]
    };
    let mut spec = patient(Strategy::OneForOne);
    for (k, kind) in kinds.iter().enumerate() {
        for r in 0..4 {
            spec = spec.child(lab.child(&format!("c{k}{r}")).restart(*kind));
        }
    }
    let root = root(&lab, spec.child(lab.child("blocker"))).await;
    let stop = tokio::spawn({
        let root = root.clone();
        async move { root.stop().await }
    });
    idle().await;
    for k in 0..3 {
        for (r, reason) in reasons().into_iter().enumerate() {
            lab.exit(&format!("c{k}{r}"), reason);
        }
    }
    assert_eq!(stop.await.expect("it ends"), ExitReason::Shutdown);
    let nodes = root.snapshot();
    for k in 0..3 {
        for (r, reason) in reasons().into_iter().enumerate() {
            let id = format!("c{k}{r}");
            assert_eq!(lab.starts(&id), 1, "{id} is not restarted (D07)");
            let node = nodes.iter().find(|n| n.path == format!("root/{id}")).expect("published");
            assert_eq!(node.last_exit.clone().expect("it ended").reason, reason, "{id}");
        }
    }
    // D06: of a permanent child only `shutdown` is expected, of others every clean exit.
    let odd = ["c23", "c13", "c03", "c02", "c00"].map(|id| format!("ShutdownError {id}"));
    assert_eq!(lab.complaints(), odd);
}

#[tokio::test(start_paused = true)]
async fn child_unlink() {
    let lab = Lab::new();
    lab.script("a", |_| Act::Unlinked);
    let root = root(&lab, patient(Strategy::OneForOne).child(lab.child("a"))).await;
    soon(root.terminate_child("a")).await.expect("it stops");
    assert!(dead(&lab.cell("a")));
    root.restart_child("a").await.expect("it starts");
    lab.crash("a");
    idle().await;
    assert_eq!(lab.starts("a"), 3, "it is found dead all the same");
    soon(root.stop()).await;
    assert!(dead(&lab.cell("a")));
}

#[tokio::test(start_paused = true)]
async fn sup_d10_it_ends_for_the_reason_it_was_asked_for() {
    let lab = Lab::new();
    let root = root(&lab, Spec::default().child(lab.child("a"))).await;
    let reason = ExitReason::ShutdownWith("because".to_owned());
    assert_eq!(root.stop_with(reason.clone(), secs(60)).await, reason);
    assert!(dead(&lab.cell("a")));
}

#[tokio::test(start_paused = true)]
async fn sup_d10_what_has_not_stopped_by_the_limit_is_killed() {
    let lab = Lab::new();
    slow(&lab, "a", secs(100));
    let root = root(&lab, Spec::default().child(lab.child("a").shutdown(Shutdown::Infinity))).await;
    let began = now();
    soon(root.stop_with(ExitReason::Shutdown, secs(2))).await;
    assert_eq!(began.elapsed().as_secs(), 2);
    assert!(dead(&lab.cell("a")));
}

#[tokio::test(start_paused = true)]
async fn sup_d11_a_child_supervisor_has_the_time_that_its_children_take() {
    let lab = Lab::new();
    slow(&lab, "a", secs(100));
    let inner = lab.clone();
    let nested = ChildSpec::supervisor("n", move || {
        Spec::default().child(inner.child("a").shutdown(Shutdown::Infinity))
    });
    let root = root(&lab, Spec::default().child(nested)).await;
    root.stop().await;
    assert!(lab.log().contains(&"stop a".to_owned()));
    assert!(lab.complaints().is_empty());
}

#[tokio::test(start_paused = true)]
async fn sup_d12_a_killed_supervisor_takes_its_subtree_along_and_is_rebuilt() {
    let lab = Lab::new();
    slow(&lab, "a", secs(2));
    let inner = lab.clone();
    let nested = ChildSpec::supervisor("n", move || Spec::default().child(inner.child("a")));
    let root = root(&lab, Spec::default().child(nested)).await;
    let (old, cell) = (lab.cell("a"), root.which_child("n").await.expect("known").cell);
    cell.expect("it runs").kill();
    idle().await;
    assert!(dead(&old));
    assert_ne!(lab.pid("a"), old.get_id());
    assert_eq!(lab.log(), ["start a", "drop a", "start a"], "no overlap");
    root.stop().await;
}

#[tokio::test(start_paused = true)]
async fn sup_e07_a_supervisor_that_is_killed_while_it_stops_leaves_nobody() {
    for raw in [true, false] {
        let lab = Lab::new();
        slow(&lab, "a", secs(1_000));
        slow(&lab, "b", secs(1_000));
        let endless = |id: &str| lab.child(id).shutdown(Shutdown::Infinity);
        let root = root(&lab, Spec::default().child(endless("a")).child(endless("b"))).await;
        root.cell().stop(None);
        idle().await;
        if raw {
            root.cell().kill()
        } else {
            root.kill()
        }
        let began = now();
        assert_eq!(soon(root.exit()).await, ExitReason::Killed);
        assert!(began.elapsed() < secs(1));
        assert!(dead(&lab.cell("a")) && dead(&lab.cell("b")), "raw {raw}");
    }
}

#[tokio::test(start_paused = true)]
async fn sup_e06_a_stop_may_be_asked_for_by_any_number() {
    let lab = Lab::new();
    slow(&lab, "a", secs(3));
    let root = root(&lab, Spec::default().child(lab.child("a"))).await;
    let stops: Vec<_> = (0..3)
        .map(|_| {
            let (root, lab) = (root.clone(), lab.clone());
            tokio::spawn(async move { (root.stop().await, dead(&lab.cell("a"))) })
        })
        .collect();
    for stop in stops {
        assert_eq!(soon(stop).await.expect("it ends"), (ExitReason::Shutdown, true));
    }
    assert_eq!(soon(root.stop()).await, ExitReason::Shutdown, "also afterwards");
}

#[tokio::test(start_paused = true)]
async fn sup_e06_a_child_may_be_terminated_by_two_at_once() {
    let lab = Lab::new();
    slow(&lab, "a", secs(3));
    let root = root(&lab, Spec::default().child(lab.child("a"))).await;
    let (one, two) = tokio::join!(root.terminate_child("a"), root.terminate_child("a"));
    assert!(one.is_ok() && two.is_ok());
    assert!(dead(&lab.cell("a")));
    root.stop().await;
}

#[tokio::test(start_paused = true)]
async fn sup_e07_a_child_in_its_stop_callback_is_bounded_when_its_supervisor_is_killed() {
    let lab = Lab::new();
    slow(&lab, "a", secs(1_000));
    let inner = lab.clone();
    let nested = ChildSpec::supervisor("n", move || {
        Spec::default().child(inner.child("a").shutdown(Shutdown::Infinity))
    });
    let root = start("root", patient(Strategy::OneForOne).child(nested), lab.options()).await;
    let root = root.expect("it starts");
    let nested = root.which_child("n").await.expect("known").supervisor.expect("it runs");
    let old = lab.cell("a");
    old.stop(None);
    idle().await;
    assert!(!dead(&old), "it is in its stop callback");
    let began = now();
    nested.kill();
    assert_eq!(soon(nested.exit()).await, ExitReason::Killed);
    assert!(dead(&old));
    assert!(began.elapsed() < secs(1));
    root.kill();
    soon(root.exit()).await;
    assert!(dead(&lab.cell("a")));
}
