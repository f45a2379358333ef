//! How a dynamic supervisor is declared.

use std::sync::Arc;
use std::time::Duration;

use crate::backoff::Backoff;
use crate::budget::Intensity;
use crate::child::{Kind, Restart, Shutdown};
use crate::context::Context;
use crate::exit::ExitReason;
use crate::launch::{BoxFuture, StartResult};
use crate::limits;

type Template<A> = dyn Fn(Context, A) -> BoxFuture<'static, StartResult> + Send + Sync;
type OnExit<A> = dyn Fn(&A, &ExitReason) + Send + Sync;
type KeyOf<A> = dyn Fn(&A) -> String + Send + Sync;

/// The template of a dynamic supervisor's children, and its own budget.
pub struct DynamicSpec<A> {
    pub(crate) template: Arc<Template<A>>,
    pub(crate) kind: Kind,
    pub(crate) restart: Restart,
    pub(crate) shutdown: Shutdown,
    pub(crate) start_timeout: Option<Duration>,
    pub(crate) intensity: Intensity,
    pub(crate) backoff: Option<Backoff>,
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
}
