//! Why an actor ended.

use std::fmt;

/// Why an actor ended. [`ExitReason::is_clean`] is the one place that tells good from bad.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ExitReason {
    /// It had nothing left to do.
    Normal,
    /// It was asked to stop.
    Shutdown,
    /// It stopped in good order, for a reason of its own.
    ShutdownWith(String),
    /// A supervisor's restart budget was spent. Clean for its parent, as OTP's `shutdown` is, but
    /// told apart.
    GaveUp {
        /// The child that failed last.
        child: String,
        /// How.
        last: Box<ExitReason>,
    },
    /// It was killed.
    Killed,
    /// It panicked, with this message.
    Panicked(String),
    /// It failed with this error.
    Failed(String),
    /// It could not be started.
    StartFailed(String),
    /// Its task was cancelled by the async runtime.
    Cancelled,
}

impl ExitReason {
    /// Whether OTP calls this exit normal: `normal`, `shutdown` or `{shutdown, _}`. A kill is not.
    pub fn is_clean(&self) -> bool {
        matches!(self, Self::Normal | Self::Shutdown | Self::ShutdownWith(_) | Self::GaveUp { .. })
    }

    /// From the text that ractor announces a termination with.
    pub(crate) fn of_termination(text: Option<&str>) -> Self {
        match text {
            None | Some("normal") => Self::Normal,
            Some("shutdown") => Self::Shutdown,
            // ractor announces a kill as an orderly termination with this word.
            Some("killed") => Self::Killed,
            Some("actor_task_cancelled") => Self::Cancelled,
            Some(other) => Self::ShutdownWith(other.to_owned()),
        }
    }
}

impl fmt::Display for ExitReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Normal => f.write_str("normal"),
            Self::Shutdown => f.write_str("shutdown"),
            Self::ShutdownWith(text) => write!(f, "shutdown: {text}"),
            Self::GaveUp { child, last } => {
                write!(f, "gave up: restart budget spent, last {child}: {last}")
            }
            Self::Killed => f.write_str("killed"),
            Self::Panicked(text) => write!(f, "panicked: {text}"),
            Self::Failed(text) => write!(f, "failed: {text}"),
            Self::StartFailed(text) => write!(f, "could not be started: {text}"),
            Self::Cancelled => f.write_str("cancelled"),
        }
    }
}

/// The words of a panic.
pub(crate) fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic without words".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kill_is_abnormal_and_giving_up_is_clean() {
        assert!(!ExitReason::of_termination(Some("killed")).is_clean());
        assert!(ExitReason::of_termination(Some("shutdown")).is_clean());
        assert!(ExitReason::of_termination(None).is_clean());
        let last = Box::new(ExitReason::Killed);
        assert!(ExitReason::GaveUp { child: "a".to_owned(), last }.is_clean());
        assert!(!ExitReason::Cancelled.is_clean());
    }
}
