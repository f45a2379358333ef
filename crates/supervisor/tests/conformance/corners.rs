//! Races of the static supervisor: stops during starts, requests beside deaths.

use planaria_supervisor::{
    ChildSpec, Error, ExitReason, Restart, Spec, StartError, Status, Strategy, start,
};

use crate::support::*;

#[tokio::test(start_paused = true)]
async fn sup_x04_a_child_that_has_just_died_is_terminated_and_not_restarted() {
    // Its death is heard while a slow start is under way, and waits for the policy.
    let lab = Lab::new();
    lab.script("slow", |_| Act::Late(secs(1)));
    let root = root(&lab, patient(Strategy::OneForOne).child(lab.child("a"))).await;
    let start = tokio::spawn({
        let (root, slow) = (root.clone(), lab.child("slow"));
        async move { root.start_child(slow).await.is_ok() }
    });
    idle().await;
    lab.crash("a");
    idle().await;
    root.terminate_child("a").await.expect("it stops");
    assert!(start.await.expect("it returns"));
    idle().await;
    assert_eq!(status(&root, "a").await, Status::Stopped);
    root.stop().await;
}

#[tokio::test(start_paused = true)]
async fn sup_m01_an_id_may_be_used_again_right_after_an_exit() {
    let lab = Lab::new();
    lab.script("slow", |_| Act::Late(secs(1)));
    let root = root(&lab, patient(Strategy::OneForOne)).await;
    let temporary = || lab.child("t").restart(Restart::Temporary);
    for _ in 0..20 {
        root.start_child(temporary()).await.expect("the id is free");
        let cell = lab.cell("t");
        lab.crash("t");
        // Its end is seen by this task before its supervisor has heard of it.
        let _ = cell.wait(None).await;
        root.start_child(temporary()).await.expect("the id is free");
        root.terminate_child("t").await.expect("it stops");
    }
    // The same while something else is under way.
    root.start_child(temporary()).await.expect("the id is free");
    let other = root.clone();
    let slow = lab.child("slow");
    let start = tokio::spawn(async move { other.start_child(slow).await.is_ok() });
    idle().await;
    lab.crash("t");
    idle().await;
    root.start_child(temporary()).await.expect("the id is free");
    assert!(start.await.expect("it returns"));
    root.stop().await;
}

#[tokio::test(start_paused = true)]
async fn sup_m04_a_permanent_child_that_has_just_died_cannot_be_deleted() {
    let lab = Lab::new();
    lab.script("slow", |_| Act::Late(secs(1)));
    let root = root(&lab, patient(Strategy::OneForOne).child(lab.child("a"))).await;
    let other = root.clone();
    let slow = lab.child("slow");
    let start = tokio::spawn(async move { other.start_child(slow).await.is_ok() });
    idle().await;
    lab.crash("a");
    idle().await;
    let answer = root.delete_child("a").await;
    assert!(matches!(answer, Err(Error::Restarting | Error::Running)), "{answer:?}");
    assert!(start.await.expect("it returns"));
    idle().await;
    assert_eq!((status(&root, "a").await, lab.starts("a")), (Status::Running, 2));
    root.stop().await;
}

#[tokio::test(start_paused = true)]
async fn sup_s01_a_stop_during_a_start_gives_it_up() {
    let lab = Lab::new();
    let inner = lab.clone();
    lab.script("hangs", |_| Act::Hang);
    lab.script("w", |_| Act::Raw(Manners::default()));
    let nested = ChildSpec::supervisor("n", move || {
        let hangs = inner.child("hangs").start_timeout(secs(1_000_000));
        Spec::default().child(inner.child("w")).child(hangs)
    });
    let root = root(&lab, Spec::default().child(lab.child("a"))).await;
    let other = root.clone();
    let start = tokio::spawn(async move { other.start_child(nested).await.err() });
    idle().await;
    assert_eq!(lab.starts("hangs"), 1);
    let w = lab.cell("w");
    assert_eq!(soon(root.stop()).await, ExitReason::Shutdown);
    assert!(dead(&w), "what a half-started supervisor has started is waited for");
    let error = soon(start).await.expect("it returns");
    assert!(matches!(error, Some(Error::NoSupervisor)), "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn sup_e04_a_half_started_supervisor_that_is_given_up_is_dead_before_the_next() {
    let lab = Lab::new();
    let inner = lab.clone();
    lab.script("hangs", |n| if n == 1 { Act::Hang } else { Act::Run });
    lab.script("w", |_| Act::Raw(Manners { stop_wait: secs(1), ..Manners::default() }));
    let nested = ChildSpec::supervisor("n", move || {
        let hangs = inner.child("hangs").start_timeout(secs(1_000_000));
        Spec::default().child(inner.child("w")).child(hangs)
    });
    let root = root(&lab, Spec::default()).await;
    let spec = nested.start_timeout(secs(5));
    let error = refused(root.start_child(spec.clone()).await);
    assert!(matches!(error, Error::Start(StartError::Timeout(_))), "{error}");
    assert!(dead(&lab.cell("w")));
    assert_eq!(lab.log(), ["start w", "drop w"]);
    root.start_child(spec).await.expect("it starts");
    root.stop().await;
}

#[tokio::test(start_paused = true)]
async fn sup_e04_what_a_failed_start_left_is_gone_before_the_answer() {
    let lab = Lab::new();
    lab.script("a", |_| Act::Litter);
    let root = root(&lab, Spec::default()).await;
    assert!(root.start_child(lab.child("a")).await.is_err());
    assert!(lab.log().contains(&"litter dropped".to_owned()));
    root.stop().await;
    assert!(dead(&lab.cell("a")), "linked actors go with their supervisor");
}

#[tokio::test(start_paused = true)]
async fn sup_s01_a_root_whose_starter_is_dropped_leaves_nothing() {
    let lab = Lab::new();
    lab.script("hangs", |_| Act::Hang);
    let spec = Spec::default()
        .child(lab.child("a"))
        .child(lab.child("hangs").start_timeout(secs(1_000_000)));
    let started = start("root", spec, lab.options());
    assert!(tokio::time::timeout(secs(1), started).await.is_err());
    idle().await;
    assert!(dead(&lab.cell("a")));
}

#[tokio::test(start_paused = true)]
async fn sup_x02_requests_wait_behind_a_group_restart() {
    let lab = Lab::new();
    lab.script("b", |n| if n == 2 { Act::Late(secs(2)) } else { Act::Run });
    let spec = ["a", "b", "c"]
        .iter()
        .fold(patient(Strategy::OneForAll), |spec, id| spec.child(lab.child(id)));
    let root = root(&lab, spec).await;
    lab.crash("a");
    idle().await;
    assert_eq!(status(&root, "b").await, Status::Starting, "questions are answered meanwhile");
    let answer = soon(root.restart_child("c")).await;
    assert!(matches!(answer, Err(Error::Running)), "it was restarted with its group");
    assert_eq!(counts(&root).await, (3, 3, 0, 3));
    assert_eq!(lab.starts("c"), 2);
    root.stop().await;
}

#[tokio::test(start_paused = true)]
async fn sup_d10_a_stop_and_giving_up_at_the_same_time_are_one_end() {
    for stop_first in [true, false] {
        let lab = Lab::new();
        let spec = Spec::default().intensity(intensity(0, 1)).child(lab.child("a"));
        let root = root(&lab, spec).await;
        lab.crash("a");
        if !stop_first {
            let _ = lab.cell("a").wait(None).await;
        }
        let own = ExitReason::ShutdownWith("own".to_owned());
        let reason = soon(root.stop_with(own.clone(), secs(60))).await;
        assert!(reason == own || matches!(reason, ExitReason::GaveUp { .. }), "{reason}");
        assert_eq!(root.exit().await, reason, "and both say the same");
        assert_eq!(lab.starts("a"), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn sup_d10_a_dead_supervisors_reason_does_not_change() {
    let lab = Lab::new();
    let inner = lab.clone();
    let nested = ChildSpec::supervisor("n", move || Spec::default().child(inner.child("a")));
    let root = root(&lab, patient(Strategy::OneForOne).child(nested)).await;
    let nested = root.which_child("n").await.expect("known").supervisor.expect("it runs");
    nested.kill();
    assert_eq!(soon(nested.exit()).await, ExitReason::Killed);
    assert_eq!(soon(nested.stop_with(ExitReason::Shutdown, secs(1))).await, ExitReason::Killed);
    idle().await;
    assert_eq!(status(&root, "n").await, Status::Running, "the next one is another");
    assert_eq!(soon(nested.exit()).await, ExitReason::Killed);
    root.stop().await;
}

#[tokio::test(start_paused = true)]
async fn sup_q08_an_arrival_without_its_supervisor_is_killed_and_waited_for() {
    // The start function returns in the moment in which its supervisor dies.
    for round in 0..4 {
        let lab = Lab::new();
        lab.script("a", |_| Act::Late(secs(1)));
        let root = root(&lab, Spec::default()).await;
        let other = root.clone();
        let child = lab.child("a");
        let start = tokio::spawn(async move { other.start_child(child).await.is_ok() });
        tokio::time::sleep(millis(999)).await;
        while lab.log().is_empty() {
            tokio::time::sleep(std::time::Duration::from_micros(100)).await;
            tokio::task::yield_now().await;
        }
        for _ in 0..round {
            tokio::task::yield_now().await;
        }
        root.kill();
        soon(root.exit()).await;
        assert!(dead(&lab.cell("a")), "round {round}");
        soon(start).await.expect("it returns");
    }
}

#[tokio::test(start_paused = true)]
async fn sup_e07_a_tree_is_dead_when_its_exit_is_told() {
    // Killed in any way, at any level: whoever waits sees nobody alive.
    for raw in [true, false] {
        let lab = Lab::new();
        lab.script("w", |_| Act::Raw(Manners { stop_wait: secs(9), ..Manners::default() }));
        let inner = lab.clone();
        let low = move || Spec::default().child(inner.child("w"));
        let nested = ChildSpec::supervisor("n", move || {
            Spec::default().child(ChildSpec::supervisor("m", low.clone()))
        });
        let root = root(&lab, Spec::default().child(nested)).await;
        if raw {
            root.cell().kill()
        } else {
            root.kill()
        }
        assert_eq!(soon(root.exit()).await, ExitReason::Killed);
        assert!(dead(&lab.cell("w")));
        assert!(root.snapshot().iter().all(|n| n.status == Status::Stopped), "raw {raw}");
    }
}

/// Real threads: a grandchild is in synchronous code while its supervisor is dead already.
#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn sup_e04_a_dead_supervisor_whose_grandchild_still_blocks_is_not_dead() {
    let lab = Lab::new();
    let inner = lab.clone();
    let nested = ChildSpec::supervisor("n", move || Spec::default().child(inner.child("w")))
        .restart(Restart::Temporary);
    let root = root(&lab, Spec::default().child(nested.clone())).await;
    let (release, blocked) = std::sync::mpsc::channel();
    lab.tell("w", Do::Block(blocked));
    while !lab.log().contains(&"w blocks".to_owned()) {
        tokio::task::yield_now().await;
    }
    let supervisor = root.which_child("n").await.expect("known").supervisor.expect("it runs");
    supervisor.kill();
    let _ = supervisor.cell().wait(None).await;
    let other = root.clone();
    let again = tokio::spawn(async move { other.start_child(nested).await.err() });
    let exit = tokio::spawn(async move { supervisor.exit().await });
    for _ in 0..1_000 {
        tokio::task::yield_now().await;
    }
    assert!(!again.is_finished() && !exit.is_finished() && lab.starts("w") == 1);
    release.send(()).expect("it waits");
    assert_eq!(exit.await.expect("it returns"), ExitReason::Killed);
    let refusal = again.await.expect("it returns");
    assert!(refusal.is_none(), "{refusal:?}");
    assert_eq!((lab.starts("w"), lab.overlaps().len()), (2, 0));
    root.stop().await;
}

#[tokio::test(start_paused = true)]
async fn sup_d01_a_start_that_a_stop_gives_up_is_over_before_the_next_is_stopped() {
    let lab = Lab::new();
    let held = lab.clone();
    let hangs = ChildSpec::worker("h", move |_| {
        let held = Said(held.clone(), "start given up");
        Box::pin(async move {
            let _held = held;
            std::future::pending().await
        })
    });
    let root = root(&lab, Spec::default().child(lab.child("a"))).await;
    let (other, hangs) = (root.clone(), hangs.start_timeout(secs(1_000_000)));
    let start = tokio::spawn(async move { other.start_child(hangs).await.err() });
    idle().await;
    soon(root.stop()).await;
    assert_eq!(lab.log(), ["start a", "start given up", "stop a"]);
    assert!(matches!(soon(start).await.expect("it returns"), Some(Error::NoSupervisor)));
}

/// A start function that starts a worker, and then does as it is told.
fn half_started(lab: &Lab, fails: bool) -> ChildSpec {
    let lab = lab.clone();
    ChildSpec::worker("a", move |context| {
        let lab = lab.clone();
        Box::pin(async move {
            lab.launch(context, "a".to_owned()).await?;
            if fails {
                return Err(StartError::Failed("after all".to_owned()));
            }
            std::future::pending().await
        })
    })
}

#[tokio::test(start_paused = true)]
async fn sup_e04_a_worker_whose_start_fails_after_all_is_dead_before_the_answer() {
    for fails in [true, false] {
        let lab = Lab::new();
        let root = root(&lab, Spec::default()).await;
        refused(root.start_child(half_started(&lab, fails)).await);
        assert!(dead(&lab.cell("a")), "fails {fails}");
        root.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn sup_e04_a_second_worker_of_a_start_function_ends_with_its_supervisor() {
    let lab = Lab::new();
    let inner = lab.clone();
    let pair = ChildSpec::worker("a", move |context| {
        let lab = inner.clone();
        Box::pin(async move {
            lab.launch(context.clone(), "first".to_owned()).await?;
            lab.launch(context, "second".to_owned()).await
        })
    });
    let root = root(&lab, patient(Strategy::OneForOne).child(pair)).await;
    let (first, second) = (lab.cell("first"), lab.cell("second"));
    // The child is what the start function returned.
    lab.crash("second");
    idle().await;
    assert!(dead(&second) && lab.starts("second") == 2);
    soon(root.stop()).await;
    assert!([first, lab.cell("first"), lab.cell("second")].iter().all(dead));
}

/// Until something holds, looked at whenever another task has run.
async fn as_soon_as(holds: impl Fn() -> bool) {
    std::future::poll_fn(|task| {
        if holds() {
            return std::task::Poll::Ready(());
        }
        task.waker().wake_by_ref();
        std::task::Poll::Pending
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn sup_e09_who_asked_a_dead_supervisor_does_not_wait_for_the_stop_of_the_one_above() {
    // The one above begins to stop before it has heard of the death below: what it has not heard
    // lies in its mailbox until it is dead itself.
    let lab = Lab::new();
    lab.script("slow", |_| Act::Raw(Manners { stop_wait: secs(100), ..Manners::default() }));
    lab.script("h", |_| Act::Hang);
    let nested = ChildSpec::supervisor("n", Spec::default);
    let slow = lab.child("slow").shutdown(planaria_supervisor::Shutdown::Infinity);
    let root = root(&lab, Spec::default().child(nested).child(slow)).await;
    let nested = root.which_child("n").await.expect("known").supervisor.expect("it runs");
    let (other, hangs) = (nested.clone(), lab.child("h").start_timeout(secs(1_000_000)));
    let start = tokio::spawn(async move { other.start_child(hangs).await.err() });
    idle().await;
    let other = nested.clone();
    let behind = tokio::spawn(async move { other.restart_child("h").await.err() });
    idle().await;
    let began = now();
    nested.cell().stop(None);
    let (cell, above) = (nested.cell(), root.clone());
    let stop = tokio::spawn(async move {
        as_soon_as(|| dead(&cell)).await;
        above.cell().stop(None);
    });
    stop.await.expect("it returns");
    for request in [start, behind] {
        let error = soon(request).await.expect("it returns");
        assert!(matches!(error, Some(Error::NoSupervisor)), "{error:?}");
    }
    assert!(began.elapsed() < secs(1), "{:?}", began.elapsed());
    soon(root.exit()).await;
}

#[tokio::test(start_paused = true)]
async fn sup_e04_a_second_worker_of_a_start_that_is_given_up_ends_with_its_supervisor() {
    let lab = Lab::new();
    let inner = lab.clone();
    let pair = ChildSpec::worker("a", move |context| {
        let lab = inner.clone();
        Box::pin(async move {
            lab.launch(context.clone(), "first".to_owned()).await?;
            lab.launch(context, "second".to_owned()).await?;
            std::future::pending().await
        })
    });
    let root = root(&lab, Spec::default()).await;
    let error = refused(root.start_child(pair).await);
    assert!(matches!(error, Error::Start(StartError::Timeout(_))), "{error}");
    assert!(dead(&lab.cell("first")));
    soon(root.stop()).await;
    assert!(dead(&lab.cell("second")));
}

#[tokio::test(start_paused = true)]
async fn sup_q09_a_start_that_hangs_is_given_up_when_its_supervisor_is_killed() {
    let lab = Lab::new();
    lab.script("h", |_| Act::Hang);
    let root = root(&lab, Spec::default()).await;
    let (other, hangs) = (root.clone(), lab.child("h").start_timeout(secs(1_000_000)));
    let start = tokio::spawn(async move { other.start_child(hangs).await.err() });
    idle().await;
    let began = now();
    root.kill();
    assert_eq!(soon(root.exit()).await, ExitReason::Killed);
    assert!(began.elapsed() < secs(1), "not left behind after its time: {:?}", began.elapsed());
    assert!(matches!(soon(start).await.expect("it returns"), Some(Error::NoSupervisor)));
}

#[tokio::test(start_paused = true)]
async fn sup_t08_two_that_wait_to_be_judged_are_one_restart_of_a_group() {
    // Both deaths are complete while a slow start is under way.
    let lab = Lab::new();
    lab.script("slow", |_| Act::Late(secs(1)));
    let spec = Spec::new(Strategy::OneForAll).child(lab.child("a")).child(lab.child("b"));
    let root = root(&lab, spec).await;
    let (other, slow) = (root.clone(), lab.child("slow"));
    let start = tokio::spawn(async move { other.start_child(slow).await.is_ok() });
    idle().await;
    lab.crash("a");
    lab.crash("b");
    assert!(start.await.expect("it returns"));
    idle().await;
    assert_eq!((lab.starts("a"), lab.starts("b")), (2, 2));
    assert_eq!(root.snapshot()[0].budget, Some((1, 1)), "the second is absorbed");
    // b was to stop with its group, and has ended in another way.
    assert_eq!(lab.complaints(), ["ChildTerminated a", "ShutdownError b"]);
    root.stop().await;
}

/// Real threads: a supervisor is killed whose child is in synchronous code, and does not return.
#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn sup_q05_what_blocks_below_a_dead_supervisor_is_a_zombie_of_the_one_above() {
    let lab = Lab::new();
    let inner = lab.clone();
    let nested = ChildSpec::supervisor("n", move || Spec::default().child(inner.child("w")))
        .restart(Restart::Temporary);
    let root = start("root", Spec::default().child(nested), impatient(&lab)).await;
    let root = root.expect("it starts");
    let (release, blocked) = std::sync::mpsc::channel();
    lab.tell("w", Do::Block(blocked));
    while !lab.log().contains(&"w blocks".to_owned()) {
        tokio::task::yield_now().await;
    }
    let supervisor = root.which_child("n").await.expect("known").supervisor.expect("it runs");
    supervisor.kill();
    while root.which_child("n").await.is_ok() {
        tokio::task::yield_now().await;
    }
    assert_eq!(lab.complaints(), ["Zombie n", "ChildTerminated n"]);
    drop(release);
    let _ = lab.cell("w").wait(None).await;
    assert_eq!(root.stop().await, ExitReason::Shutdown);
    assert!(lab.complaints().is_empty(), "a zombie is reported once");
}
