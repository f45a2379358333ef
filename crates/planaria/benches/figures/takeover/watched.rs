//! Hands of this machine, and who asks them for what.

use std::sync::Arc;
use std::time::Instant;

use planaria_core::EventId;
use planaria_core::port::BoxFuture;
use planaria_core::port::sandbox::{Call, Driver, Ended, Error, Hand, Isolation, Locator, Spec};
use planaria_drivers::sandbox::LocalDriver;
use tokio::sync::mpsc::UnboundedSender;

/// The local driver. Says when a harness asks a hand for a call.
pub struct Watched {
    pub driver: LocalDriver,
    pub asked: UnboundedSender<Instant>,
}

impl Driver for Watched {
    fn name(&self) -> &str {
        self.driver.name()
    }

    fn isolation(&self) -> Isolation {
        self.driver.isolation()
    }

    fn provision(&self, spec: Spec) -> BoxFuture<'_, Result<Locator, Error>> {
        self.driver.provision(spec)
    }

    fn attach(&self, locator: Locator, epoch: u64) -> BoxFuture<'_, Result<Arc<dyn Hand>, Error>> {
        Box::pin(async move {
            let hand = self.driver.attach(locator, epoch).await?;
            Ok(Arc::new(WatchedHand { hand, asked: self.asked.clone() }) as Arc<dyn Hand>)
        })
    }

    fn destroy(&self, locator: Locator) -> BoxFuture<'_, Result<(), Error>> {
        self.driver.destroy(locator)
    }
}

struct WatchedHand {
    hand: Arc<dyn Hand>,
    asked: UnboundedSender<Instant>,
}

impl Hand for WatchedHand {
    fn ensure(&self, call: Call) -> BoxFuture<'_, Result<Ended, Error>> {
        // Nobody listens any more at the end.
        let _ = self.asked.send(Instant::now());
        self.hand.ensure(call)
    }

    fn cancel(&self, call: EventId) -> BoxFuture<'_, Result<(), Error>> {
        self.hand.cancel(call)
    }

    fn retire(&self) -> BoxFuture<'_, Result<(), Error>> {
        self.hand.retire()
    }
}
