//! Reports (L) and the published tree.

use planaria_supervisor::{
    ExitReason, Options, Report, ReportContext, Restart, Status, Strategy, start,
};

use crate::support::*;

fn lines(lab: &Lab) -> Vec<String> {
    lab.reports().iter().map(Report::to_string).collect()
}

#[tokio::test(start_paused = true)]
async fn sup_l01_every_start_is_reported_also_a_restart() {
    let lab = Lab::new();
    let root = root(&lab, patient(Strategy::OneForOne).child(lab.child("a"))).await;
    lab.crash("a");
    idle().await;
    let expected = [
        "Supervisor: root. Context: Started. Child: a.",
        "Supervisor: root. Context: ChildTerminated. Reason: failed: crash. Child: a.",
        "Supervisor: root. Context: Started. Child: a.",
    ];
    assert_eq!(lines(&lab), expected, "the single line form (L07)");
    root.stop().await;
}

#[tokio::test(start_paused = true)]
async fn sup_l01_a_dynamic_supervisor_does_not_report_starts() {
    let lab = Lab::new();
    let (root, fleet) = fleet(&lab, template(&lab)).await;
    lab.reports();
    add(&fleet, "a").await;
    assert!(lines(&lab).is_empty());
    lab.crash("a");
    idle().await;
    let expected =
        "Supervisor: root/fleet. Context: ChildTerminated. Reason: failed: crash. Child: 0.";
    assert_eq!(lines(&lab), [expected], "the restart neither");
    root.stop().await;
}

#[tokio::test(start_paused = true)]
async fn sup_l02_what_is_reported_of_an_exit() {
    let lab = Lab::new();
    let spec = patient(Strategy::OneForOne)
        .child(lab.child("p"))
        .child(lab.child("t").restart(Restart::Transient))
        .child(lab.child("u").restart(Restart::Temporary));
    let root = root(&lab, spec).await;
    lab.reports();
    for id in ["p", "t", "u"] {
        lab.exit(id, ExitReason::Normal);
    }
    idle().await;
    assert_eq!(lab.complaints(), ["ChildTerminated p"], "clean exits are only odd of a permanent");
    root.stop().await;
}

#[tokio::test(start_paused = true)]
async fn sup_l03_a_failed_start_is_reported_with_its_cause() {
    let lab = Lab::new();
    lab.script("a", |_| Act::Fail);
    let root = root(&lab, patient(Strategy::OneForOne)).await;
    assert!(root.start_child(lab.child("a")).await.is_err());
    let reports = lab.reports();
    assert_eq!(reports.len(), 1);
    assert_eq!(reports[0].context, ReportContext::StartError);
    assert_eq!(reports[0].reason, Some(ExitReason::StartFailed("no".to_owned())));
    root.stop().await;
}

#[tokio::test(start_paused = true)]
async fn sup_l04_an_unexpected_stop_is_reported() {
    let lab = Lab::new();
    lab.script("a", |_| Act::Raw(Manners { stop_wait: secs(9), ..Manners::default() }));
    let root = root(&lab, patient(Strategy::OneForOne).child(lab.child("a"))).await;
    root.terminate_child("a").await.expect("it stops");
    assert_eq!(lab.complaints(), ["ShutdownError a"]);
    lab.script("a", |_| Act::Run);
    root.restart_child("a").await.expect("it starts");
    root.terminate_child("a").await.expect("it stops");
    assert!(lab.complaints().is_empty());
    root.stop().await;
}

#[tokio::test(start_paused = true)]
async fn sup_l_a_listener_that_panics_is_not_the_supervisors_bug() {
    let lab = Lab::new();
    let options = Options::default().reports(|_| panic!("a listener's bug"));
    let root = start("root", patient(Strategy::OneForOne).child(lab.child("a")), options).await;
    let root = root.expect("it starts");
    lab.crash("a");
    idle().await;
    assert_eq!(status(&root, "a").await, Status::Running);
    root.stop().await;
}

#[tokio::test(start_paused = true)]
async fn sup_m11_the_published_tree_follows_every_change() {
    let lab = Lab::new();
    let (root, fleet) = fleet(&lab, keyed(&lab, Restart::Permanent)).await;
    add(&fleet, "b").await;
    add(&fleet, "a").await;
    tokio::time::sleep(secs(7)).await;
    lab.crash("b");
    idle().await;
    let nodes = root.snapshot();
    let shown: Vec<(&str, Status, u64, u64)> =
        nodes.iter().map(|n| (n.path.as_str(), n.status, n.incarnation, n.restarts)).collect();
    let expected = [
        ("root", Status::Running, 1, 0),
        ("root/fleet", Status::Running, 1, 0),
        ("root/fleet/b", Status::Running, 2, 1),
        ("root/fleet/a", Status::Running, 1, 0),
    ];
    assert_eq!(shown, expected, "parents first, children in the order of their start");
    let exit = nodes[2].last_exit.clone().expect("it ended");
    assert_eq!((exit.reason, exit.at.as_secs()), (ExitReason::Failed("crash".to_owned()), 7));
    assert_eq!(nodes[1].budget.map(|b| b.0), Some(1));
    fleet.terminate_key("b").await.expect("it stops");
    assert_eq!(root.snapshot().len(), 3);
    root.stop().await;
    assert!(root.snapshot().iter().all(|n| n.status == Status::Stopped));
}

#[tokio::test(start_paused = true)]
async fn sup_m11_below_a_killed_supervisor_nothing_is_shown_as_running() {
    let lab = Lab::new();
    let inner = lab.clone();
    let nested = planaria_supervisor::ChildSpec::supervisor("n", move || {
        patient(Strategy::OneForOne).child(inner.child("a"))
    });
    let root =
        root(&lab, patient(Strategy::OneForOne).child(nested.restart(Restart::Transient))).await;
    let nested = root.which_child("n").await.expect("known").supervisor.expect("it runs");
    assert_eq!(root.snapshot()[2].status, Status::Running);
    lab.script("a", |_| Act::Fail);
    let stop = root.terminate_child("n");
    nested.kill();
    stop.await.expect("it stops");
    assert!(root.snapshot()[1..].iter().all(|n| n.status == Status::Stopped));
    root.kill();
    soon(root.exit()).await;
    assert!(root.snapshot().iter().all(|n| n.status == Status::Stopped));
}
