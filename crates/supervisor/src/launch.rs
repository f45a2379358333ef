//! One incarnation of a child, beside its supervisor's mailbox: from its start to its end.

use std::any::Any;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use ractor::ActorCell;

use crate::context::Context;
use crate::error::StartError;
use crate::exit::panic_text;
use crate::living::watch;
use crate::scope::Scope;
use crate::supervisor::SupervisorRef;

/// A boxed future, as start functions return it.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;
/// What a start function may say beside the actor; passed on unchanged.
pub type Info = Arc<dyn Any + Send + Sync>;
/// What a start function returns.
pub type StartResult = Result<Started, StartError>;

/// What a start function achieved.
#[derive(Clone)]
#[non_exhaustive]
pub enum Started {
    /// An actor runs. One that is not a [`Worker`](crate::Worker) should be linked to
    /// [`Context::supervisor`], so that its exit reason is known.
    Running {
        /// The actor.
        cell: ActorCell,
        /// Passed on to whoever asked for the start.
        info: Option<Info>,
        /// Of a child supervisor, the way to it.
        supervisor: Option<SupervisorRef>,
    },
    /// There is nothing to run. Not an error.
    Ignore,
}

impl Started {
    /// An actor runs.
    pub fn running(cell: ActorCell) -> Self {
        Self::Running { cell, info: None, supervisor: None }
    }

    /// An actor runs, and this is to be passed on.
    pub fn with_info(cell: ActorCell, info: Info) -> Self {
        Self::Running { cell, info: Some(info), supervisor: None }
    }
}

/// What a supervisor is told of an incarnation: each once, in this order; no end where there was no
/// start.
pub(crate) enum Notice {
    /// Its start function has returned, or was given up. What a start that failed has left behind
    /// is dead.
    Arrived(StartResult),
    /// It is dead with everything below it, unless it left a zombie.
    Gone { zombie: bool },
}

/// Runs an incarnation as a task of the supervisor's scope: starts it (a panic is a failed start)
/// and sees to its end, also when the supervisor dies first.
pub(crate) fn launch(
    own: &Scope,
    context: Context,
    timeout: Option<Duration>,
    start: impl FnOnce(Context) -> BoxFuture<'static, StartResult> + Send + 'static,
    tell: impl Fn(Notice) + Send + 'static,
) -> Scope {
    let (scope, supervisor) = (context.scope.clone(), own.clone());
    let launched = scope.clone();
    let zombie_after = context.tree.options.zombie_after;
    own.attend(async move {
        let parent = context.supervisor.clone();
        // Also what is dropped unfinished may panic. Boxed, as everything here that is short or
        // rare: what is left is what a child costs for as long as it lives.
        let run = Box::pin(run(&supervisor, context, timeout, start));
        let result = AssertUnwindSafe(run)
            .catch_unwind()
            .await
            .unwrap_or_else(|panic| Err(StartError::Failed(panic_text(panic.as_ref()))));
        let Ok(Started::Running { cell, .. }) = &result else {
            Box::pin(scope.discard(zombie_after)).await;
            scope.go(false);
            return tell(Notice::Arrived(result));
        };
        let cell = cell.clone();
        if let (Some(other), Some(parent)) = (scope.adopt(&cell), parent) {
            entrust(&other, parent);
        }
        tell(Notice::Arrived(result));
        let zombie = watch(&cell, &scope, &supervisor, zombie_after).await;
        if zombie {
            supervisor.left_behind();
        }
        scope.go(zombie);
        tell(Notice::Gone { zombie });
    });
    launched
}

/// A worker that is not the child that it was started for lives and dies with the supervisor.
fn entrust(worker: &ActorCell, supervisor: ActorCell) {
    worker.link(supervisor);
    if worker.try_get_supervisor().is_none() {
        worker.kill();
    }
}

/// Does not wait for a start any longer; returns when nothing is left of it.
pub(crate) async fn give_up(scope: &Scope, zombie_after: Duration) {
    scope.kill();
    // Synchronous code in a start function cannot be stopped either.
    if tokio::time::timeout(zombie_after, scope.gone()).await.is_err() {
        scope.discard(zombie_after).await;
    }
}

async fn run(
    supervisor: &Scope,
    context: Context,
    timeout: Option<Duration>,
    start: impl FnOnce(Context) -> BoxFuture<'static, StartResult> + Send + 'static,
) -> StartResult {
    let scope = context.scope.clone();
    let limited = async move {
        let run = async move { start(context).await };
        match timeout {
            Some(limit) => {
                tokio::time::timeout(limit, run).await.unwrap_or(Err(StartError::Timeout(limit)))
            }
            None => run.await,
        }
    };
    tokio::select! { biased;
        () = supervisor.closing() => Err(StartError::SupervisorGone),
        () = scope.doomed() => {
            let why = scope.exit().map(|reason| reason.to_string());
            Err(StartError::Failed(why.unwrap_or_else(|| "its start was given up".to_owned())))
        }
        result = limited => result,
    }
}
