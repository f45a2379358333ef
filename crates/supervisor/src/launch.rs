//! Starting a child, beside its supervisor's mailbox.

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
        if let Some(Ok(Started::Running { cell, .. })) = self.result.take() {
            self.scope.set_cell(cell.clone());
            self.scope.kill();
            let scope = self.scope.clone();
            self.own.attend(async move {
                // An arrival is dropped with its supervisor's mailbox, whose subtree waits for
                // this.
                let _ = cell.wait(None).await;
                scope.end();
                scope.empty().await;
            });
        }
    }
}

/// Runs a start function as a task of the supervisor's scope; a panic in it is a failed start.
pub(crate) fn launch(
    own: &Scope,
    context: Context,
    timeout: Option<Duration>,
    start: impl FnOnce(Context) -> BoxFuture<'static, StartResult> + Send + 'static,
    done: impl FnOnce(Arrival) + Send + 'static,
) {
    let scope = context.scope.clone();
    let supervisor = own.clone();
    own.spawn(async move {
        let run = AssertUnwindSafe(async move { start(context).await }).catch_unwind();
        let result = match timeout {
            Some(limit) => match tokio::time::timeout(limit, run).await {
                Ok(result) => result,
                Err(_) => Ok(Err(StartError::Timeout(limit))),
            },
            None => run.await,
        };
        let result =
            result.unwrap_or_else(|panic| Err(StartError::Failed(panic_text(panic.as_ref()))));
        match &result {
            Ok(Started::Running { cell, .. }) => scope.set_cell(cell.clone()),
            _ => scope.end(),
        }
        done(Arrival { result: Some(result), scope, own: supervisor });
    });
}
