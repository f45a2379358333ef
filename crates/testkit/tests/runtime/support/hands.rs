//! Hands and drivers that behave oddly.

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use planaria_core::EventId;
use planaria_core::port::BoxFuture;
use planaria_core::port::sandbox::{Call, Driver, Ended, Error, Hand, Isolation, Locator, Spec};
use planaria_testkit::sandbox::SimHands;

/// Attempts at attaching after which a driver that panics falls silent, so that whoever asks it in
/// a loop without a wait lets virtual time go on.
const PANICS: usize = 1_000;

/// What is odd about hands and their driver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Oddity {
    /// Takes the request to stop a call, and does nothing.
    IgnoresCancel,
    /// Does not even take the request to stop a call.
    HangsAtCancel,
    /// Does not say goodbye.
    HangsAtRetire,
    /// Neither says goodbye nor can be killed.
    Undying,
    /// Is dead as soon as somebody thinks of it.
    DiesAtOnce,
    /// Breaks the connection at every call.
    HangsUp,
    /// The driver panics instead of attaching.
    Panics,
    /// The first hand speaks another version of the protocol.
    OtherVersion,
}

/// Simulated hands with something odd about them.
pub struct OddHands {
    hands: SimHands,
    oddity: Oddity,
    attaches: AtomicUsize,
}

impl OddHands {
    pub fn new(hands: &SimHands, oddity: Oddity) -> Arc<Self> {
        Arc::new(Self { hands: hands.clone(), oddity, attaches: AtomicUsize::new(0) })
    }

    /// How often somebody wanted to be connected.
    pub fn attaches(&self) -> usize {
        self.attaches.load(Ordering::Relaxed)
    }
}

impl Driver for OddHands {
    fn name(&self) -> &str {
        self.hands.name()
    }

    fn isolation(&self) -> Isolation {
        self.hands.isolation()
    }

    fn provision(&self, spec: Spec) -> BoxFuture<'_, Result<Locator, Error>> {
        self.hands.provision(spec)
    }

    fn attach(&self, locator: Locator, epoch: u64) -> BoxFuture<'_, Result<Arc<dyn Hand>, Error>> {
        Box::pin(async move {
            let before = self.attaches.fetch_add(1, Ordering::Relaxed);
            match self.oddity {
                Oddity::Panics if before < PANICS => panic!("a bug in a driver"),
                Oddity::Panics => pending().await,
                Oddity::OtherVersion if locator.generation == 1 => {
                    let hint = "it was started by another release".to_owned();
                    return Err(Error::Version { theirs: 1, ours: 2, hint });
                }
                _ => {}
            }
            let inner = self.hands.attach(locator, epoch).await?;
            Ok(Arc::new(OddHand { inner, oddity: self.oddity }) as Arc<dyn Hand>)
        })
    }

    fn destroy(&self, locator: Locator) -> BoxFuture<'_, Result<(), Error>> {
        match self.oddity {
            Oddity::Undying => Box::pin(pending()),
            Oddity::DiesAtOnce => {
                self.hands.kill(&locator);
                Box::pin(async { Ok(()) })
            }
            _ => self.hands.destroy(locator),
        }
    }
}

struct OddHand {
    inner: Arc<dyn Hand>,
    oddity: Oddity,
}

impl Hand for OddHand {
    fn ensure(&self, call: Call) -> BoxFuture<'_, Result<Ended, Error>> {
        if self.oddity == Oddity::HangsUp {
            return Box::pin(async { Err(Error::Disconnected("it hung up".to_owned())) });
        }
        self.inner.ensure(call)
    }

    fn cancel(&self, call: EventId) -> BoxFuture<'_, Result<(), Error>> {
        match self.oddity {
            Oddity::IgnoresCancel => Box::pin(async { Ok(()) }),
            Oddity::HangsAtCancel => Box::pin(pending()),
            _ => self.inner.cancel(call),
        }
    }

    fn retire(&self) -> BoxFuture<'_, Result<(), Error>> {
        match self.oddity {
            Oddity::HangsAtRetire | Oddity::Undying => Box::pin(pending()),
            _ => self.inner.retire(),
        }
    }
}
