//! Everything that runs for one incarnation of a child, beside its actor.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use ractor::ActorCell;
use tokio::task::AbortHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::exit::{ExitReason, panic_text};

/// The tasks of one incarnation of a child. They end with it, and it counts as dead only when they
/// have ended. Cheap to clone.
#[derive(Clone, Default)]
pub struct Scope(Arc<Inner>);

#[derive(Default)]
struct Inner {
    tasks: TaskTracker,
    /// The actor is dead: tasks end.
    ended: CancellationToken,
    /// The actor is to be killed.
    doomed: CancellationToken,
    exit: Mutex<Option<ExitReason>>,
    cell: OnceLock<ActorCell>,
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
                () = scope.0.ended.cancelled() => {}
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

    pub(crate) fn set_cell(&self, cell: ActorCell) {
        // Set once, by whoever started the actor.
        let _ = self.0.cell.set(cell);
    }

    /// Kills the actor, and everything below it.
    pub(crate) fn kill(&self) {
        self.0.doomed.cancel();
        if let Some(cell) = self.0.cell.get() {
            cell.kill();
        }
    }

    pub(crate) async fn doomed(&self) {
        self.0.doomed.cancelled().await;
    }

    pub(crate) fn is_doomed(&self) -> bool {
        self.0.doomed.is_cancelled()
    }

    /// The actor is dead: its tasks may go.
    pub(crate) fn end(&self) {
        self.0.ended.cancel();
        self.0.tasks.close();
    }

    pub(crate) async fn ended(&self) {
        self.0.ended.cancelled().await;
    }

    /// The actor, once it is known.
    pub(crate) fn cell(&self) -> Option<&ActorCell> {
        self.0.cell.get()
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.0.ended.is_cancelled()
    }

    /// Kills and ends what is not or not any more to be a child, and waits until it is dead, though
    /// not for ever.
    pub(crate) async fn discard(&self, zombie_after: Duration) {
        self.kill();
        if let Some(cell) = self.cell() {
            let _ = cell.wait(Some(zombie_after)).await;
        }
        self.end();
        let _ = tokio::time::timeout(zombie_after, self.empty()).await;
    }

    /// Waits until every task has ended.
    pub(crate) async fn empty(&self) {
        self.0.tasks.wait().await;
    }

    /// Says why the actor ends; the first word counts.
    pub(crate) fn set_exit(&self, reason: ExitReason) {
        self.0.exit.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(reason);
    }

    pub(crate) fn exit(&self) -> Option<ExitReason> {
        self.0.exit.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl std::fmt::Debug for Scope {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Scope({} tasks)", self.0.tasks.len())
    }
}
