//! Faults on purpose.

/// Something to break in a session. One vocabulary for chaos, simulation and tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Fault {
    /// Kill the harness's actor.
    KillHarness,
    /// Kill the session's actor.
    KillSession,
    /// Kill the sandbox's actor; its hand lives on.
    KillSandbox,
    /// Kill the hand with everything it runs.
    KillHand,
}

impl Fault {
    /// Every fault, in a stable order.
    pub const ALL: &'static [Fault] =
        &[Fault::KillHarness, Fault::KillSession, Fault::KillSandbox, Fault::KillHand];

    /// Its name in plans and reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::KillHarness => "kill-harness",
            Self::KillSession => "kill-session",
            Self::KillSandbox => "kill-sandbox",
            Self::KillHand => "kill-hand",
        }
    }
}
