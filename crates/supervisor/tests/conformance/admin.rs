//! Management (M; OTP's `child_adm`, `count_children` and others).

use planaria_supervisor::{ChildSpec, Error, ExitReason, Restart, Spec, Status, Strategy};

use crate::support::*;

#[tokio::test(start_paused = true)]
async fn child_adm() {
    let lab = Lab::new();
    let root = root(&lab, Spec::default()).await;
    assert_eq!(counts(&root).await, (0, 0, 0, 0));
    assert!(matches!(root.restart_child("a").await, Err(Error::NotFound)));
    assert!(matches!(root.terminate_child("a").await, Err(Error::NotFound)));
    assert!(matches!(root.delete_child("a").await, Err(Error::NotFound)));
    assert!(matches!(root.child_spec("a").await, Err(Error::NotFound)));
    assert!(matches!(root.which_child("a").await, Err(Error::NotFound)));

    let first = pid(root.start_child(lab.child("a")).await);
    assert_eq!(children(&root).await, [("a".to_owned(), Status::Running)]);
    assert_eq!(counts(&root).await, (1, 1, 0, 1));
    match refused(root.start_child(lab.child("a")).await) {
        Error::AlreadyStarted(cell) => assert_eq!(cell.get_id(), first),
        other => panic!("{other}"),
    }
    assert!(matches!(root.restart_child("a").await, Err(Error::Running)));
    assert!(matches!(root.delete_child("a").await, Err(Error::Running)));

    root.terminate_child("a").await.expect("it stops");
    assert!(dead(&lab.cell("a")), "dead when the call returns (M03)");
    assert_eq!(children(&root).await, [("a".to_owned(), Status::Stopped)]);
    assert_eq!(counts(&root).await, (1, 0, 0, 1));
    root.terminate_child("a").await.expect("once more is fine");
    assert!(matches!(root.start_child(lab.child("a")).await, Err(Error::AlreadyPresent)));
    assert_eq!(root.child_spec("a").await.expect("kept").id(), "a");

    assert_ne!(pid(root.restart_child("a").await), first);
    root.terminate_child("a").await.expect("it stops");
    root.delete_child("a").await.expect("it is forgotten");
    assert_eq!(counts(&root).await, (0, 0, 0, 0));
    assert!(matches!(root.child_spec("a").await, Err(Error::NotFound)));
    root.start_child(lab.child("a")).await.expect("the id is free");

    root.stop().await;
    assert!(matches!(root.start_child(lab.child("b")).await, Err(Error::NoSupervisor)));
    assert!(matches!(root.restart_child("a").await, Err(Error::NoSupervisor)));
    assert!(matches!(root.terminate_child("a").await, Err(Error::NoSupervisor)));
    assert!(matches!(root.delete_child("a").await, Err(Error::NoSupervisor)));
    assert!(matches!(root.which_children().await, Err(Error::NoSupervisor)));
    assert!(matches!(root.child_spec("a").await, Err(Error::NoSupervisor)));
}

#[tokio::test(start_paused = true)]
async fn sup_m15_repeated_reads_are_equal() {
    let lab = Lab::new();
    let spec = (0..50).fold(Spec::default(), |spec, n| spec.child(lab.child(&format!("c{n}"))));
    let root = root(&lab, spec).await;
    let first = children(&root).await;
    assert_eq!(first[0].0, "c49", "the newest first (M11)");
    assert_eq!(children(&root).await, first);
    root.stop().await;
}

#[tokio::test(start_paused = true)]
async fn count_restarting_children() {
    let lab = Lab::new();
    lab.script("b", |n| if (2..100).contains(&n) { Act::Late(secs(1)) } else { Act::Run });
    lab.script("c", |n| if n == 2 { Act::Hang } else { Act::Run });
    let spec = patient(Strategy::OneForOne)
        .child(lab.child("a"))
        .child(lab.child("b"))
        .child(lab.child("c").start_timeout(secs(60)));
    let root = root(&lab, spec).await;
    assert_eq!(counts(&root).await, (3, 3, 0, 3));
    lab.crash("b");
    idle().await;
    assert_eq!(counts(&root).await, (3, 2, 0, 3), "a worker, but not an active one");
    tokio::time::sleep(secs(2)).await;
    assert_eq!(counts(&root).await, (3, 3, 0, 3));
    lab.crash("c");
    idle().await;
    assert_eq!(status(&root, "c").await, Status::Starting);
    assert_eq!(counts(&root).await, (3, 2, 0, 3));
    root.terminate_child("c").await.expect("it stops");
    assert_eq!(status(&root, "c").await, Status::Stopped);
    root.stop().await;
}

#[tokio::test(start_paused = true)]
async fn get_callback_module() {
    // What a supervisor is declared as can be read: here, each child's declaration and the budget.
    let lab = Lab::new();
    let spec = Spec::default().intensity(intensity(7, 60)).child(lab.child("a"));
    let root = root(&lab, spec).await;
    assert_eq!(root.child_spec("a").await.expect("known").id(), "a");
    assert_eq!(root.snapshot()[0].budget, Some((0, 7)));
    root.stop().await;
}

#[tokio::test(start_paused = true)]
async fn do_not_save_child_specs_for_temporary_children() {
    let lab = Lab::new();
    let root = root(&lab, patient(Strategy::OneForOne)).await;
    let temporary = || lab.child("t").restart(Restart::Temporary);
    for round in 0..4 {
        root.start_child(temporary()).await.expect("the id is free");
        match round {
            0 => lab.cell("t").kill(),
            1 => lab.exit("t", ExitReason::Normal),
            2 => lab.crash("t"),
            _ => root.terminate_child("t").await.expect("it stops"),
        }
        idle().await;
        assert_eq!(counts(&root).await, (0, 0, 0, 0), "round {round}");
        assert_eq!(root.snapshot().len(), 1, "nor is it published");
    }
    root.start_child(lab.child("p")).await.expect("it starts");
    root.start_child(lab.child("q").restart(Restart::Transient)).await.expect("it starts");
    lab.exit("p", ExitReason::Normal);
    lab.exit("q", ExitReason::Normal);
    idle().await;
    assert!(matches!(root.start_child(lab.child("p")).await, Err(Error::AlreadyStarted(_))));
    assert!(matches!(root.start_child(lab.child("q")).await, Err(Error::AlreadyPresent)));
    root.stop().await;
}

#[tokio::test(start_paused = true)]
async fn do_not_save_start_parameters_for_temporary_children() {
    // What a start function holds is dropped with the declaration of a temporary child (R05).
    let lab = Lab::new();
    let root = root(&lab, patient(Strategy::OneForOne)).await;
    let argument = std::sync::Arc::new(());
    let (inner, kept) = (lab.clone(), argument.clone());
    let spec = ChildSpec::worker("t", move |context| {
        let _uses = &kept;
        inner.launch(context, "t".to_owned())
    });
    root.start_child(spec.restart(Restart::Temporary)).await.expect("it starts");
    lab.crash("t");
    idle().await;
    assert_eq!(std::sync::Arc::strong_count(&argument), 1);
    root.stop().await;
}

async fn start_and_stop(number: usize) -> usize {
    let lab = Lab::new();
    let spec = (0..number).fold(Spec::default(), |spec, n| spec.child(lab.child(&format!("c{n}"))));
    let root = root(&lab, spec).await;
    assert_eq!(counts(&root).await.1, number);
    root.stop().await;
    let log = lab.log();
    assert_eq!(log[number], format!("stop c{}", number - 1), "in reverse order");
    log.len()
}

#[tokio::test(start_paused = true)]
async fn scale_start_stop_many_children() {
    assert_eq!(start_and_stop(1_000).await, 2_000);
    assert_eq!(start_and_stop(100_000).await, 200_000);
}

#[tokio::test(start_paused = true)]
async fn sup_m01_the_four_answers_to_a_start() {
    let lab = Lab::new();
    lab.script("r", |n| if n > 1 { Act::Hang } else { Act::Run });
    let backoff = planaria_supervisor::Backoff {
        from: secs(10),
        to: secs(10),
        reset_after: secs(60),
        jitter: std::sync::Arc::new(|| u32::MAX),
    };
    let root =
        root(&lab, patient(Strategy::OneForOne).backoff(backoff).child(lab.child("r"))).await;
    lab.crash("r");
    idle().await;
    assert_eq!(status(&root, "r").await, Status::Restarting);
    assert!(matches!(root.start_child(lab.child("r")).await, Err(Error::AlreadyPresent)));
    assert!(matches!(root.restart_child("r").await, Err(Error::Restarting)));
    assert!(matches!(root.delete_child("r").await, Err(Error::Restarting)));
    assert_eq!(root.child_spec("r").await.expect("known").id(), "r");
    root.terminate_child("r").await.expect("the restart is cancelled");
    assert_eq!(status(&root, "r").await, Status::Stopped);
    tokio::time::sleep(secs(60)).await;
    assert_eq!(lab.starts("r"), 1, "X04: it was not restarted");
    root.stop().await;
}
