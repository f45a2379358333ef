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

#[cfg(test)]
mod tests {
    use planaria_core::model::Request;
    use planaria_core::port::BoxStream;
    use planaria_core::port::provider::{Delta, Error};

    use super::*;

    struct Silent(&'static str, Option<usize>);

    impl Provider for Silent {
        fn name(&self) -> &str {
            self.0
        }

        fn requests_max(&self) -> Option<usize> {
            self.1
        }

        fn answer(&self, _: Arc<Request>) -> BoxStream<'static, Result<Delta, Error>> {
            panic!("nobody asks it anything")
        }
    }

    #[test]
    fn a_provider_that_has_a_bound_of_its_own_has_that_many_places() {
        let places = |name: &'static str, max: Option<usize>| {
            let route = move |_, _: &BTreeMap<String, String>| {
                Ok(Arc::new(Silent(name, max)) as Arc<dyn Provider>)
            };
            let providers = Providers::new(Box::new(route));
            match providers.of(SessionId::from_bytes([0; 16]), &BTreeMap::new()) {
                Ok(gated) => gated.gate.available_permits(),
                Err(problem) => panic!("{problem}"),
            }
        };
        assert_eq!(places("a", None), PROVIDER_REQUESTS_MAX);
        assert_eq!(places("b", Some(2)), 2);
    }
}
