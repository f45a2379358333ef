//! How a supervisor is declared, and which declarations are allowed.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::backoff::Backoff;
use crate::budget::Intensity;
use crate::child::{ChildSpec, Restart};
use crate::error::StartError;

/// Which children are restarted with one that has failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Strategy {
    /// Only that one.
    #[default]
    OneForOne,
    /// All.
    OneForAll,
    /// That one and those started after it.
    RestForOne,
}

/// Whether a supervisor ends when its significant children have ended by themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AutoShutdown {
    /// It does not; children must not be significant.
    #[default]
    Never,
    /// With the first of them.
    AnySignificant,
    /// With the last of them.
    AllSignificant,
}

/// The declaration of a supervisor.
#[derive(Debug, Clone, Default)]
pub struct Spec {
    pub(crate) strategy: Strategy,
    pub(crate) intensity: Intensity,
    pub(crate) backoff: Option<Backoff>,
    pub(crate) auto_shutdown: AutoShutdown,
    pub(crate) children: Vec<ChildSpec>,
}

impl Spec {
    /// A supervisor without children: one restart in five seconds, no back-off.
    pub fn new(strategy: Strategy) -> Self {
        Self { strategy, ..Self::default() }
    }

    /// How many restarts are allowed, and within what time.
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

    /// Whether the end of significant children is its own.
    #[must_use]
    pub fn auto_shutdown(mut self, mode: AutoShutdown) -> Self {
        self.auto_shutdown = mode;
        self
    }

    /// Adds a child, to be started after those added before.
    #[must_use]
    pub fn child(mut self, child: ChildSpec) -> Self {
        self.children.push(child);
        self
    }

    pub(crate) fn check(&self) -> Result<(), StartError> {
        check_intensity(self.intensity)?;
        check_children(&self.children, self.auto_shutdown)
    }
}

pub(crate) fn check_intensity(intensity: Intensity) -> Result<(), StartError> {
    if intensity.within == Duration::ZERO {
        return Err(StartError::Invalid("the window of the intensity is zero".to_owned()));
    }
    Ok(())
}

/// Checks declarations of children without starting anything.
///
/// # Errors
/// [`StartError::Invalid`] names the first child that is not allowed.
pub fn check_children(children: &[ChildSpec], mode: AutoShutdown) -> Result<(), StartError> {
    let mut ids = BTreeSet::new();
    for child in children {
        check_child(child, mode)?;
        if !ids.insert(&child.id) {
            return Err(StartError::Invalid(format!("child id `{}` occurs twice", child.id)));
        }
    }
    Ok(())
}

pub(crate) fn check_child(child: &ChildSpec, mode: AutoShutdown) -> Result<(), StartError> {
    let id = &child.id;
    let invalid = |problem: String| Err(StartError::Invalid(problem));
    if id.is_empty() || id.contains('/') {
        return invalid(format!("child id `{id}` must not be empty or contain `/`"));
    }
    if child.significant && child.restart == Restart::Permanent {
        return invalid(format!(
            "child `{id}` is significant and permanent: it never ends by itself"
        ));
    }
    if child.significant && mode == AutoShutdown::Never {
        return invalid(format!(
            "child `{id}` is significant, but its supervisor never shuts down"
        ));
    }
    Ok(())
}
