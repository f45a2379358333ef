//! Which provider answers a session, and how many requests it takes at once.

use std::collections::BTreeMap;
use std::sync::Arc;

use planaria_core::SessionId;
use planaria_core::port::provider::Provider;
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::limits::PROVIDER_REQUESTS_MAX;

/// Chooses a provider by the session and its metadata. `Err` says why there is none and how to mend
/// it; it ends the turn.
pub type Route =
    dyn Fn(SessionId, &BTreeMap<String, String>) -> Result<Arc<dyn Provider>, String> + Send + Sync;

/// The providers of a runtime.
pub(crate) struct Providers {
    route: Box<Route>,
    gates: dashmap::DashMap<String, Arc<Semaphore>>,
}

/// A provider and its gate.
pub(crate) struct Gated {
    provider: Arc<dyn Provider>,
    gate: Arc<Semaphore>,
}

impl Providers {
    pub fn new(route: Box<Route>) -> Self {
        Self { route, gates: dashmap::DashMap::new() }
    }

    pub fn of(
        &self,
        session: SessionId,
        metadata: &BTreeMap<String, String>,
    ) -> Result<Gated, String> {
        let provider = (self.route)(session, metadata)?;
        let places = provider.requests_max().unwrap_or(PROVIDER_REQUESTS_MAX);
        let new = || Arc::new(Semaphore::new(places));
        let gate = self.gates.entry(provider.name().to_owned()).or_insert_with(new).clone();
        Ok(Gated { provider, gate })
    }
}

impl Gated {
    pub fn provider(&self) -> &dyn Provider {
        self.provider.as_ref()
    }

    /// Waits for a place among the provider's requests.
    pub async fn place(&self) -> SemaphorePermit<'_> {
        self.gate.acquire().await.expect("a gate is never closed")
    }
}
