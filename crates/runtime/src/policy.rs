//! The choice of context that is in force.

use std::sync::{Arc, PoisonError, RwLock};

use planaria_core::context::ContextPolicy;

/// Holds the policy of a runtime; a harness looks anew before each request.
pub(crate) struct Policy(RwLock<Arc<dyn ContextPolicy>>);

impl Policy {
    pub fn new(policy: Arc<dyn ContextPolicy>) -> Self {
        Self(RwLock::new(policy))
    }

    pub fn current(&self) -> Arc<dyn ContextPolicy> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub fn replace(&self, policy: Arc<dyn ContextPolicy>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = policy;
    }
}
