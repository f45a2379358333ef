//! A laboratory: children that do what they are told, and what was seen of them.
//!
//! Waits here are virtual: the tests run under paused time (`start_paused`).

mod fleet;
mod lab;
mod parts;

pub use fleet::{add, add_many, fleet, frail_fleet, keyed, template};
pub use lab::{Act, Lab, Said};
pub use parts::{Do, Manners};

use std::time::Duration;

use planaria_supervisor::{
    Count, Error, Handle, Intensity, Options, Spec, Status, Strategy, SupervisorRef,
};
use ractor::{ActorCell, ActorId};

/// Enough restarts for whatever a test does, in no time worth mentioning.
pub const PLENTY: Intensity = Intensity { max_restarts: 1_000_000, within: Duration::from_secs(1) };

pub fn intensity(max_restarts: u32, seconds: u64) -> Intensity {
    Intensity { max_restarts, within: Duration::from_secs(seconds) }
}

pub fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

pub fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// A supervisor that may restart as often as it likes.
pub fn patient(strategy: Strategy) -> Spec {
    Spec::new(strategy).intensity(PLENTY)
}

pub async fn root(lab: &Lab, spec: Spec) -> SupervisorRef {
    planaria_supervisor::start("root", spec, lab.options()).await.expect("it starts")
}

/// Until every task waits. Two milliseconds of virtual time pass: timers are
/// kept in whole ones.
pub async fn idle() {
    tokio::time::sleep(millis(2)).await;
}

/// Ends unless it has within an hour of virtual time: for waits that must not be for ever.
pub async fn soon<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(secs(3_600), what).await.expect("it must not hang")
}

/// Ids with where they stand, as `which_children` lists them.
pub async fn children(supervisor: &SupervisorRef) -> Vec<(String, Status)> {
    let children = supervisor.which_children().await.expect("it answers");
    children.into_iter().map(|c| (c.id.unwrap_or_default(), c.status)).collect()
}

pub async fn status(supervisor: &SupervisorRef, id: &str) -> Status {
    supervisor.which_child(id).await.expect("it is known").status
}

/// Specs, active, supervisors, workers.
pub fn numbers(count: Count) -> (usize, usize, usize, usize) {
    (count.specs, count.active, count.supervisors, count.workers)
}

pub async fn counts(supervisor: &SupervisorRef) -> (usize, usize, usize, usize) {
    numbers(supervisor.count_children().await.expect("it answers"))
}

/// What a refused start says.
pub fn refused(result: Result<Handle, Error>) -> Error {
    result.err().expect("it is refused")
}

/// The virtual clock.
#[allow(clippy::disallowed_methods, reason = "a test's own clock")]
pub fn now() -> tokio::time::Instant {
    tokio::time::Instant::now()
}

pub fn dead(cell: &ActorCell) -> bool {
    cell.get_status() == ractor::ActorStatus::Stopped
}

pub fn pid(handle: Result<Handle, Error>) -> ActorId {
    handle.expect("it starts").cell.expect("it runs").get_id()
}

/// Options with a short patience with the dead.
pub fn impatient(lab: &Lab) -> Options {
    lab.options().zombie_after(millis(100))
}
