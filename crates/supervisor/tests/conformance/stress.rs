//! Whatever happens in whatever order, nothing hangs, overlaps or is left behind.

use planaria_supervisor::{
    AutoShutdown, Backoff, ChildSpec, DynamicRef, ExitReason, Restart, Shutdown, Spec, Status,
    Strategy, SupervisorRef,
};
use tokio::task::JoinSet;

use crate::support::*;

/// Numbers of a seed.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963);
        (self.0 >> 33) % limit
    }

    fn of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len() as u64) as usize]
    }
}

const IDS: [&str; 9] = ["r0", "r1", "r2", "n0", "n1", "n2", "f0", "f1", "f2"];

/// What a start does, by the number of the start only.
fn script(lab: &Lab, id: &str, seed: u64) {
    lab.script(id, move |n| match Random(seed.wrapping_mul(31) ^ u64::from(n)).below(12) {
        0 => Act::Late(millis(30)),
        1 if n > 1 => Act::Fail,
        2 if n > 1 => Act::Hang,
        3 if n > 1 => Act::Panic,
        4 if n > 1 => Act::Ignore,
        5 => Act::Raw(Manners { stop_wait: millis(40), ..Manners::default() }),
        6 => Act::Raw(Manners { drop_panics: true, ..Manners::default() }),
        7 => Act::Raw(Manners { stop_wait: secs(100), ..Manners::default() }),
        _ => Act::Run,
    });
}

fn family(lab: &Lab, random: &mut Random, prefix: &str) -> Spec {
    let strategies = [Strategy::OneForOne, Strategy::OneForAll, Strategy::RestForOne];
    let mut spec = Spec::new(random.of(&strategies))
        .intensity(intensity(random.below(12) as u32, 1))
        .auto_shutdown(random.of(&[AutoShutdown::Never, AutoShutdown::AllSignificant]));
    if random.below(2) == 0 {
        let (from, to) = (millis(5), millis(50));
        let jitter = std::sync::Arc::new(|| u32::MAX / 2);
        spec = spec.backoff(Backoff { from, to, reset_after: secs(1), jitter });
    }
    (0..3).fold(spec, |spec, n| spec.child(child(lab, random, &format!("{prefix}{n}"))))
}

fn child(lab: &Lab, random: &mut Random, id: &str) -> ChildSpec {
    let kinds = [Restart::Permanent, Restart::Permanent, Restart::Transient, Restart::Temporary];
    let limits = [Shutdown::BrutalKill, Shutdown::Timeout(millis(20)), Shutdown::Timeout(secs(5))];
    let spec = lab.child(id).restart(random.of(&kinds)).shutdown(random.of(&limits));
    spec.start_timeout(millis(100))
}

/// A tree with a supervisor and a fleet below its root.
async fn grow(lab: &Lab, random: &mut Random) -> (SupervisorRef, DynamicRef<String>) {
    let inner = family(lab, random, "n");
    let nested = ChildSpec::supervisor("nested", move || inner.clone());
    let restart = random.of(&[Restart::Permanent, Restart::Transient, Restart::Temporary]);
    let limit = random.of(&[Shutdown::BrutalKill, Shutdown::Timeout(millis(20))]);
    let template = keyed(lab, restart).shutdown(limit).intensity(intensity(6, 1));
    let (fleet_child, fleet) = ChildSpec::dynamic("fleet", template.start_timeout(millis(100)));
    let spec = family(lab, random, "r").child(nested).child(fleet_child);
    (root(lab, spec).await, fleet)
}

async fn nested(root: &SupervisorRef) -> Option<SupervisorRef> {
    root.which_child("nested").await.ok()?.supervisor
}

/// Asks for something; the answer does not matter, that there is one does.
async fn ask(root: SupervisorRef, fleet: DynamicRef<String>, lab: Lab, mut random: Random) {
    let id = random.of(&IDS);
    if id.starts_with('f') {
        match random.below(3) {
            0 => drop(fleet.terminate_key(id).await),
            1 if lab.knows(id) => drop(fleet.terminate_child(&lab.cell(id)).await),
            _ => drop(fleet.start_child(id.to_owned()).await),
        }
        return;
    }
    let below = if id.starts_with('n') { nested(&root).await } else { Some(root) };
    let Some(supervisor) = below else { return };
    match random.below(5) {
        0 => drop(supervisor.terminate_child(id).await),
        1 => drop(supervisor.restart_child(id).await),
        2 => drop(supervisor.delete_child(id).await),
        3 => drop(supervisor.start_child(child(&lab, &mut random, id)).await),
        _ => drop(supervisor.which_children().await),
    }
}

async fn hurt(lab: &Lab, root: &SupervisorRef, random: &mut Random) {
    let id = random.of(&IDS);
    if !lab.knows(id) {
        return;
    }
    match random.below(9) {
        0 | 1 => lab.crash(id),
        2 => lab.cell(id).kill(),
        3 => lab.exit(id, ExitReason::Normal),
        4 => lab.tell(id, Do::Panic("panic".to_owned())),
        5 => lab.cell(id).stop(None),
        6 => lab.tell(id, Do::Task(Box::pin(async { panic!("task") }))),
        7 if random.below(4) == 0 => {
            if let Some(nested) = nested(root).await {
                nested.kill();
            }
        }
        _ => {}
    }
}

async fn run(seed: u64, bare_kills: bool) -> Vec<String> {
    // From one whole millisecond to another, in which timers are kept.
    idle().await;
    idle().await;
    let (lab, mut random) = (Lab::new(), Random(seed));
    let (root, fleet) = grow(&lab, &mut random).await;
    for (n, id) in IDS.iter().enumerate() {
        script(&lab, id, seed * 64 + n as u64);
    }
    let mut asked = JoinSet::new();
    for _ in 0..60 {
        if random.below(2) == 0 {
            let own = Random(random.below(1 << 30));
            asked.spawn(ask(root.clone(), fleet.clone(), lab.clone(), own));
        } else {
            hurt(&lab, &root, &mut random).await;
        }
        match random.below(3) {
            0 => tokio::task::yield_now().await,
            1 => tokio::time::sleep(millis(random.below(60))).await,
            _ => {}
        }
    }
    match random.below(3) {
        0 => root.kill(),
        1 if bare_kills => root.cell().kill(),
        _ => drop(soon(root.stop()).await),
    }
    soon(root.exit()).await;
    assert_eq!(lab.overlaps(), [""; 0], "seed {seed}");
    assert!(lab.cells().iter().all(dead), "seed {seed}: something is left");
    let nodes = root.snapshot();
    assert!(nodes.iter().all(|n| n.status == Status::Stopped), "seed {seed}: {nodes:?}");
    while let Some(answer) = soon(asked.join_next()).await {
        answer.unwrap_or_else(|error| panic!("seed {seed}: {error}"));
    }
    lab.log()
}

#[tokio::test(start_paused = true)]
async fn sup_e04_nothing_overlaps_hangs_or_is_left_whatever_happens() {
    for seed in 0..400 {
        run(seed, true).await;
    }
}

#[tokio::test(start_paused = true)]
async fn sup_e10_a_storm_of_a_seed_is_the_same_each_time() {
    for seed in 0..20 {
        // Whom ractor kills with a supervisor, it kills in an order of chance.
        assert_eq!(run(seed, false).await, run(seed, false).await, "seed {seed}");
    }
}

/// On threads, where a death and a request really cross.
#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn sup_e04_nothing_overlaps_on_threads() {
    let lab = Lab::new();
    let (root, fleet) = fleet(&lab, keyed(&lab, Restart::Permanent)).await;
    let mut users = JoinSet::new();
    for user in 0..6 {
        let (lab, fleet, root) = (lab.clone(), fleet.clone(), root.clone());
        users.spawn(async move {
            let mut random = Random(user);
            for _ in 0..300 {
                let id = random.of(&["f0", "f1", "f2"]);
                let own = format!("own{user}");
                match random.below(6) {
                    0 => drop(fleet.terminate_key(id).await),
                    1 if lab.knows(id) => lab.crash(id),
                    2 if lab.knows(id) => lab.cell(id).kill(),
                    3 => drop(root.start_child(lab.child(&own)).await),
                    4 => drop(root.terminate_child(&own).await),
                    5 if lab.knows(&own) => lab.crash(&own),
                    _ => drop(fleet.start_child(id.to_owned()).await),
                }
            }
        });
    }
    while let Some(user) = users.join_next().await {
        user.expect("it does not panic");
    }
    assert_eq!(root.stop().await, ExitReason::Shutdown);
    assert_eq!(lab.overlaps(), [""; 0]);
    assert!(lab.cells().iter().all(dead));
    assert!(root.snapshot().iter().all(|n| n.status == Status::Stopped));
}
