//! Starting a child, beside its supervisor's mailbox.

use std::any::Any;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use ractor::ActorCell;
use tokio_util::sync::CancellationToken;

use crate::context::Context;
use crate::error::StartError;
use crate::exit::panic_text;
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
    /// An actor runs, linked to [`Context::supervisor`].
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

/// A start that has succeeded, on its way to its supervisor. If that dies first, what was started
/// dies too, and is waited for.
pub(crate) struct Arrival {
    result: Option<StartResult>,
    scope: Scope,
    own: Scope,
    zombie_after: Duration,
}

impl Arrival {
    /// The scope of what was started.
    pub fn scope(&self) -> Scope {
        self.scope.clone()
    }

    pub fn take(mut self) -> StartResult {
        self.result.take().expect("taken once")
    }
}

impl Drop for Arrival {
    fn drop(&mut self) {
        if let Some(Ok(Started::Running { .. })) = self.result.take() {
            // An arrival is dropped with its supervisor's mailbox, whose subtree waits for this.
            let (scope, zombie_after) = (self.scope.clone(), self.zombie_after);
            self.own.attend(async move { scope.discard(zombie_after).await });
        }
    }
}

/// A start under way. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Launch {
    scope: Scope,
    /// Told when the start function has returned, or was given up and has left nothing.
    settled: CancellationToken,
}

impl Launch {
    /// Does not wait for the start function any longer: it is dropped, and its arrival is a
    /// failure.
    pub fn cancel(&self) {
        self.scope.kill();
    }

    /// The same, and returns when nothing is left of it.
    pub async fn give_up(&self, zombie_after: Duration) {
        self.cancel();
        // Synchronous code in a start function cannot be stopped either.
        let _ = tokio::time::timeout(zombie_after, self.settled.cancelled()).await;
        self.scope.discard(zombie_after).await;
    }
}

/// Runs a start function as a task of the supervisor's scope; a panic in it is a failed start. What
/// a start that fails has left behind is dead before the supervisor hears of it.
pub(crate) fn launch(
    own: &Scope,
    context: Context,
    timeout: Option<Duration>,
    start: impl FnOnce(Context) -> BoxFuture<'static, StartResult> + Send + 'static,
    done: impl FnOnce(Arrival) + Send + 'static,
) -> Launch {
    let (scope, supervisor) = (context.scope.clone(), own.clone());
    let zombie_after = context.tree.options.zombie_after;
    let launch = Launch { scope: scope.clone(), settled: CancellationToken::new() };
    let settled = launch.settled.clone();
    own.attend(async move {
        // Also what is dropped unfinished may panic.
        let result = AssertUnwindSafe(run(&supervisor, context, timeout, start)).catch_unwind();
        let result = result
            .await
            .unwrap_or_else(|panic| Err(StartError::Failed(panic_text(panic.as_ref()))));
        match &result {
            Ok(Started::Running { cell, .. }) => scope.set_cell(cell.clone()),
            _ => scope.discard(zombie_after).await,
        }
        done(Arrival { result: Some(result), scope, own: supervisor, zombie_after });
        settled.cancel();
    });
    launch
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
        () = supervisor.ended() => Err(StartError::SupervisorGone),
        () = supervisor.doomed() => Err(StartError::SupervisorGone),
        () = scope.doomed() => {
            let why = scope.exit().map(|reason| reason.to_string());
            Err(StartError::Failed(why.unwrap_or_else(|| "its start was given up".to_owned())))
        }
        result = limited => result,
    }
}
