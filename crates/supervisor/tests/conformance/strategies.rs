//! Who is restarted with whom (T; OTP's `one_for_one`, `one_for_all`, `rest_for_one`, `tree`).

use planaria_supervisor::{
    ChildSpec, ExitReason, Restart, Spec, Status, Strategy, SupervisorRef, start_nested,
};
use ractor::ActorId;

use crate::support::*;

async fn three(lab: &Lab, spec: Spec) -> SupervisorRef {
    let spec = ["a", "b", "c"].iter().fold(spec, |spec, id| spec.child(lab.child(id)));
    root(lab, spec).await
}

fn pids(lab: &Lab) -> Vec<ActorId> {
    ["a", "b", "c"].map(|id| lab.pid(id)).to_vec()
}

fn kept(before: &[ActorId], after: &[ActorId]) -> Vec<bool> {
    before.iter().zip(after).map(|(before, after)| before == after).collect()
}

/// Two crashes are survived with these pids kept, the third is one too many.
async fn three_crashes(strategy: Strategy, expected: [bool; 3]) {
    let lab = Lab::new();
    let root = three(&lab, Spec::new(strategy).intensity(intensity(2, 3_600))).await;
    for _ in 0..2 {
        let before = pids(&lab);
        let cells = ["a", "b", "c"].map(|id| lab.cell(id));
        lab.crash("b");
        idle().await;
        assert_eq!(kept(&before, &pids(&lab)), expected);
        for (cell, kept) in cells.iter().zip(expected) {
            assert_eq!(dead(cell), !kept, "nobody old is left (T09)");
        }
        assert_eq!(counts(&root).await, (3, 3, 0, 3));
    }
    lab.crash("b");
    let reason = soon(root.exit()).await;
    assert!(matches!(reason, ExitReason::GaveUp { ref child, .. } if child == "b"), "{reason}");
    assert!(["a", "b", "c"].iter().all(|id| dead(&lab.cell(id))));
}

#[tokio::test(start_paused = true)]
async fn one_for_one() {
    three_crashes(Strategy::OneForOne, [true, false, true]).await;
}

#[tokio::test(start_paused = true)]
async fn one_for_all() {
    three_crashes(Strategy::OneForAll, [false, false, false]).await;
}

#[tokio::test(start_paused = true)]
async fn rest_for_one() {
    three_crashes(Strategy::RestForOne, [true, false, false]).await;
}

#[tokio::test(start_paused = true)]
async fn sup_t03_rest_for_one_stops_in_reverse_and_starts_in_order() {
    let lab = Lab::new();
    let spec = patient(Strategy::RestForOne)
        .child(lab.child("1"))
        .child(lab.child("2"))
        .child(lab.child("3").restart(Restart::Temporary))
        .child(lab.child("4"));
    let root = root(&lab, spec).await;
    lab.log();
    lab.crash("2");
    idle().await;
    assert_eq!(lab.log(), ["stop 4", "stop 3", "start 2", "start 4"]);
    root.stop().await;
    assert_eq!(lab.log(), ["stop 4", "stop 2", "stop 1"]);
}

#[tokio::test(start_paused = true)]
async fn sup_t06_a_transient_bystander_is_restarted() {
    let lab = Lab::new();
    let spec = patient(Strategy::OneForAll)
        .child(lab.child("a"))
        .child(lab.child("t").restart(Restart::Transient));
    let root = root(&lab, spec).await;
    lab.crash("a");
    idle().await;
    assert_eq!((lab.starts("t"), status(&root, "t").await), (2, Status::Running));
    root.stop().await;
}

#[tokio::test(start_paused = true)]
async fn sup_t07_a_group_restart_counts_once() {
    let lab = Lab::new();
    let root = three(&lab, Spec::new(Strategy::OneForAll).intensity(intensity(1, 60))).await;
    lab.crash("a");
    idle().await;
    assert_eq!(counts(&root).await.1, 3);
    assert_eq!(root.snapshot()[0].budget, Some((1, 1)));
    root.stop().await;
}

/// Two siblings die at the same time, one restart is allowed.
async fn two_at_once(strategy: Strategy) -> (Lab, SupervisorRef) {
    let lab = Lab::new();
    let root = three(&lab, Spec::new(strategy).intensity(intensity(1, 60))).await;
    lab.crash("a");
    lab.crash("b");
    idle().await;
    (lab, root)
}

#[tokio::test(start_paused = true)]
async fn sup_t08_two_deaths_at_once_are_one_restart_of_a_group() {
    for strategy in [Strategy::OneForAll, Strategy::RestForOne] {
        let (lab, root) = two_at_once(strategy).await;
        assert_eq!(counts(&root).await, (3, 3, 0, 3), "{strategy:?}");
        assert_eq!(["a", "b", "c"].map(|id| lab.starts(id)), [2, 2, 2]);
        assert_eq!(root.snapshot()[0].budget, Some((1, 1)));
        root.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn sup_t08_a_request_between_two_deaths_changes_nothing() {
    let lab = Lab::new();
    let root = three(&lab, Spec::new(Strategy::OneForAll).intensity(intensity(1, 60))).await;
    let requests: Vec<_> = ["d", "e"]
        .iter()
        .enumerate()
        .map(|(n, id)| {
            lab.crash(["a", "b"][n]);
            let (root, child) = (root.clone(), lab.child(id));
            tokio::spawn(async move { root.start_child(child).await.is_ok() })
        })
        .collect();
    for request in requests {
        assert!(soon(request).await.expect("it returns"));
    }
    idle().await;
    assert_eq!(counts(&root).await, (5, 5, 0, 5));
    assert_eq!(root.snapshot()[0].budget, Some((1, 1)));
    root.stop().await;
}

#[tokio::test(start_paused = true)]
async fn sup_t08_two_deaths_at_once_are_two_restarts_under_one_for_one() {
    let (_, root) = two_at_once(Strategy::OneForOne).await;
    assert!(matches!(soon(root.exit()).await, ExitReason::GaveUp { .. }));
}

#[tokio::test(start_paused = true)]
async fn sup_t08_a_sibling_that_dies_while_the_group_is_stopped_is_absorbed() {
    let lab = Lab::new();
    lab.script("c", |_| Act::Raw(Manners { stop_wait: secs(2), ..Manners::default() }));
    let root = three(&lab, Spec::new(Strategy::OneForAll).intensity(intensity(1, 60))).await;
    lab.crash("a");
    idle().await;
    lab.crash("b");
    tokio::time::sleep(secs(3)).await;
    assert_eq!(counts(&root).await, (3, 3, 0, 3));
    assert_eq!(["a", "b", "c"].map(|id| lab.starts(id)), [2, 2, 2]);
    root.stop().await;
}

#[tokio::test(start_paused = true)]
async fn sup_t10_a_group_restart_starts_what_did_not_run() {
    let lab = Lab::new();
    lab.script("i", |n| if n == 1 { Act::Ignore } else { Act::Run });
    let spec = patient(Strategy::OneForAll)
        .child(lab.child("a"))
        .child(lab.child("t").restart(Restart::Transient))
        .child(lab.child("h"))
        .child(lab.child("i"));
    let root = root(&lab, spec).await;
    lab.exit("t", ExitReason::Normal);
    idle().await;
    root.terminate_child("h").await.expect("it stops");
    assert_eq!(counts(&root).await, (4, 1, 0, 4));
    lab.crash("a");
    idle().await;
    assert_eq!(counts(&root).await, (4, 4, 0, 4));
    root.stop().await;
}

/// A child supervisor that dies with the budget of its own worker.
fn low(lab: &Lab, id: &str, children: &'static [&'static str]) -> ChildSpec {
    let lab = lab.clone();
    ChildSpec::supervisor(id, move || {
        let spec = Spec::new(Strategy::OneForAll).intensity(intensity(1, 3_600));
        children.iter().fold(spec, |spec, id| spec.child(lab.child(id)))
    })
}

#[tokio::test(start_paused = true)]
async fn tree() {
    let lab = Lab::new();
    let spec = patient(Strategy::OneForAll)
        .child(lab.child("top"))
        .child(low(&lab, "left", &["l1", "l2"]))
        .child(low(&lab, "right", &["r1", "r2"]));
    let root = root(&lab, spec).await;
    let left = root.which_child("left").await.expect("known").supervisor.expect("it runs");
    left.start_child(lab.child("added")).await.expect("it starts");
    let others = ["top", "r1", "r2"];
    let before = others.map(|id| lab.pid(id));
    lab.crash("l2");
    idle().await;
    assert_eq!(others.map(|id| lab.pid(id)), before, "a grandchild's crash stays below");
    assert_eq!((lab.starts("l1"), lab.starts("added")), (2, 2));
    lab.crash("l2");
    idle().await;
    // The budget of the left one is spent; as a permanent child it takes the whole tree along.
    assert!(others.iter().zip(before).all(|(id, pid)| lab.pid(id) != pid));
    assert_eq!(lab.starts("added"), 2, "what was added is lost (S11)");
    assert_eq!(counts(&root).await, (3, 3, 2, 1));
    assert!(matches!(soon(left.exit()).await, ExitReason::GaveUp { .. }));
    root.stop().await;
}

#[tokio::test(start_paused = true)]
async fn simple_global_supervisor() {
    // OTP counts on names that are free again; here on the path and a new incarnation.
    let lab = Lab::new();
    let spec = patient(Strategy::OneForAll).child(low(&lab, "s", &["w"]));
    let root = root(&lab, spec).await;
    for round in 1..=200 {
        let supervisor = root.which_child("s").await.expect("known").supervisor.expect("it runs");
        supervisor.kill();
        idle().await;
        assert_eq!(lab.starts("w"), round + 1);
    }
    lab.cell("w").kill();
    idle().await;
    lab.exit("w", ExitReason::Normal);
    idle().await;
    let paths: Vec<String> = root.snapshot().into_iter().map(|n| n.path).collect();
    assert_eq!(paths, ["root", "root/s", "root/s/w"]);
    root.stop().await;
}

#[tokio::test(start_paused = true)]
async fn sup_i10_giving_up_is_clean_for_a_transient_parent() {
    let lab = Lab::new();
    let inner = lab.clone();
    let nested = ChildSpec::worker("n", move |context| {
        let spec = Spec::default().intensity(intensity(0, 60)).child(inner.child("a"));
        Box::pin(start_nested(context, spec))
    });
    let nested = nested.supervising().restart(Restart::Transient);
    let root = root(&lab, patient(Strategy::OneForOne).child(nested)).await;
    lab.crash("a");
    idle().await;
    assert_eq!(status(&root, "n").await, Status::Stopped);
    let nodes = root.snapshot();
    assert!(matches!(
        nodes[1].last_exit.clone().expect("it ended").reason,
        ExitReason::GaveUp { .. }
    ));
    assert_eq!(nodes[2].status, Status::Stopped);
    root.stop().await;
}
