//! What a child knows of its place in the tree.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use ractor::ActorCell;
use tokio::time::Instant;

use crate::exit::ExitReason;
use crate::limits;
use crate::node::NodeCell;
use crate::report::{Report, ReportContext, Reports};
use crate::scope::Scope;

/// Options of a whole tree.
#[derive(Clone)]
#[non_exhaustive]
pub struct Options {
    /// Where reports go; nowhere by default.
    pub reports: Option<Reports>,
    /// How long a killed child may take to die before its supervisor goes on without it.
    /// Synchronous code cannot be stopped; whoever writes to the outside must be fenced by its
    /// incarnation.
    pub zombie_after: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self { reports: None, zombie_after: limits::ZOMBIE_AFTER }
    }
}

impl Options {
    /// Sends reports there.
    #[must_use]
    pub fn reports(mut self, reports: impl Fn(&Report) + Send + Sync + 'static) -> Self {
        self.reports = Some(Arc::new(reports));
        self
    }

    /// Goes on without a killed child after this time.
    #[must_use]
    pub fn zombie_after(mut self, wait: Duration) -> Self {
        self.zombie_after = wait;
        self
    }
}

/// The one clock of supervision: tokio's, which tests can pause.
#[allow(clippy::disallowed_methods, reason = "restart windows are this crate's business")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// What all parts of one tree share.
pub(crate) struct Tree {
    pub options: Options,
    pub started: Instant,
}

impl Tree {
    pub fn new(options: Options) -> Arc<Self> {
        Arc::new(Self { options, started: now() })
    }
}

/// The place of one incarnation of a child. Cheap to clone.
#[derive(Clone)]
pub struct Context {
    pub(crate) incarnation: u64,
    pub(crate) scope: Scope,
    /// None for a root.
    pub(crate) supervisor: Option<ActorCell>,
    pub(crate) node: Arc<NodeCell>,
    pub(crate) tree: Arc<Tree>,
}

impl Context {
    /// Ids from the root down, joined by `/`.
    pub fn path(&self) -> &str {
        self.node.path()
    }

    /// Which run of this child it is, from 1.
    pub fn incarnation(&self) -> u64 {
        self.incarnation
    }

    /// Where its tasks run.
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    /// The supervisor to link to, for actors that are not workers; a child that is not linked is
    /// found dead all the same, but its exit reason is not known.
    pub fn supervisor(&self) -> Option<ActorCell> {
        self.supervisor.clone()
    }

    pub(crate) fn elapsed(&self) -> Duration {
        now() - self.tree.started
    }

    /// Reports about a child of the supervisor that this is the context of.
    pub(crate) fn report(
        &self,
        context: ReportContext,
        child: &dyn fmt::Display,
        reason: Option<&ExitReason>,
    ) {
        if let Some(reports) = &self.tree.options.reports {
            let (supervisor, child) = (self.path().to_owned(), child.to_string());
            let report = Report { supervisor, context, reason: reason.cloned(), child };
            // A listener's bug is not the supervisor's.
            let _ = catch_unwind(AssertUnwindSafe(|| reports(&report)));
        }
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Context({} #{})", self.path(), self.incarnation)
    }
}
