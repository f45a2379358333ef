//! Hands and drivers that break their promises.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use planaria_core::port::BoxFuture;
use planaria_core::port::sandbox::{Call, Driver, Ended, Error, Hand, Isolation, Locator, Spec};
use planaria_core::tool::Outcome;
use planaria_core::{EventId, SessionId};
use planaria_testkit::sandbox::SimHands;

/// Longer than a session at the end of its work is waited for.
const AGE: Duration = Duration::from_secs(1_000);

/// What is wrong with a driver's hands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mistake {
    RunsTwice,
    LosesOutcomes,
    SealsWhatRan,
    MixesOutcomes,
    BuriesTheLiving,
    Invents,
    Spares,
    RunsUnasked,
    Renumbers,
    Gossips,
    Dawdles,
}

/// Runs every other call a second time.
pub fn twice(hands: SimHands) -> Arc<dyn Driver> {
    wrong(hands, Mistake::RunsTwice)
}

/// Says of every other call that nobody knows how it ended.
pub fn loses(hands: SimHands) -> Arc<dyn Driver> {
    wrong(hands, Mistake::LosesOutcomes)
}

/// Says of a call that was killed that it never began.
pub fn seals(hands: SimHands) -> Arc<dyn Driver> {
    wrong(hands, Mistake::SealsWhatRan)
}

/// Answers a call with the outcome of the call before.
pub fn mixes(hands: SimHands) -> Arc<dyn Driver> {
    wrong(hands, Mistake::MixesOutcomes)
}

/// Takes a living hand for dead, every other time.
pub fn buries(hands: SimHands) -> Arc<dyn Driver> {
    wrong(hands, Mistake::BuriesTheLiving)
}

/// Answers every other call without running it.
pub fn invents(hands: SimHands) -> Arc<dyn Driver> {
    wrong(hands, Mistake::Invents)
}

/// Says that it has ended a hand, and lets it live.
pub fn spares(hands: SimHands) -> Arc<dyn Driver> {
    wrong(hands, Mistake::Spares)
}

/// Runs something that nobody has called for beside every call.
pub fn runs_unasked(hands: SimHands) -> Arc<dyn Driver> {
    wrong(hands, Mistake::RunsUnasked)
}

/// Starts the hand after the one that it says it has started.
pub fn renumbers(hands: SimHands) -> Arc<dyn Driver> {
    wrong(hands, Mistake::Renumbers)
}

/// Lets outcomes say how often anybody was connected to any hand so far.
pub fn gossips(hands: SimHands) -> Arc<dyn Driver> {
    wrong(hands, Mistake::Gossips)
}

/// Takes an age to start a hand.
pub fn dawdles(hands: SimHands) -> Arc<dyn Driver> {
    wrong(hands, Mistake::Dawdles)
}

fn wrong(hands: SimHands, mistake: Mistake) -> Arc<dyn Driver> {
    let shared = Shared { hands, mistake, attaches: AtomicU64::new(0), state: Mutex::default() };
    Arc::new(WrongDriver(Arc::new(shared)))
}

struct Shared {
    hands: SimHands,
    mistake: Mistake,
    attaches: AtomicU64,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    doubled: BTreeSet<EventId>,
    last: Option<Outcome>,
}

struct WrongDriver(Arc<Shared>);

impl WrongDriver {
    /// The hand behind a locator.
    fn real(&self, locator: Locator) -> Locator {
        let generation = locator.generation + u64::from(self.0.mistake == Mistake::Renumbers);
        Locator { generation, ..locator }
    }
}

impl Driver for WrongDriver {
    fn name(&self) -> &str {
        self.0.hands.name()
    }

    fn isolation(&self) -> Isolation {
        self.0.hands.isolation()
    }

    fn provision(&self, spec: Spec) -> BoxFuture<'_, Result<Locator, Error>> {
        let generation = spec.generation;
        let real = generation + u64::from(self.0.mistake == Mistake::Renumbers);
        Box::pin(async move {
            if self.0.mistake == Mistake::Dawdles {
                let _ = tokio::time::timeout(AGE, std::future::pending::<()>()).await;
            }
            let locator = self.0.hands.provision(Spec { generation: real, ..spec }).await?;
            Ok(Locator { generation, ..locator })
        })
    }

    fn attach(&self, locator: Locator, epoch: u64) -> BoxFuture<'_, Result<Arc<dyn Hand>, Error>> {
        Box::pin(async move {
            let (session, generation) = (locator.session, locator.generation);
            let inner = self.0.hands.attach(self.real(locator), epoch).await?;
            let nth = self.0.attaches.fetch_add(1, Ordering::Relaxed);
            if self.0.mistake == Mistake::BuriesTheLiving && nth % 2 == 1 {
                let problem = "it looked dead".to_owned();
                return Err(Error::Dead { generation, problem });
            }
            let shared = self.0.clone();
            Ok(Arc::new(WrongHand { inner, session, shared }) as Arc<dyn Hand>)
        })
    }

    fn destroy(&self, locator: Locator) -> BoxFuture<'_, Result<(), Error>> {
        if self.0.mistake == Mistake::Spares {
            return Box::pin(async { Ok(()) });
        }
        self.0.hands.destroy(self.real(locator))
    }
}

struct WrongHand {
    inner: Arc<dyn Hand>,
    session: SessionId,
    shared: Arc<Shared>,
}

impl WrongHand {
    async fn wrong(&self, call: Call) -> Result<Ended, Error> {
        if self.shared.mistake == Mistake::Invents && call.id.0.is_multiple_of(2) {
            let text = format!("did: {} {}", call.name, call.input);
            return Ok(Ended::Outcome(Outcome::text(text)));
        }
        if self.shared.mistake == Mistake::RunsUnasked {
            let id = EventId(call.id.0 ^ 1);
            self.inner.ensure(Call { id, ..call.clone() }).await?;
        }
        let ended = self.inner.ensure(call.clone()).await?;
        let Ended::Outcome(outcome) = &ended else { return Ok(ended) };
        match self.shared.mistake {
            Mistake::RunsTwice => {
                if !self.shared.state.lock().unwrap().doubled.insert(call.id) {
                    return Ok(ended);
                }
                self.shared.hands.forget(self.session, call.id);
                self.inner.ensure(call).await
            }
            Mistake::LosesOutcomes if call.id.0.is_multiple_of(2) => Ok(Ended::Lost),
            Mistake::SealsWhatRan if outcome.content[0].to_string().contains("killed: ") => {
                Ok(Ended::Sealed)
            }
            Mistake::MixesOutcomes => {
                let last = self.shared.state.lock().unwrap().last.replace(outcome.clone());
                Ok(last.map_or(ended, Ended::Outcome))
            }
            Mistake::Gossips => {
                let mut outcome = outcome.clone();
                let attaches = self.shared.attaches.load(Ordering::Relaxed);
                let text = outcome.content[0]["text"].as_str().unwrap_or_default();
                outcome.content[0]["text"] = format!("{text} ({attaches} connections)").into();
                Ok(Ended::Outcome(outcome))
            }
            _ => Ok(ended),
        }
    }
}

impl Hand for WrongHand {
    fn ensure(&self, call: Call) -> BoxFuture<'_, Result<Ended, Error>> {
        Box::pin(self.wrong(call))
    }

    fn cancel(&self, call: EventId) -> BoxFuture<'_, Result<(), Error>> {
        self.inner.cancel(call)
    }

    fn retire(&self) -> BoxFuture<'_, Result<(), Error>> {
        if self.shared.mistake == Mistake::Spares {
            return Box::pin(async { Ok(()) });
        }
        self.inner.retire()
    }
}
