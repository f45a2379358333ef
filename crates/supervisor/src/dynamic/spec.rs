//! How a dynamic supervisor is declared.

use std::sync::Arc;
use std::time::Duration;

use crate::backoff::Backoff;
use crate::budget::Intensity;
use crate::child::{Kind, Restart, Shutdown};
use crate::context::Context;
use crate::error::StartError;
use crate::exit::ExitReason;
use crate::launch::{BoxFuture, StartResult};
use crate::limits;
use crate::spec::{AutoShutdown, check_intensity};

type StartFn<A> = dyn Fn(Context, A) -> BoxFuture<'static, StartResult> + Send + Sync;
type OnExit<A> = dyn Fn(&A, &ExitReason) + Send + Sync;
type KeyOf<A> = dyn Fn(&A) -> String + Send + Sync;

/// The template of a dynamic supervisor's children, and its own budget.
pub struct DynamicSpec<A> {
    pub(crate) template: Arc<StartFn<A>>,
    pub(crate) kind: Kind,
    pub(crate) restart: Restart,
    pub(crate) shutdown: Shutdown,
    pub(crate) start_timeout: Option<Duration>,
    pub(crate) intensity: Intensity,
    pub(crate) backoff: Option<Backoff>,
    pub(crate) auto_shutdown: AutoShutdown,
    pub(crate) key: Option<Box<KeyOf<A>>>,
    pub(crate) on_exit: Option<Box<OnExit<A>>>,
}

impl<A> DynamicSpec<A> {
    /// Permanent workers, started by this function with what is passed to
    /// [`crate::DynamicRef::start_child`].
    pub fn new(
        template: impl Fn(Context, A) -> BoxFuture<'static, StartResult> + Send + Sync + 'static,
    ) -> Self {
        Self {
            template: Arc::new(template),
            kind: Kind::Worker,
            restart: Restart::default(),
            shutdown: Shutdown::Timeout(limits::SHUTDOWN),
            start_timeout: Some(limits::START),
            intensity: Intensity::default(),
            backoff: None,
            auto_shutdown: AutoShutdown::default(),
            key: None,
            on_exit: None,
        }
    }

    /// The children are supervisors: they are waited for as long as it takes.
    #[must_use]
    pub fn supervisors(mut self) -> Self {
        self.kind = Kind::Supervisor;
        self.shutdown = Shutdown::Infinity;
        self.start_timeout = None;
        self
    }

    /// When a child is restarted.
    #[must_use]
    pub fn restart(mut self, restart: Restart) -> Self {
        self.restart = restart;
        self
    }

    /// How a child is stopped.
    #[must_use]
    pub fn shutdown(mut self, shutdown: Shutdown) -> Self {
        self.shutdown = shutdown;
        self
    }

    /// How long its start function may take.
    #[must_use]
    pub fn start_timeout(mut self, limit: Duration) -> Self {
        self.start_timeout = Some(limit);
        self
    }

    /// How many restarts are allowed, all children together.
    #[must_use]
    pub fn intensity(mut self, intensity: Intensity) -> Self {
        self.intensity = intensity;
        self
    }

    /// Waits before restarts.
    #[must_use]
    pub fn backoff(mut self, backoff: Backoff) -> Self {
        self.backoff = Some(backoff);
        self
    }

    /// Makes the children significant: the supervisor ends when one of them, or the last, has ended
    /// by itself. Not for permanent children, which never do.
    #[must_use]
    pub fn auto_shutdown(mut self, mode: AutoShutdown) -> Self {
        self.auto_shutdown = mode;
        self
    }

    /// Names a child by its argument: of one name, at most one lives.
    #[must_use]
    pub fn key(mut self, key: impl Fn(&A) -> String + Send + Sync + 'static) -> Self {
        self.key = Some(Box::new(key));
        self
    }

    /// Is told, in passing, of every child that has ended for good. A panic in it is caught. Not
    /// told of children that never ran, nor of those that die because their supervisor was killed.
    #[must_use]
    pub fn on_exit(mut self, on_exit: impl Fn(&A, &ExitReason) + Send + Sync + 'static) -> Self {
        self.on_exit = Some(Box::new(on_exit));
        self
    }

    pub(crate) fn check(&self) -> Result<(), StartError> {
        check_intensity(self.intensity)?;
        if self.restart == Restart::Permanent && self.auto_shutdown != AutoShutdown::Never {
            return Err(StartError::Invalid(
                "the children are permanent, and never end by themselves: a supervisor that is to \
                 end with them needs transient or temporary ones"
                    .to_owned(),
            ));
        }
        Ok(())
    }

    pub(crate) fn template(&self) -> Template {
        Template {
            kind: self.kind,
            restart: self.restart,
            shutdown: self.shutdown,
            start_timeout: self.start_timeout,
            auto_shutdown: self.auto_shutdown,
        }
    }
}

/// How the children of a dynamic supervisor are declared, apart from the function that starts them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Template {
    /// Workers or supervisors.
    pub kind: Kind,
    /// When a child is restarted.
    pub restart: Restart,
    /// How a child is stopped.
    pub shutdown: Shutdown,
    /// How long its start function may take; without a limit for supervisors.
    pub start_timeout: Option<Duration>,
    /// Whether the end of children is the supervisor's own.
    pub auto_shutdown: AutoShutdown,
}
