//! Significant children (A; OTP's `significant_*`, `nonsignificant_*`).

use planaria_supervisor::{
    AutoShutdown, ChildSpec, Error, ExitReason, Restart, Spec, StartError, Status, Strategy,
    SupervisorRef, start_nested,
};

use crate::support::*;

/// Whether a dynamic supervisor that ends with its children has ended by itself.
async fn ended(fleet: &planaria_supervisor::DynamicRef<String>) -> bool {
    idle().await;
    fleet.cell().is_none()
}

const ANY: AutoShutdown = AutoShutdown::AnySignificant;
const ALL: AutoShutdown = AutoShutdown::AllSignificant;

/// Significant `a` and `b`, and `p` which is not.
async fn family(
    lab: &Lab,
    strategy: Strategy,
    mode: AutoShutdown,
    restart: Restart,
) -> SupervisorRef {
    let spec = patient(strategy)
        .auto_shutdown(mode)
        .child(lab.child("p"))
        .child(lab.child("a").restart(restart).significant())
        .child(lab.child("b").restart(restart).significant());
    root(lab, spec).await
}

async fn alive(root: &SupervisorRef) -> bool {
    idle().await;
    root.count_children().await.is_ok()
}

#[tokio::test(start_paused = true)]
async fn sup_a01_a_supervisor_that_never_shuts_down_refuses_them() {
    let lab = Lab::new();
    let significant = || lab.child("a").restart(Restart::Temporary).significant();
    let started =
        planaria_supervisor::start("root", Spec::default().child(significant()), lab.options());
    assert!(matches!(started.await.err(), Some(StartError::Invalid(_))));
    let root = root(&lab, Spec::default()).await;
    let error = refused(root.start_child(significant()).await);
    assert!(matches!(error, Error::Start(StartError::Invalid(_))));
    assert_eq!(lab.starts("a"), 0);
    root.stop().await;
}

#[tokio::test(start_paused = true)]
async fn significant_temporary() {
    for how in ["clean", "crash", "kill"] {
        for mode in [ANY, ALL] {
            let lab = Lab::new();
            let root = family(&lab, Strategy::OneForOne, mode, Restart::Temporary).await;
            lab.log();
            let end = |id: &str| match how {
                "clean" => lab.exit(id, ExitReason::Normal),
                "crash" => lab.crash(id),
                _ => lab.cell(id).kill(),
            };
            end("a");
            if mode == ALL {
                assert!(alive(&root).await, "{how}: b is left (A03)");
                end("b");
            }
            assert!(!alive(&root).await, "{how} {mode:?}");
            assert_eq!(soon(root.exit()).await, ExitReason::Shutdown, "A04");
            assert_eq!(lab.log().last().map(String::as_str), Some("stop p"));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn significant_transient() {
    for mode in [ANY, ALL] {
        let lab = Lab::new();
        let root = family(&lab, Strategy::OneForOne, mode, Restart::Transient).await;
        lab.crash("a");
        lab.cell("b").kill();
        assert!(alive(&root).await, "an abnormal exit is an ordinary restart");
        assert_eq!((lab.starts("a"), lab.starts("b")), (2, 2));
        lab.exit("a", ExitReason::Normal);
        assert_eq!(alive(&root).await, mode == ALL);
        if mode == ALL {
            lab.exit("b", ExitReason::Shutdown);
            assert!(!alive(&root).await);
        }
        assert_eq!(soon(root.exit()).await, ExitReason::Shutdown);
    }
}

#[tokio::test(start_paused = true)]
async fn sup_a05_terminating_one_does_not_trigger() {
    for (mode, restart) in [ANY, ALL]
        .iter()
        .flat_map(|mode| [(*mode, Restart::Transient), (*mode, Restart::Temporary)])
    {
        let lab = Lab::new();
        let root = family(&lab, Strategy::OneForOne, mode, restart).await;
        root.terminate_child("a").await.expect("it stops");
        root.terminate_child("b").await.expect("it stops");
        assert!(alive(&root).await, "{mode:?} {restart:?}");
        root.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn significant_bystander() {
    for (strategy, mode) in [Strategy::OneForOne, Strategy::OneForAll, Strategy::RestForOne]
        .iter()
        .flat_map(|strategy| [(*strategy, ANY), (*strategy, ALL)])
    {
        for restart in [Restart::Transient, Restart::Temporary] {
            let lab = Lab::new();
            let root = family(&lab, strategy, mode, restart).await;
            lab.crash("p");
            assert!(alive(&root).await, "{strategy:?} {mode:?} {restart:?} (A05)");
            root.stop().await;
        }
    }
}

async fn nonsignificant(restart: Restart) {
    for mode in [AutoShutdown::Never, ANY, ALL] {
        for how in ["clean", "crash", "kill", "terminate"] {
            let lab = Lab::new();
            let spec = patient(Strategy::OneForOne)
                .auto_shutdown(mode)
                .child(lab.child("a").restart(restart));
            let root = root(&lab, spec).await;
            match how {
                "clean" => lab.exit("a", ExitReason::Normal),
                "crash" => lab.crash("a"),
                "kill" => lab.cell("a").kill(),
                _ => root.terminate_child("a").await.expect("it stops"),
            }
            assert!(alive(&root).await, "{mode:?} {how} (A06)");
            root.stop().await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn nonsignificant_temporary() {
    nonsignificant(Restart::Temporary).await;
}

#[tokio::test(start_paused = true)]
async fn nonsignificant_transient() {
    nonsignificant(Restart::Transient).await;
}

fn nested(lab: &Lab, significant: bool) -> ChildSpec {
    let lab = lab.clone();
    let child = ChildSpec::worker("n", move |context| {
        let spec = Spec::default()
            .auto_shutdown(ANY)
            .child(lab.child("a").restart(Restart::Transient).significant());
        Box::pin(start_nested(context, spec))
    });
    let child = child.supervising().restart(Restart::Transient);
    if significant { child.significant() } else { child }
}

#[tokio::test(start_paused = true)]
async fn significant_escalation() {
    for significant in [true, false] {
        let lab = Lab::new();
        let spec = patient(Strategy::OneForOne)
            .auto_shutdown(ANY)
            .child(lab.child("p"))
            .child(nested(&lab, significant));
        let root = root(&lab, spec).await;
        lab.exit("a", ExitReason::Normal);
        assert_eq!(alive(&root).await, !significant, "A08");
        if !significant {
            assert_eq!(status(&root, "n").await, Status::Stopped);
            root.stop().await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn sup_a03_one_that_has_crashed_at_the_same_time_still_counts() {
    // b is about to be restarted: it is not yet the end of all.
    let lab = Lab::new();
    let root = family(&lab, Strategy::OneForOne, ALL, Restart::Transient).await;
    lab.exit("a", ExitReason::Normal);
    lab.crash("b");
    assert!(alive(&root).await);
    assert_eq!(status(&root, "b").await, Status::Running);
    root.stop().await;
}

#[tokio::test(start_paused = true)]
async fn sup_a03_the_last_two_may_end_at_the_same_time() {
    let lab = Lab::new();
    let root = family(&lab, Strategy::OneForOne, ALL, Restart::Transient).await;
    lab.exit("a", ExitReason::Normal);
    lab.exit("b", ExitReason::Normal);
    assert!(!alive(&root).await);
    assert_eq!(soon(root.exit()).await, ExitReason::Shutdown);
}

#[tokio::test(start_paused = true)]
async fn significant_simple() {
    // Any child, or the last one (A07).
    for (mode, restart, how) in [
        (ANY, Restart::Transient, "clean"),
        (ANY, Restart::Temporary, "clean"),
        (ANY, Restart::Temporary, "crash"),
        (ALL, Restart::Transient, "clean"),
        (ALL, Restart::Temporary, "crash"),
    ] {
        let lab = Lab::new();
        let spec = keyed(&lab, restart).auto_shutdown(mode);
        let (root, fleet) = frail_fleet(&lab, spec).await;
        add(&fleet, "a").await;
        let other = add(&fleet, "b").await;
        lab.log();
        let end = |id: &str| match how {
            "clean" => lab.exit(id, ExitReason::Normal),
            _ => lab.crash(id),
        };
        end("a");
        let first = ended(&fleet).await;
        assert_eq!(first, mode == ANY, "{mode:?} {restart:?} {how}");
        if mode == ALL {
            end("b");
            assert!(ended(&fleet).await, "{restart:?} {how}: it was the last");
        } else {
            assert!(dead(&other) && lab.log().contains(&"exit b: shutdown".to_owned()));
        }
        assert!(root.count_children().await.is_ok(), "its own supervisor goes on");
        root.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn sup_a07_a_restart_or_a_termination_does_not_end_a_dynamic_supervisor() {
    for mode in [ANY, ALL] {
        let lab = Lab::new();
        let spec = keyed(&lab, Restart::Transient).auto_shutdown(mode);
        let (root, fleet) = frail_fleet(&lab, spec).await;
        add(&fleet, "a").await;
        lab.crash("a");
        assert!(!ended(&fleet).await, "{mode:?}: it is restarted");
        assert_eq!(lab.starts("a"), 2);
        fleet.terminate_key("a").await.expect("it stops");
        assert!(!ended(&fleet).await, "{mode:?}: somebody asked for its end (A05)");
        root.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn sup_a07_permanent_children_are_not_significant() {
    let lab = Lab::new();
    let (child, _) = ChildSpec::dynamic("fleet", template(&lab).auto_shutdown(ANY));
    let spec = patient(Strategy::OneForOne).child(child);
    let error = planaria_supervisor::start("root", spec, lab.options()).await;
    let StartError::Child { cause, .. } = error.expect_err("it does not start") else {
        panic!("another error");
    };
    assert!(matches!(*cause, StartError::Invalid(_)), "{cause}");
}

/// Both have ended before either is judged: while a slow start is under way.
async fn together(lab: &Lab, restart: Restart, crash: &str) -> SupervisorRef {
    lab.script("slow", |_| Act::Late(secs(1)));
    let root = family(lab, Strategy::OneForOne, ALL, restart).await;
    let (other, slow) = (root.clone(), lab.child("slow"));
    let start = tokio::spawn(async move { other.start_child(slow).await.is_ok() });
    idle().await;
    for id in ["a", "b"] {
        if id == crash { lab.crash(id) } else { lab.exit(id, ExitReason::Normal) }
    }
    assert!(start.await.expect("it returns"));
    root
}

#[tokio::test(start_paused = true)]
async fn sup_a03_one_that_waits_to_be_judged_is_not_the_end_of_all() {
    let lab = Lab::new();
    let root = together(&lab, Restart::Transient, "b").await;
    assert!(alive(&root).await, "b is restarted: it was not the last");
    assert_eq!((lab.starts("a"), lab.starts("b")), (1, 2));
    root.stop().await;
}

#[tokio::test(start_paused = true)]
async fn sup_a03_the_last_of_those_that_wait_to_be_judged_is_the_end() {
    let lab = Lab::new();
    let root = together(&lab, Restart::Transient, "nobody").await;
    assert!(!alive(&root).await);
    assert_eq!(soon(root.exit()).await, ExitReason::Shutdown);
}
