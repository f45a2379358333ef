//! Everything that runs for one incarnation of a child, beside its actor.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use ractor::ActorCell;
use tokio::task::AbortHandle;
use tokio_util::task::TaskTracker;

use crate::exit::{ExitReason, panic_text};
use crate::signal::Signal;

/// The tasks of one incarnation of a child. They end with it, and it counts as dead only when they
/// have ended. Cheap to clone.
#[derive(Clone, Default)]
pub struct Scope(Arc<Inner>);

#[derive(Default)]
struct Inner {
    tasks: TaskTracker,
    /// The actor is dead: tasks end.
    ended: Signal,
    /// The actor is to be killed.
    doomed: Signal,
    /// Either of the two: who is below it is to be killed.
    closing: Signal,
    /// It is dead with everything below it, or has been given up as a zombie.
    gone: Signal,
    zombie: AtomicBool,
    /// Something below it was given up, and it could not say so any more.
    haunted: AtomicBool,
    exit: Mutex<Option<ExitReason>>,
    cell: Mutex<Option<ActorCell>>,
}

impl Scope {
    /// Runs a task beside the actor. It is dropped when the actor dies; a panic in it kills the
    /// actor, whose exit reason it becomes.
    pub fn spawn<F>(&self, future: F) -> AbortHandle
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let scope = self.clone();
        let task = self.0.tasks.spawn(async move {
            let run = AssertUnwindSafe(future).catch_unwind();
            tokio::select! { biased;
                () = scope.0.ended.told() => {}
                result = run => if let Err(panic) = result {
                    scope.set_exit(ExitReason::Panicked(panic_text(panic.as_ref())));
                    scope.kill();
                }
            }
        });
        task.abort_handle()
    }

    /// Runs a task that sees to its own end.
    pub(crate) fn attend<F>(&self, future: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.0.tasks.spawn(future);
    }

    /// This is the actor that it is the scope of. One that was taken for it before is handed back.
    pub(crate) fn adopt(&self, cell: &ActorCell) -> Option<ActorCell> {
        let before = lock(&self.0.cell).replace(cell.clone());
        before.filter(|before| before.get_id() != cell.get_id())
    }

    /// The same, unless it has one.
    pub(crate) fn claim(&self, cell: &ActorCell) -> bool {
        let mut own = lock(&self.0.cell);
        let free = own.is_none();
        own.get_or_insert_with(|| cell.clone());
        free
    }

    /// The actor, once it is known.
    pub(crate) fn cell(&self) -> Option<ActorCell> {
        lock(&self.0.cell).clone()
    }

    /// Kills the actor, and everything below it.
    pub(crate) fn kill(&self) {
        self.0.doomed.tell();
        self.0.closing.tell();
        if let Some(cell) = self.cell() {
            cell.kill();
        }
    }

    pub(crate) async fn doomed(&self) {
        self.0.doomed.told().await;
    }

    pub(crate) fn is_doomed(&self) -> bool {
        self.0.doomed.is_told()
    }

    /// The actor is dead: its tasks may go.
    pub(crate) fn end(&self) {
        self.0.ended.tell();
        self.0.closing.tell();
        self.0.tasks.close();
    }

    pub(crate) async fn ended(&self) {
        self.0.ended.told().await;
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.0.ended.is_told()
    }

    /// Until it is dead or is to be killed.
    pub(crate) async fn closing(&self) {
        self.0.closing.told().await;
    }

    /// A child of it was given up as a zombie. One that lives reports it; of one that does not,
    /// whoever is above must know.
    pub(crate) fn left_behind(&self) {
        if self.0.closing.is_told() {
            self.0.haunted.store(true, Ordering::SeqCst);
        }
    }

    pub(crate) fn is_haunted(&self) -> bool {
        self.0.haunted.load(Ordering::SeqCst)
    }

    /// Nothing is left of it, unless it left a zombie.
    pub(crate) fn go(&self, zombie: bool) {
        self.0.zombie.store(zombie, Ordering::SeqCst);
        self.0.gone.tell();
    }

    pub(crate) async fn gone(&self) {
        self.0.gone.told().await;
    }

    pub(crate) fn is_gone(&self) -> bool {
        self.0.gone.is_told()
    }

    /// Whether it was given up instead of found dead.
    pub(crate) fn is_zombie(&self) -> bool {
        self.0.zombie.load(Ordering::SeqCst)
    }

    /// Kills and ends what is not or not any more to be a child, and waits until it is dead, though
    /// not for ever.
    pub(crate) async fn discard(&self, zombie_after: Duration) {
        self.kill();
        if let Some(cell) = self.cell() {
            let _ = cell.wait(Some(zombie_after)).await;
        }
        self.end();
        self.emptied(zombie_after).await;
    }

    /// Waits until every task has ended.
    pub(crate) async fn empty(&self) {
        self.0.tasks.wait().await;
    }

    /// The same, though not for ever: whether it happened in time.
    pub(crate) async fn emptied(&self, limit: Duration) -> bool {
        // Most have no tasks, and need no timer.
        if self.0.tasks.is_empty() {
            return true;
        }
        Box::pin(tokio::time::timeout(limit, self.empty())).await.is_ok()
    }

    /// Says why the actor ends; the first word counts.
    pub(crate) fn set_exit(&self, reason: ExitReason) {
        lock(&self.0.exit).get_or_insert(reason);
    }

    pub(crate) fn exit(&self) -> Option<ExitReason> {
        lock(&self.0.exit).clone()
    }
}

impl std::fmt::Debug for Scope {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Scope({} tasks)", self.0.tasks.len())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
