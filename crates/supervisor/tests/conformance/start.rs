//! Starting (F, C, S; OTP's `sup_start_*`, `child_specs`, `sup_flags`).

use planaria_supervisor::{
    AutoShutdown, ChildSpec, Error, ExitReason, Intensity, Kind, Restart, Shutdown, Spec,
    StartError, Status, Strategy, check_children, start,
};

use crate::support::*;

async fn fails(lab: &Lab, spec: Spec) -> StartError {
    start("root", spec, lab.options()).await.expect_err("it does not start")
}

fn cause(error: &StartError) -> (&str, &StartError) {
    let StartError::Child { id, cause } = error else { panic!("not a child's: {error}") };
    (id, cause)
}

#[tokio::test(start_paused = true)]
async fn sup_start_normal() {
    let lab = Lab::new();
    let root = root(&lab, Spec::default()).await;
    assert_eq!(counts(&root).await, (0, 0, 0, 0));
    assert_eq!(root.stop().await, ExitReason::Shutdown);
    assert!(matches!(root.count_children().await, Err(Error::NoSupervisor)));
}

#[tokio::test(start_paused = true)]
async fn sup_s01_children_start_in_order_one_at_a_time() {
    let lab = Lab::new();
    lab.script("a", |_| Act::Late(secs(2)));
    let began = tokio::spawn({
        let lab = lab.clone();
        async move { root(&lab, Spec::default().child(lab.child("a")).child(lab.child("b"))).await }
    });
    tokio::time::sleep(secs(1)).await;
    assert_eq!((lab.starts("a"), lab.starts("b")), (1, 0), "b waits for a");
    assert!(!began.is_finished(), "the start returns when all run");
    let root = began.await.expect("it starts");
    assert_eq!(lab.log(), ["start a", "start b"]);
    root.stop().await;
}

#[tokio::test(start_paused = true)]
async fn extra_return() {
    let lab = Lab::new();
    lab.script("a", Act::Info);
    let root = root(&lab, Spec::default()).await;
    let info = |handle: Result<planaria_supervisor::Handle, Error>| {
        *handle.expect("it starts").info.expect("it says").downcast_ref::<u32>().expect("a number")
    };
    assert_eq!(info(root.start_child(lab.child("a")).await), 1);
    assert!(matches!(root.start_child(lab.child("a")).await, Err(Error::AlreadyStarted(_))));
    assert!(matches!(root.restart_child("a").await, Err(Error::Running)));
    assert_eq!(counts(&root).await, (1, 1, 0, 1));
    root.terminate_child("a").await.expect("it stops");
    assert_eq!(counts(&root).await, (1, 0, 0, 1));
    assert_eq!(info(root.restart_child("a").await), 2);
    lab.crash("a");
    idle().await;
    assert_eq!((lab.starts("a"), status(&root, "a").await), (3, Status::Running));
    root.terminate_child("a").await.expect("it stops");
    root.delete_child("a").await.expect("it is forgotten");
    assert_eq!(counts(&root).await, (0, 0, 0, 0));
    root.stop().await;
}

#[tokio::test(start_paused = true)]
async fn sup_start_ignore_init() {
    // A supervisor as a child that has nothing to supervise says so itself.
    let lab = Lab::new();
    lab.script("a", |_| Act::Ignore);
    let root = root(&lab, Spec::default().child(lab.child("a").supervising())).await;
    assert_eq!(counts(&root).await, (1, 0, 1, 0));
    assert!(lab.complaints().is_empty());
    root.stop().await;
}

#[tokio::test(start_paused = true)]
async fn sup_start_ignore_child() {
    let lab = Lab::new();
    lab.script("a", |_| Act::Ignore);
    let root = root(&lab, Spec::default().child(lab.child("a")).child(lab.child("b"))).await;
    let expected = [("b".to_owned(), Status::Running), ("a".to_owned(), Status::Stopped)];
    assert_eq!(children(&root).await, expected, "the newest first");
    assert_eq!(counts(&root).await, (2, 1, 0, 2));
    root.stop().await;
}

#[tokio::test(start_paused = true)]
async fn sup_start_ignore_temporary_child() {
    let lab = Lab::new();
    lab.script("a", |_| Act::Ignore);
    let spec =
        Spec::default().child(lab.child("a").restart(Restart::Temporary)).child(lab.child("b"));
    let root = root(&lab, spec).await;
    assert_eq!(children(&root).await, [("b".to_owned(), Status::Running)]);
    root.stop().await;
}

#[tokio::test(start_paused = true)]
async fn sup_start_ignore_temporary_child_start_child() {
    let lab = Lab::new();
    lab.script("a", |_| Act::Ignore);
    let root = root(&lab, Spec::default()).await;
    let handle = root.start_child(lab.child("a").restart(Restart::Temporary)).await;
    assert!(handle.expect("not an error").cell.is_none());
    assert_eq!(counts(&root).await, (0, 0, 0, 0));
    root.start_child(lab.child("a")).await.expect("not an error");
    assert_eq!(counts(&root).await, (1, 0, 0, 1), "a permanent one is kept (S04)");
    root.stop().await;
}

#[tokio::test(start_paused = true)]
async fn sup_s05_a_failed_start_stops_the_others_in_reverse_and_is_not_retried() {
    let lab = Lab::new();
    lab.script("c", |_| Act::Fail);
    let spec = ["a", "b", "c", "d"]
        .iter()
        .fold(patient(Strategy::OneForOne), |spec, id| spec.child(lab.child(id)));
    let error = fails(&lab, spec).await;
    assert_eq!(cause(&error), ("c", &StartError::Failed("no".to_owned())));
    assert_eq!(lab.log(), ["start a", "start b", "stop b", "stop a"]);
    assert_eq!((lab.starts("c"), lab.starts("d")), (1, 0));
    assert!(dead(&lab.cell("a")) && dead(&lab.cell("b")));
    assert_eq!(lab.complaints(), ["StartError c"]);
}

#[tokio::test(start_paused = true)]
async fn sup_start_error_return() {
    // What OTP finds in a bad return of init, a type finds here; a bad declaration is what is left.
    let lab = Lab::new();
    let spec = Spec::default().child(lab.child("a")).child(lab.child("a"));
    assert!(matches!(fails(&lab, spec).await, StartError::Invalid(_)));
    assert_eq!(lab.starts("a"), 0, "nothing is started");
}

#[tokio::test(start_paused = true)]
async fn sup_start_fail() {
    let lab = Lab::new();
    let crash = || -> Spec { panic!("no declaration") };
    let error = fails(&lab, Spec::default().child(ChildSpec::supervisor("n", crash))).await;
    assert_eq!(cause(&error), ("n", &StartError::Failed("no declaration".to_owned())));
}

#[tokio::test(start_paused = true)]
async fn sup_start_child_returns_error() {
    let lab = Lab::new();
    lab.script("a", |n| if n == 1 { Act::Fail } else { Act::Panic });
    let root = root(&lab, Spec::default()).await;
    let error = refused(root.start_child(lab.child("a")).await);
    assert!(matches!(error, Error::Start(StartError::Failed(text)) if text == "no"));
    // S07: a panic is caught, and is the same.
    let error = refused(root.start_child(lab.child("a")).await);
    assert!(matches!(error, Error::Start(StartError::Failed(text)) if text == "no start"));
    assert_eq!(counts(&root).await, (0, 0, 0, 0), "nothing is kept (S08)");
    assert_eq!(root.snapshot().len(), 1);
    root.stop().await;
}

#[tokio::test(start_paused = true)]
async fn sup_start_restart_child_returns_error() {
    let lab = Lab::new();
    lab.script("a", |n| if n == 2 { Act::Panic } else { Act::Run });
    let root = root(&lab, Spec::default().child(lab.child("a"))).await;
    root.terminate_child("a").await.expect("it stops");
    assert!(matches!(root.restart_child("a").await, Err(Error::Start(_))));
    assert_eq!(children(&root).await, [("a".to_owned(), Status::Stopped)]);
    root.restart_child("a").await.expect("it starts");
    root.stop().await;
}

#[tokio::test(start_paused = true)]
async fn sup_start_map() {
    let lab = Lab::new();
    let spec =
        Spec::default().child(lab.child("w")).child(ChildSpec::supervisor("s", Spec::default));
    let root = root(&lab, spec).await;
    let shown = format!("{:?}", root.child_spec("w").await.expect("known"));
    let worker = "id: \"w\", kind: Worker, restart: Permanent, shutdown: Timeout(5s), \
                  significant: false, start_timeout: Some(5s)";
    assert!(shown.contains(worker), "{shown}");
    let shown = format!("{:?}", root.child_spec("s").await.expect("known"));
    assert!(shown.contains("kind: Supervisor, restart: Permanent, shutdown: Infinity"), "{shown}");
    assert!(matches!(root.child_spec("x").await, Err(Error::NotFound)));
    root.stop().await;
}

#[tokio::test(start_paused = true)]
async fn sup_start_map_faulty_specs() {
    let lab = Lab::new();
    let root = root(&lab, Spec::default()).await;
    for id in ["", "a/b"] {
        let error = refused(root.start_child(lab.child(id)).await);
        assert!(matches!(error, Error::Start(StartError::Invalid(_))), "{id}");
    }
    assert_eq!(counts(&root).await, (0, 0, 0, 0));
    root.stop().await;
}

#[tokio::test]
async fn child_specs() {
    let lab = Lab::new();
    let restarts = [Restart::Permanent, Restart::Transient, Restart::Temporary];
    let shutdowns = [Shutdown::BrutalKill, Shutdown::Timeout(secs(0)), Shutdown::Infinity];
    let modes = [AutoShutdown::Never, AutoShutdown::AnySignificant, AutoShutdown::AllSignificant];
    for restart in restarts {
        for shutdown in shutdowns {
            for mode in modes {
                let plain = lab.child("a").restart(restart).shutdown(shutdown);
                assert_eq!(check_children(std::slice::from_ref(&plain), mode), Ok(()), "C11");
                assert_eq!(check_children(&[plain.clone().supervising()], mode), Ok(()), "C11");
                let allowed = restart != Restart::Permanent && mode != AutoShutdown::Never;
                assert_eq!(check_children(&[plain.significant()], mode).is_ok(), allowed, "C04");
            }
        }
    }
    let twice = check_children(&[lab.child("a"), lab.child("a")], AutoShutdown::Never);
    assert!(matches!(twice, Err(StartError::Invalid(text)) if text.contains("`a` occurs twice")));
    assert_eq!(lab.starts("a"), 0, "checking starts nothing (C10)");
}

#[tokio::test(start_paused = true)]
async fn sup_flags() {
    let lab = Lab::new();
    assert_eq!(Intensity::default(), intensity(1, 5), "F02, F03");
    let shown = format!("{:?}", Spec::default());
    assert!(shown.contains("strategy: OneForOne"), "F01");
    assert!(shown.contains("auto_shutdown: Never"), "F04");
    let spec = Spec::default().intensity(intensity(1, 0)).child(lab.child("a"));
    assert!(matches!(fails(&lab, spec).await, StartError::Invalid(_)), "no window");
    assert_eq!(lab.starts("a"), 0);
}

#[tokio::test(start_paused = true)]
async fn sup_s10_added_children_are_appended() {
    let lab = Lab::new();
    let root = root(&lab, Spec::default().child(lab.child("z"))).await;
    root.start_child(lab.child("a")).await.expect("it starts");
    root.start_child(lab.child("m")).await.expect("it starts");
    root.stop().await;
    assert_eq!(lab.log(), ["start z", "start a", "start m", "stop m", "stop a", "stop z"]);
}

#[tokio::test(start_paused = true)]
async fn sup_s11_a_restarted_supervisor_has_its_declared_children_only() {
    let lab = Lab::new();
    let inner = lab.clone();
    let nested = ChildSpec::supervisor("n", move || Spec::default().child(inner.child("a")));
    let root = root(&lab, Spec::default().child(nested)).await;
    let nested = root.which_child("n").await.expect("known").supervisor.expect("it runs");
    nested.start_child(lab.child("b")).await.expect("it starts");
    nested.kill();
    idle().await;
    let again = root.which_child("n").await.expect("known").supervisor.expect("it runs");
    assert_eq!(children(&again).await, [("a".to_owned(), Status::Running)]);
    assert!(dead(&lab.cell("b")));
    root.stop().await;
}

#[tokio::test(start_paused = true)]
async fn faulty_application_shutdown() {
    // S09: the cause comes up through every level.
    let lab = Lab::new();
    lab.script("c", |_| Act::Fail);
    let inner = lab.clone();
    let low = move || Spec::default().child(inner.child("b")).child(inner.child("c"));
    let mid = move || Spec::default().child(ChildSpec::supervisor("low", low.clone()));
    let spec = Spec::default().child(lab.child("a")).child(ChildSpec::supervisor("mid", mid));
    let error = fails(&lab, spec).await;
    let (id, error) = cause(&error);
    let (id2, error) = cause(error);
    let (id3, error) = cause(error);
    assert_eq!([id, id2, id3], ["mid", "low", "c"]);
    assert_eq!(error, &StartError::Failed("no".to_owned()));
    assert_eq!(lab.log(), ["start a", "start b", "stop b", "stop a"]);
}

#[tokio::test(start_paused = true)]
async fn sup_q09_a_start_function_that_hangs_is_given_up() {
    let lab = Lab::new();
    lab.script("a", |_| Act::Hang);
    let error = fails(&lab, Spec::default().child(lab.child("a").start_timeout(secs(3)))).await;
    assert_eq!(cause(&error), ("a", &StartError::Timeout(secs(3))));
}

#[tokio::test(start_paused = true)]
async fn sup_c06_workers_and_supervisors_are_counted_apart() {
    let lab = Lab::new();
    let spec =
        Spec::default().child(lab.child("w")).child(ChildSpec::supervisor("s", Spec::default));
    let root = root(&lab, spec).await;
    let kinds: Vec<Kind> =
        root.which_children().await.expect("it answers").iter().map(|c| c.kind).collect();
    assert_eq!(kinds, [Kind::Supervisor, Kind::Worker]);
    assert_eq!(counts(&root).await, (2, 2, 1, 1));
    root.stop().await;
}
