//! The dynamic supervisor (T04, D08, M06-M10; OTP's `simple_one_for_one*`).

use planaria_supervisor::{
    ChildSpec, Error, ExitReason, Kind, Restart, Shutdown, StartError, Status, Strategy,
};

use crate::support::*;

#[tokio::test(start_paused = true)]
async fn simple_one_for_one() {
    let lab = Lab::new();
    let (root, fleet) = frail_fleet(&lab, template(&lab).intensity(intensity(2, 3_600))).await;
    add(&fleet, "a").await;
    let sibling = add(&fleet, "b").await;
    for n in 2..=3 {
        lab.crash("a");
        idle().await;
        assert_eq!((lab.starts("a"), lab.pid("b")), (n, sibling.get_id()));
    }
    lab.crash("a");
    idle().await;
    assert!(dead(&sibling) && fleet.cell().is_none());
    assert_eq!(lab.complaints().last().map(String::as_str), Some("GaveUp 0"));
    root.stop().await;
}

#[tokio::test(start_paused = true)]
async fn sup_f03_a_dynamic_supervisor_without_a_window_is_refused() {
    let lab = Lab::new();
    let (child, _) = ChildSpec::dynamic("fleet", template(&lab).intensity(intensity(1, 0)));
    let spec = patient(Strategy::OneForOne).child(child);
    let error = planaria_supervisor::start("root", spec, lab.options()).await;
    let error = error.expect_err("it does not start");
    let StartError::Child { cause, .. } = error else { panic!("{error}") };
    assert!(matches!(*cause, StartError::Invalid(_)), "{cause}");
}

#[tokio::test(start_paused = true)]
async fn simple_one_for_one_extra() {
    let lab = Lab::new();
    lab.script("a", Act::Info);
    let (root, fleet) = fleet(&lab, template(&lab)).await;
    let info = fleet.start_child("a".to_owned()).await.expect("it starts").info.expect("it says");
    assert_eq!(info.downcast_ref::<u32>(), Some(&1));
    lab.crash("a");
    idle().await;
    assert_eq!(lab.starts("a"), 2, "with the same argument (R04)");
    root.stop().await;
}

#[tokio::test(start_paused = true)]
async fn simple_one_for_one_escalation() {
    let lab = Lab::new();
    lab.script("a", |n| if n == 1 { Act::Run } else { Act::Fail });
    let (root, fleet) = frail_fleet(&lab, template(&lab).intensity(intensity(4, 3_600))).await;
    add(&fleet, "a").await;
    let sibling = add(&fleet, "b").await;
    lab.crash("a");
    idle().await;
    assert_eq!(lab.starts("a"), 5);
    assert!(dead(&sibling));
    root.stop().await;
}

#[tokio::test(start_paused = true)]
async fn simple_one_for_one_shutdown() {
    let lab = Lab::new();
    for (id, seconds) in [("a", 1), ("b", 1), ("c", 5)] {
        lab.script(id, move |_| {
            Act::Raw(Manners { stop_wait: secs(seconds), ..Manners::default() })
        });
    }
    let (root, fleet) = fleet(&lab, template(&lab).shutdown(Shutdown::Timeout(secs(2)))).await;
    for id in ["a", "b", "c"] {
        add(&fleet, id).await;
    }
    let began = now();
    root.stop().await;
    assert_eq!(began.elapsed().as_secs(), 2, "together, then killed (D08)");
    let log = lab.log();
    assert!(log.contains(&"stop b".to_owned()) && !log.contains(&"stop c".to_owned()));
    assert_eq!(lab.complaints(), ["ShutdownError 2"]);
}

#[tokio::test(start_paused = true)]
async fn sup_stop_timeout_dynamic() {
    let lab = Lab::new();
    lab.script("busy", |_| Act::Raw(Manners { stop_wait: secs(9), ..Manners::default() }));
    let (root, fleet) =
        fleet(&lab, keyed(&lab, Restart::Permanent).shutdown(Shutdown::Timeout(secs(1)))).await;
    add(&fleet, "busy").await;
    add(&fleet, "quick").await;
    root.stop().await;
    let log = lab.log();
    assert!(log.contains(&"exit busy: killed".to_owned()), "{log:?}");
    assert!(log.contains(&"exit quick: shutdown".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn sup_stop_brutal_kill_dynamic() {
    let lab = Lab::new();
    let (root, fleet) =
        fleet(&lab, keyed(&lab, Restart::Permanent).shutdown(Shutdown::BrutalKill)).await;
    for n in 0..10 {
        add(&fleet, &n.to_string()).await;
    }
    lab.log();
    root.stop().await;
    let expected: Vec<String> = (0..10).map(|n| format!("exit {n}: killed")).collect();
    assert_eq!(lab.log(), expected);
    assert!(lab.complaints().is_empty());
}

#[tokio::test(start_paused = true)]
async fn sup_stop_non_shutdown_exit_dynamic() {
    for restart in [Restart::Permanent, Restart::Transient, Restart::Temporary] {
        let lab = Lab::new();
        for id in ["f", "p", "d"] {
            let id = id.to_owned();
            let manners = Manners {
                stop_fails: id == "f",
                stop_panics: id == "p",
                drop_panics: id == "d",
                ..Manners::default()
            };
            lab.script(&id, move |_| Act::Raw(manners.clone()));
        }
        let (root, fleet) = fleet(&lab, template(&lab).restart(restart)).await;
        let cells = [add(&fleet, "f").await, add(&fleet, "p").await, add(&fleet, "d").await];
        assert_eq!(soon(root.stop()).await, ExitReason::Shutdown);
        assert!(cells.iter().all(dead));
    }
}

#[tokio::test(start_paused = true)]
async fn sup_start_child_returns_error_simple() {
    let lab = Lab::new();
    lab.script("a", |n| if n == 1 { Act::Fail } else { Act::Panic });
    let (root, fleet) = fleet(&lab, template(&lab)).await;
    let error = refused(fleet.start_child("a".to_owned()).await);
    assert!(matches!(error, Error::Start(StartError::Failed(text)) if text == "no"));
    let error = refused(fleet.start_child("a".to_owned()).await);
    assert!(matches!(error, Error::Start(StartError::Failed(text)) if text == "no start"));
    let count = fleet.count_children().await.expect("it answers");
    assert_eq!(numbers(count), (1, 0, 0, 0), "nothing is kept");
    root.stop().await;
}

async fn ignored(restart: Restart) {
    let lab = Lab::new();
    lab.script("a", |_| Act::Ignore);
    let (root, fleet) = fleet(&lab, keyed(&lab, restart)).await;
    let handle = fleet.start_child("a".to_owned()).await.expect("not an error");
    assert!(handle.cell.is_none());
    assert_eq!(numbers(fleet.count_children().await.expect("it answers")), (1, 0, 0, 0));
    assert!(lab.log().is_empty(), "what never ran has not ended");
    assert_eq!(root.stop().await, ExitReason::Shutdown);
    assert!(lab.complaints().is_empty());
}

#[tokio::test(start_paused = true)]
async fn sup_start_ignore_temporary_child_start_child_simple() {
    ignored(Restart::Temporary).await;
}

#[tokio::test(start_paused = true)]
async fn sup_start_ignore_permanent_child_start_child_simple() {
    ignored(Restart::Permanent).await;
}

#[tokio::test(start_paused = true)]
async fn sup_start_map_simple() {
    let lab = Lab::new();
    let (root, fleet) = fleet(&lab, template(&lab)).await;
    add(&fleet, "a").await;
    let children = fleet.which_children().await.expect("it answers");
    assert_eq!(children.len(), 1);
    assert!(children[0].id.is_none(), "they have no id (T04)");
    assert_eq!((children[0].kind, children[0].status), (Kind::Worker, Status::Running));
    let cell = children[0].cell.clone().expect("it runs");
    let template = fleet.template(&cell).await.expect("it is a child (M09)");
    assert_eq!((template.kind, template.restart), (Kind::Worker, Restart::Permanent));
    assert_eq!(template.shutdown, Shutdown::Timeout(secs(5)));
    assert_eq!(template.start_timeout, Some(secs(5)));
    let stranger = fleet.cell().expect("it runs");
    assert!(matches!(fleet.template(&stranger).await, Err(Error::NotFound)));
    root.stop().await;
}

#[tokio::test(start_paused = true)]
async fn child_adm_simple() {
    let lab = Lab::new();
    let (root, fleet) = fleet(&lab, template(&lab)).await;
    assert_eq!(numbers(fleet.count_children().await.expect("it answers")), (1, 0, 0, 0));
    let (one, two) = (add(&fleet, "a").await, add(&fleet, "b").await);
    assert_eq!(numbers(fleet.count_children().await.expect("it answers")), (1, 2, 0, 2));
    fleet.terminate_child(&one).await.expect("it stops");
    assert!(dead(&one));
    fleet.terminate_child(&one).await.expect("one that is dead is fine (M07)");
    let foreign = add_foreign(&lab, &root).await;
    assert!(matches!(fleet.terminate_child(&foreign).await, Err(Error::NotFound)));
    assert!(!dead(&foreign), "and is left alone");
    assert!(matches!(fleet.terminate_key("a").await, Err(Error::NotFound)), "no keys here (M08)");
    assert_eq!(numbers(fleet.count_children().await.expect("it answers")), (1, 1, 0, 1));
    assert!(!dead(&two));
    root.stop().await;
    assert!(matches!(fleet.count_children().await, Err(Error::NoSupervisor)));
}

async fn add_foreign(lab: &Lab, root: &planaria_supervisor::SupervisorRef) -> ractor::ActorCell {
    root.start_child(lab.child("foreign")).await.expect("it starts").cell.expect("it runs")
}

#[tokio::test(start_paused = true)]
async fn count_children() {
    let lab = Lab::new();
    let (root, fleet) = fleet(&lab, template(&lab).restart(Restart::Temporary)).await;
    for number in [1_000, 2_000] {
        add_many(&fleet, (number - 1_000..number).map(|n| n.to_string())).await;
        for _ in 0..3 {
            let count = fleet.count_children().await.expect("it answers");
            assert_eq!(numbers(count), (1, number, 0, number));
        }
    }
    (0..2_000).for_each(|n| lab.cell(&n.to_string()).kill());
    idle().await;
    assert_eq!(numbers(fleet.count_children().await.expect("it answers")), (1, 0, 0, 0));
    root.stop().await;
}

#[tokio::test(start_paused = true)]
async fn count_children_supervisor() {
    let lab = Lab::new();
    let (root, fleet) = fleet(&lab, template(&lab).supervisors().restart(Restart::Temporary)).await;
    add_many(&fleet, (0..1_000).map(|n| n.to_string())).await;
    assert_eq!(numbers(fleet.count_children().await.expect("it answers")), (1, 1_000, 1_000, 0));
    root.stop().await;
}

#[tokio::test(start_paused = true)]
async fn simple_one_for_one_scale_many_temporary_children() {
    for number in [1_000, 10_000] {
        let lab = Lab::new();
        let (root, fleet) = fleet(&lab, template(&lab).restart(Restart::Temporary)).await;
        add_many(&fleet, (0..number).map(|n| n.to_string())).await;
        for n in 0..number {
            fleet.terminate_child(&lab.cell(&n.to_string())).await.expect("it stops");
        }
        assert_eq!(numbers(fleet.count_children().await.expect("it answers")), (1, 0, 0, 0));
        root.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn hanging_restart_loop_simple() {
    let lab = Lab::new();
    lab.script("a", |n| if n == 1 { Act::Run } else { Act::Fail });
    let (root, fleet) = fleet(&lab, keyed(&lab, Restart::Permanent)).await;
    add(&fleet, "a").await;
    let sibling = add(&fleet, "b").await;
    lab.crash("a");
    while lab.starts("a") < 100 {
        tokio::task::yield_now().await;
    }
    let count = fleet.count_children().await.expect("it answers");
    assert_eq!(numbers(count), (1, 1, 0, 2), "it counts, and is not active (M14)");
    fleet.terminate_key("a").await.expect("the loop ends");
    let starts = lab.starts("a");
    idle().await;
    assert_eq!((lab.starts("a"), dead(&sibling)), (starts, false));
    lab.script("b", |_| Act::Fail);
    lab.crash("b");
    while lab.starts("b") < 100 {
        tokio::task::yield_now().await;
    }
    soon(root.stop()).await;
}

#[tokio::test(start_paused = true)]
async fn simple_one_for_one_corruption() {
    // Arguments are kept until their child has ended for good, and no longer.
    let lab = Lab::new();
    let inner = lab.clone();
    let argument = std::sync::Arc::new("a".to_owned());
    let spec = planaria_supervisor::DynamicSpec::new(move |context, id: std::sync::Arc<String>| {
        inner.launch(context, id.to_string())
    });
    let (child, fleet) = ChildSpec::dynamic("fleet", spec.restart(Restart::Temporary));
    let root = root(&lab, patient(Strategy::OneForOne).child(child)).await;
    for _ in 0..2 {
        fleet.start_child(argument.clone()).await.expect("it starts");
        assert_eq!(std::sync::Arc::strong_count(&argument), 2);
        lab.crash("a");
        idle().await;
        assert_eq!(std::sync::Arc::strong_count(&argument), 1, "R05");
    }
    root.stop().await;
}

#[tokio::test(start_paused = true)]
async fn sup_s11_a_restarted_dynamic_supervisor_has_no_children() {
    let lab = Lab::new();
    let (root, fleet) = fleet(&lab, template(&lab)).await;
    let old = add(&fleet, "a").await;
    fleet.cell().expect("it runs").kill();
    idle().await;
    assert!(dead(&old));
    assert_eq!(numbers(fleet.count_children().await.expect("it answers")), (1, 0, 0, 0));
    add(&fleet, "a").await;
    root.stop().await;
}
