//! How a child is declared.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::context::Context;
use crate::dynamic::{DynamicRef, DynamicSpec};
use crate::launch::{BoxFuture, StartResult};
use crate::limits;
use crate::spec::Spec;
use crate::supervisor::start_nested;

/// When a child that has ended is restarted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Restart {
    /// Always.
    #[default]
    Permanent,
    /// After an abnormal exit.
    Transient,
    /// Never; its declaration goes with it.
    Temporary,
}

/// How a child is stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shutdown {
    /// It is killed.
    BrutalKill,
    /// It is asked, and killed after this time.
    Timeout(Duration),
    /// It is asked, and waited for. Right for supervisors.
    Infinity,
}

/// What a child is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It does work.
    Worker,
    /// It supervises.
    Supervisor,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Worker => "worker",
            Self::Supervisor => "supervisor",
        })
    }
}

pub(crate) type StartFn = dyn Fn(Context) -> BoxFuture<'static, StartResult> + Send + Sync;

/// The declaration of a child.
#[derive(Clone)]
pub struct ChildSpec {
    pub(crate) id: String,
    pub(crate) start: Arc<StartFn>,
    pub(crate) kind: Kind,
    pub(crate) restart: Restart,
    pub(crate) shutdown: Shutdown,
    pub(crate) significant: bool,
    pub(crate) start_timeout: Option<Duration>,
}

impl ChildSpec {
    /// A permanent worker, stopped within 5 s, started within 5 s.
    pub fn worker(
        id: impl Into<String>,
        start: impl Fn(Context) -> BoxFuture<'static, StartResult> + Send + Sync + 'static,
    ) -> Self {
        Self {
            id: id.into(),
            start: Arc::new(start),
            kind: Kind::Worker,
            restart: Restart::default(),
            shutdown: Shutdown::Timeout(limits::SHUTDOWN),
            significant: false,
            start_timeout: Some(limits::START),
        }
    }

    /// A permanent supervisor, which may take as long as its children do.
    pub fn supervisor(
        id: impl Into<String>,
        spec: impl Fn() -> Spec + Send + Sync + 'static,
    ) -> Self {
        Self::worker(id, move |context| Box::pin(start_nested(context, spec()))).supervising()
    }

    /// A permanent supervisor of children that are all alike, and the way to it, which leads to
    /// whichever incarnation runs.
    pub fn dynamic<A: Clone + Send + Sync + 'static>(
        id: impl Into<String>,
        spec: DynamicSpec<A>,
    ) -> (Self, DynamicRef<A>) {
        let reference = DynamicRef::new();
        let (spec, place) = (Arc::new(spec), reference.clone());
        let child = Self::worker(id, move |context| {
            Box::pin(crate::dynamic::start(context, spec.clone(), place.clone()))
        });
        (child.supervising(), reference)
    }

    /// Says that the actor is a supervisor: it is waited for as long as it takes.
    #[must_use]
    pub fn supervising(mut self) -> Self {
        self.kind = Kind::Supervisor;
        self.shutdown = Shutdown::Infinity;
        self.start_timeout = None;
        self
    }

    /// When it is restarted.
    #[must_use]
    pub fn restart(mut self, restart: Restart) -> Self {
        self.restart = restart;
        self
    }

    /// How it is stopped.
    #[must_use]
    pub fn shutdown(mut self, shutdown: Shutdown) -> Self {
        self.shutdown = shutdown;
        self
    }

    /// Its own end may end the supervisor, see [`crate::AutoShutdown`].
    #[must_use]
    pub fn significant(mut self) -> Self {
        self.significant = true;
        self
    }

    /// How long its start function may take.
    #[must_use]
    pub fn start_timeout(mut self, limit: Duration) -> Self {
        self.start_timeout = Some(limit);
        self
    }

    /// Its id.
    pub fn id(&self) -> &str {
        &self.id
    }
}

impl fmt::Debug for ChildSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChildSpec")
            .field("id", &self.id)
            .field("kind", &self.kind)
            .field("restart", &self.restart)
            .field("shutdown", &self.shutdown)
            .field("significant", &self.significant)
            .field("start_timeout", &self.start_timeout)
            .finish_non_exhaustive()
    }
}
