//! A connection to a hand.

use std::sync::Arc;
use std::time::Duration;

use planaria_core::port::BoxFuture;
use planaria_core::port::sandbox::{Call, Ended, Error, Hand};
use planaria_core::{EventId, SessionId};

use super::site::{Asked, Link};
use super::{Place, TRIP_TAKES};

/// Dropping it changes nothing at the hand.
pub(super) struct SimHand {
    place: Arc<Place>,
    session: SessionId,
    link: Link,
}

impl SimHand {
    pub fn new(place: Arc<Place>, session: SessionId, link: Link) -> Self {
        Self { place, session, link }
    }

    async fn see_to(&self, call: Call) -> Result<Ended, Error> {
        self.place.pass(TRIP_TAKES).await;
        loop {
            let asked = self
                .place
                .with(self.session, |site, books| site.ensure(self.link, &call, books))?;
            match asked {
                Asked::Ended(ended) => return Ok(ended),
                Asked::Runs { until, changed } => tokio::select! { biased;
                    () = changed => {}
                    () = self.until(until) => {}
                },
            }
        }
    }

    async fn until(&self, time: Option<Duration>) {
        match time {
            Some(time) => self.place.clock.sleep_until(time).await,
            None => std::future::pending().await,
        }
    }
}

impl Hand for SimHand {
    fn ensure(&self, call: Call) -> BoxFuture<'_, Result<Ended, Error>> {
        Box::pin(self.see_to(call))
    }

    fn cancel(&self, call: EventId) -> BoxFuture<'_, Result<(), Error>> {
        Box::pin(async move {
            self.place.pass(TRIP_TAKES).await;
            self.place.with(self.session, |site, _| site.cancel(self.link, call))
        })
    }

    fn retire(&self) -> BoxFuture<'_, Result<(), Error>> {
        Box::pin(async move {
            self.place.pass(TRIP_TAKES).await;
            self.place.with(self.session, |site, books| site.retire(self.link, books))
        })
    }
}
