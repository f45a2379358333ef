//! What OTP does not have to care about (E).

use std::sync::{Arc, Mutex, mpsc};

use planaria_supervisor::{
    ChildSpec, Error, ExitReason, Restart, Shutdown, Spec, Status, Strategy, start,
};

use crate::support::*;

async fn survives(how: &str, act: Act, expected: Option<ExitReason>) {
    let lab = Lab::new();
    lab.script("a", move |n| if n == 1 { act.clone() } else { Act::Run });
    let spec = patient(Strategy::OneForOne).child(lab.child("a")).child(lab.child("b"));
    let root = root(&lab, spec).await;
    let sibling = lab.pid("b");
    match how {
        "handler" => lab.tell("a", Do::Panic("panic".to_owned())),
        "task" => lab.tell("a", Do::Task(Box::pin(async { panic!("panic") }))),
        "stop" => lab.cell("a").stop(None),
        "exit" => lab.exit("a", ExitReason::Normal),
        _ => lab.cell("a").kill(),
    }
    idle().await;
    assert_eq!(lab.starts("a"), 2, "{how}");
    assert_eq!((lab.pid("b"), counts(&root).await), (sibling, (2, 2, 0, 2)), "{how}");
    if let Some(expected) = expected {
        let last = root.snapshot()[1].last_exit.clone().expect("it ended").reason;
        assert_eq!(last, expected, "{how}");
    }
    assert_eq!(soon(root.stop()).await, ExitReason::Shutdown, "{how}");
}

#[tokio::test(start_paused = true)]
async fn sup_e01_a_panic_is_an_exit_of_that_child_only() {
    let panicked = Some(ExitReason::Panicked("panic".to_owned()));
    survives("handler", Act::Run, panicked.clone()).await;
    survives("task", Act::Run, panicked).await;
    survives("handler", Act::Raw(Manners::default()), None).await;
    let rude = |stop_panics, drop_panics| {
        Act::Raw(Manners { stop_panics, drop_panics, ..Manners::default() })
    };
    survives("stop", rude(true, false), None).await;
    for how in ["stop", "exit", "kill", "handler"] {
        survives(how, rude(false, true), None).await;
    }
}

/// A worker whose destructor panics.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("a destructor that panics");
    }
}

impl planaria_supervisor::Worker for Bomb {
    type Message = Do;

    fn handle(
        &mut self,
        _: &ractor::ActorRef<Do>,
        message: Do,
    ) -> Result<planaria_supervisor::Flow, String> {
        match message {
            Do::Exit(reason) => Ok(planaria_supervisor::Flow::StopWith(reason)),
            _ => Err("crash".to_owned()),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn sup_e01_a_worker_whose_destructor_panics_has_not_ended_in_good_order() {
    for how in ["exit", "stop"] {
        let lab = Lab::new();
        let actor = Arc::new(Mutex::new(None));
        let seen = actor.clone();
        let spec = ChildSpec::worker("a", move |context| {
            let seen = seen.clone();
            Box::pin(planaria_supervisor::worker(context, move |me, _| {
                *seen.lock().expect("one") = Some(me.clone());
                Ok(Bomb)
            }))
        });
        let spec = patient(Strategy::OneForOne).child(spec.restart(Restart::Transient));
        let root = root(&lab, spec).await;
        let first = actor.lock().expect("one").clone().expect("it runs");
        match how {
            "exit" => drop(first.cast(Do::Exit(ExitReason::Normal))),
            _ => first.stop(None),
        }
        idle().await;
        assert_eq!(lab.complaints(), ["ChildTerminated a"], "{how}");
        let last = root.snapshot()[1].last_exit.clone().expect("it ended").reason;
        assert_eq!(last, ExitReason::Panicked("a destructor that panics".to_owned()), "{how}");
        assert_eq!(status(&root, "a").await, Status::Running);
        root.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn sup_e01_states_that_panic_in_their_destructors_do_not_break_a_stop() {
    // Several, so that a second panic could come while the first unwinds.
    let lab = Lab::new();
    let ids = ["a", "b", "c", "d"];
    for id in ids {
        lab.script(id, |_| Act::Raw(Manners { drop_panics: true, ..Manners::default() }));
    }
    let inner = lab.clone();
    let nested = ChildSpec::supervisor("n", move || {
        ids.iter().fold(Spec::default(), |spec, id| spec.child(inner.child(id)))
    });
    let root = root(&lab, Spec::default().child(nested)).await;
    root.terminate_child("n").await.expect("it stops");
    assert_eq!(
        root.snapshot()[1].last_exit.clone().expect("it ended").reason,
        ExitReason::Shutdown
    );
    assert!(ids.iter().all(|id| dead(&lab.cell(id))));
    assert_eq!(soon(root.stop()).await, ExitReason::Shutdown);
}

#[tokio::test(start_paused = true)]
async fn sup_e02_a_kill_ends_an_await() {
    let lab = Lab::new();
    lab.script("a", |_| Act::Raw(Manners::default()));
    let root = root(&lab, patient(Strategy::OneForOne).child(lab.child("a"))).await;
    lab.tell("a", Do::Hang);
    idle().await;
    lab.cell("a").kill();
    idle().await;
    assert_eq!((lab.starts("a"), status(&root, "a").await), (2, Status::Running));
    root.stop().await;
}

#[tokio::test(start_paused = true)]
async fn sup_e02_a_kill_ends_a_stop_callback() {
    let lab = Lab::new();
    lab.script("a", |_| Act::Raw(Manners { stop_wait: secs(1_000), ..Manners::default() }));
    let root = root(&lab, patient(Strategy::OneForOne).child(lab.child("a"))).await;
    let first = lab.cell("a");
    first.stop(None);
    idle().await;
    first.kill();
    idle().await;
    assert_eq!((dead(&first), lab.starts("a")), (true, 2));
    root.kill();
    soon(root.exit()).await;
}

/// Waits until somebody has said this.
async fn said(lab: &Lab, line: &str) {
    while !lab.log().contains(&line.to_owned()) {
        tokio::task::yield_now().await;
    }
}

/// Real threads, and a child that blocks one of them until the test lets go.
#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn sup_e02_a_kill_during_blocking_code_leaves_a_zombie() {
    let lab = Lab::new();
    let spec = patient(Strategy::OneForOne).child(lab.child("a")).child(lab.child("b"));
    let root = start("root", spec, impatient(&lab)).await.expect("it starts");
    let (release, blocked) = mpsc::channel();
    let first = lab.cell("a");
    lab.tell("a", Do::Block(blocked));
    said(&lab, "a blocks").await;
    lab.context("a").scope().spawn(async { panic!("its task fails") });
    while lab.starts("a") < 2 {
        tokio::task::yield_now().await;
    }
    assert!(!dead(&first), "synchronous code cannot be stopped (Q05)");
    assert_eq!(lab.complaints(), ["Zombie a", "ChildTerminated a"]);
    assert_eq!(lab.context("a").incarnation(), 2, "the old one is fenced by its number");
    // The zombie's late end is nobody's.
    drop(release);
    let _ = first.wait(None).await;
    assert_eq!(counts(&root).await, (2, 2, 0, 2));
    assert_eq!(root.stop().await, ExitReason::Shutdown);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn sup_q05_a_stop_goes_on_without_a_zombie() {
    let lab = Lab::new();
    let (release, blocked) = mpsc::channel();
    let stop_blocks = Some(Arc::new(Mutex::new(blocked)));
    lab.script("a", move |_| {
        Act::Raw(Manners { stop_blocks: stop_blocks.clone(), ..Manners::default() })
    });
    let spec =
        Spec::default().child(lab.child("b")).child(lab.child("a").shutdown(Shutdown::Infinity));
    let root = start("root", spec, impatient(&lab)).await.expect("it starts");
    let stop = tokio::spawn({
        let root = root.clone();
        async move { root.stop().await }
    });
    said(&lab, "stopping a").await;
    lab.context("a").scope().spawn(async { panic!("it is killed") });
    assert_eq!(stop.await.expect("it ends"), ExitReason::Shutdown);
    assert!(!dead(&lab.cell("a")) && dead(&lab.cell("b")));
    let complaints = lab.complaints();
    assert_eq!(complaints, ["Zombie a", "ShutdownError a"]);
    drop(release);
    let _ = lab.cell("a").wait(None).await;
}

#[tokio::test(start_paused = true)]
async fn sup_e04_a_replacement_never_overlaps_the_subtree_before_it() {
    let lab = Lab::new();
    lab.script("w", |_| Act::Raw(Manners::default()));
    let inner = lab.clone();
    let nested =
        ChildSpec::supervisor("n", move || patient(Strategy::OneForOne).child(inner.child("w")));
    let root = root(&lab, patient(Strategy::OneForOne).child(nested)).await;
    for _ in 0..100 {
        let nested = root.which_child("n").await.expect("known").supervisor.expect("it runs");
        nested.kill();
        idle().await;
    }
    let log = lab.log();
    assert_eq!(log.len(), 201);
    for pair in log.chunks_exact(2) {
        assert_eq!(pair, ["start w", "drop w"]);
    }
    root.stop().await;
}

#[tokio::test(start_paused = true)]
async fn sup_e04_a_replacement_waits_for_the_tasks_of_the_one_before() {
    let lab = Lab::new();
    let root = root(&lab, patient(Strategy::OneForOne).child(lab.child("a"))).await;
    lab.log();
    let held = Said(lab.clone(), "task dropped");
    lab.tell(
        "a",
        Do::Task(Box::pin(async move {
            let _held = held;
            std::future::pending().await
        })),
    );
    idle().await;
    lab.crash("a");
    idle().await;
    assert_eq!(lab.log(), ["task dropped", "start a"]);
    root.stop().await;
}

#[tokio::test(start_paused = true)]
async fn sup_e05_a_thousand_restarts_of_a_parent() {
    let lab = Lab::new();
    let inner = lab.clone();
    let nested =
        ChildSpec::supervisor("n", move || patient(Strategy::OneForOne).child(inner.child("w")));
    let root = root(&lab, patient(Strategy::OneForOne).child(nested)).await;
    for _ in 0..1_000 {
        root.which_child("n").await.expect("known").cell.expect("it runs").kill();
        idle().await;
    }
    assert_eq!((lab.starts("w"), root.snapshot()[1].restarts), (1_001, 1_000));
    assert!(!lab.complaints().iter().any(|c| c.starts_with("StartError")));
    root.stop().await;
}

#[tokio::test(start_paused = true)]
async fn sup_e08_a_storm_can_be_looked_at_without_waiting() {
    let lab = Lab::new();
    let (root, fleet) = fleet(&lab, template(&lab)).await;
    add_many(&fleet, (0..1_000).map(|n| n.to_string())).await;
    (0..1_000).for_each(|n| lab.crash(&n.to_string()));
    // Nobody is awaited between the two: whatever the supervisor is at, the tree is there.
    assert_eq!(root.snapshot().len(), 1_002);
    let mut shown = 0;
    while lab.starts("999") < 2 {
        shown += usize::from(root.snapshot().len() == 1_002);
        tokio::task::yield_now().await;
    }
    assert!(shown > 0, "looked at in the middle of it");
    idle().await;
    assert_eq!(numbers(fleet.count_children().await.expect("it answers")), (1, 1_000, 0, 1_000));
    assert!((0..1_000).all(|n| lab.starts(&n.to_string()) == 2));
    root.stop().await;
}

#[tokio::test(start_paused = true)]
async fn sup_e08_ten_thousand_crash_at_once_and_all_come_back() {
    let lab = Lab::new();
    let (root, fleet) = fleet(&lab, template(&lab)).await;
    add_many(&fleet, (0..10_000).map(|n| n.to_string())).await;
    (0..10_000).for_each(|n| lab.crash(&n.to_string()));
    let count = soon(fleet.count_children()).await.expect("it answers in the storm");
    assert_eq!(count.workers, 10_000);
    idle().await;
    assert_eq!(fleet.count_children().await.expect("it answers").active, 10_000);
    root.stop().await;
}

#[tokio::test(start_paused = true)]
async fn sup_e09_requests_behind_a_crash_are_answered_at_once() {
    let lab = Lab::new();
    lab.script("slow", |_| Act::Hang);
    let inner = lab.clone();
    let nested =
        ChildSpec::supervisor("n", move || patient(Strategy::OneForOne).child(inner.child("a")));
    let root = root(&lab, patient(Strategy::OneForOne).child(nested)).await;
    for how in ["kill", "stop"] {
        let nested = root.which_child("n").await.expect("known").supervisor.expect("it runs");
        let mut requests = tokio::task::JoinSet::new();
        let (n, spec) = (nested.clone(), lab.child("slow").start_timeout(secs(1_000_000)));
        requests.spawn(async move { n.start_child(spec).await.err() });
        idle().await;
        for _ in 0..3 {
            let n = nested.clone();
            requests.spawn(async move { n.terminate_child("a").await.err() });
            let n = nested.clone();
            requests.spawn(async move { n.restart_child("a").await.err() });
        }
        idle().await;
        match how {
            "kill" => nested.kill(),
            _ => drop(nested.stop().await),
        }
        while let Some(answer) = soon(requests.join_next()).await {
            let error = answer.expect("it returns");
            assert!(matches!(error, Some(Error::NoSupervisor)), "{how}: {error:?}");
        }
        idle().await;
    }
    root.stop().await;
}

/// What a tree of a seed does, through its reports.
async fn trace(seed: u64) -> Vec<String> {
    let lab = Lab::new();
    let inner = lab.clone();
    let nested = ChildSpec::supervisor("n", move || {
        (0..4)
            .fold(patient(Strategy::OneForAll), |spec, n| spec.child(inner.child(&format!("n{n}"))))
    });
    let (fleet_child, fleet) = ChildSpec::dynamic("fleet", keyed(&lab, Restart::Permanent));
    let spec = (0..4)
        .fold(patient(Strategy::RestForOne).child(nested).child(fleet_child), |spec, n| {
            spec.child(lab.child(&format!("r{n}")))
        });
    let root = root(&lab, spec).await;
    let mut random = seed;
    for round in 0..40 {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let pick = random >> 33;
        let _ = fleet.start_child(format!("f{}", pick % 7)).await;
        let id = format!("{}{}", ["n", "r"][(pick % 2) as usize], (pick >> 3) % 4);
        lab.crash(&id);
        lab.crash(&format!("n{}", (pick >> 7) % 4));
        if round % 3 == 0 {
            idle().await;
        }
    }
    idle().await;
    root.stop().await;
    let reports = lab.reports().into_iter().map(|r| r.to_string());
    lab.log().into_iter().chain(reports).collect()
}

#[tokio::test(start_paused = true)]
async fn sup_e10_the_same_seed_gives_the_same_trace() {
    let first = trace(1).await;
    assert!(first.len() > 300, "{}", first.len());
    for _ in 1..20 {
        assert_eq!(trace(1).await, first);
    }
    assert_ne!(trace(2).await, first);
}

#[test]
fn sup_e12_a_runtime_that_shuts_down_takes_the_tree_along() {
    for booting in [false, true] {
        let lab = Lab::new();
        lab.script("a", |_| Act::Raw(Manners::default()));
        lab.script("h", move |_| if booting { Act::Hang } else { Act::Run });
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let seen = lab.clone();
        let root = runtime.block_on(async move {
            let spec = Spec::default().child(seen.child("a"));
            let root = start("root", spec, seen.options()).await.expect("it starts");
            let (other, hanging) = (root.clone(), seen.child("h"));
            tokio::spawn(async move { other.start_child(hanging).await.is_ok() });
            while seen.starts("h") == 0 {
                tokio::task::yield_now().await;
            }
            root
        });
        drop(runtime);
        assert!(dead(&lab.cell("a")) && dead(&root.cell()));
        assert!(lab.log().contains(&"drop a".to_owned()), "its state is dropped");
    }
}

#[tokio::test(start_paused = true)]
async fn sup_q07_two_trees_live_in_one_process() {
    let (one, two) = (Lab::new(), Lab::new());
    let first = root(&one, patient(Strategy::OneForOne).child(one.child("a"))).await;
    let second = root(&two, patient(Strategy::OneForOne).child(two.child("a"))).await;
    one.crash("a");
    idle().await;
    assert_eq!((one.starts("a"), two.starts("a")), (2, 1));
    first.stop().await;
    assert_eq!(status(&second, "a").await, Status::Running);
    second.stop().await;
}
