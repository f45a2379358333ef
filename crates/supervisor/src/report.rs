//! What a supervisor reports, as OTP's progress and supervisor reports do.

use std::fmt;
use std::sync::Arc;

use crate::exit::ExitReason;

/// Where reports go. Called by supervisors in passing: it must not block.
pub type Reports = Arc<dyn Fn(&Report) + Send + Sync>;

/// One report.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// Path of the supervisor.
    pub supervisor: String,
    /// What it is about.
    pub context: ReportContext,
    /// Why; absent for a child that was started.
    pub reason: Option<ExitReason>,
    /// Id of the child.
    pub child: String,
}

/// What a report is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ReportContext {
    /// A child was started.
    Started,
    /// A child ended by itself.
    ChildTerminated,
    /// A child could not be started.
    StartError,
    /// A child that was to stop ended in another way than asked.
    ShutdownError,
    /// The restart budget is spent.
    GaveUp,
    /// A child that was killed does not die. Its supervisor goes on without it.
    Zombie,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { supervisor, context, reason, child } = self;
        write!(f, "Supervisor: {supervisor}. Context: {context:?}. ")?;
        if let Some(reason) = reason {
            write!(f, "Reason: {reason}. ")?;
        }
        write!(f, "Child: {child}.")
    }
}
