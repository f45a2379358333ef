//! Hands in memory that survive the server that started them.
//!
//! A hand here is a passive thing: what a call does and when is fixed when it starts, and what has
//! happened by now is worked out whenever somebody looks. So no task of a server's runtime is
//! needed to keep a hand alive, and dropping the runtime is a server's death and nothing more.

mod fault;
mod hand;
mod ledger;
mod site;
#[cfg(test)]
pub(super) mod tests;
mod work;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use planaria_core::port::BoxFuture;
use planaria_core::port::sandbox::{Driver, Ended, Error, Hand, Isolation, Locator, Spec};
use planaria_core::{EventId, SessionId};

use crate::env::SimClock;
use crate::rng::Rng;

pub use fault::{CallFault, HandFaults};
use hand::SimHand;
pub use ledger::{Cause, Death, Run};
use site::{Books, Site};

/// The driver's name, in locators and reports.
const NAME: &str = "sim";
/// From a request to start a hand to the hand.
const START_TAKES: Duration = Duration::from_millis(80);
/// From a request to a hand to its answer, where the hand has nothing to do.
const TRIP_TAKES: Duration = Duration::from_millis(1);

/// A driver whose hands live as long as any clone of it. Clones are the same place.
#[derive(Clone)]
pub struct SimHands {
    place: Arc<Place>,
}

/// What the driver and its connections share.
struct Place {
    clock: SimClock,
    seed: u64,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    sites: BTreeMap<SessionId, Site>,
    books: Books,
    /// Hands ever started; makes addresses unique.
    started: u64,
}

impl Place {
    /// A session's site, with everything in it that has happened by now.
    fn with<T>(&self, session: SessionId, look: impl FnOnce(&mut Site, &mut Books) -> T) -> T {
        let mut state = self.state();
        let State { sites, books, .. } = &mut *state;
        books.now = self.clock.now();
        let site = sites.entry(session).or_insert_with(|| Site::new(session, self.seed));
        site.catch_up(books);
        look(site, books)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn pass(&self, time: Duration) {
        let until = self.clock.now() + time;
        self.clock.sleep_until(until).await;
    }
}

impl SimHands {
    /// No hands yet. What calls take and how they end follows from `seed` and the call's input.
    pub fn new(clock: SimClock, seed: u64) -> Self {
        Self { place: Arc::new(Place { clock, seed, state: Mutex::default() }) }
    }

    /// What goes wrong at a session's hands from now on, in place of what went wrong so far.
    pub fn faults(&self, session: SessionId, faults: HandFaults) {
        self.place.with(session, |site, _| site.faults = faults);
    }

    /// Nothing goes wrong any more. What is broken stays broken.
    pub fn heal(&self) {
        for site in self.place.state().sites.values_mut() {
            site.faults = HandFaults::default();
        }
    }

    /// Every hand dies, with all that it runs, as when the machine stops.
    pub fn crash(&self) {
        for session in self.sessions() {
            self.place.with(session, |site, books| site.kill_all(Cause::Crashed, books));
        }
    }

    /// A hand dies, with all that it runs. Nothing happens to one that is dead.
    pub fn kill(&self, locator: &Locator) {
        let kill = |site: &mut Site, books: &mut Books| site.kill_at(locator, Cause::Fault, books);
        self.place.with(locator.session, kill);
    }

    /// Ends a call whose input has `"until_released": true`.
    pub fn release(&self, session: SessionId, call: EventId) {
        self.place.with(session, |site, books| site.release(call, books.now));
    }

    /// A hand's journal loses all that it knew of a call: what must never happen, for the tests of
    /// those who look for it.
    pub fn forget(&self, session: SessionId, call: EventId) {
        self.place.with(session, |site, _| site.forget(call));
    }

    /// Every run that was ever started, in order: what a world outside would have seen.
    pub fn ledger(&self) -> Vec<Run> {
        self.settle();
        self.place.state().books.runs.clone()
    }

    /// Every death of a hand, in order.
    pub fn deaths(&self) -> Vec<Death> {
        self.settle();
        self.place.state().books.deaths.clone()
    }

    /// How often a living hand could not be destroyed.
    pub fn spared(&self) -> u64 {
        self.place.state().books.spared
    }

    /// How a call ended, as the hands' journal has it.
    pub fn journaled(&self, session: SessionId, call: EventId) -> Option<Ended> {
        self.place.with(session, |site, _| site.journaled(call))
    }

    /// The generations of a session's living hands: never more than one.
    pub fn living(&self, session: SessionId) -> Vec<u64> {
        self.place.with(session, |site, _| site.living())
    }

    /// How often the effect of calls on `key` is there, in a session's workspace.
    pub fn written(&self, session: SessionId, key: &str) -> u64 {
        self.place.with(session, |site, _| site.written(key))
    }

    fn sessions(&self) -> Vec<SessionId> {
        self.place.state().sites.keys().copied().collect()
    }

    /// Works out what has happened everywhere by now.
    fn settle(&self) {
        self.sessions().into_iter().for_each(|session| self.place.with(session, |_, _| ()));
    }

    async fn start(&self, spec: Spec) -> Result<Locator, Error> {
        let Spec { session, epoch, generation } = spec;
        self.place.with(session, |site, books| site.make_room(epoch, generation, books))?;
        // A server may die before the hand is there, or after it and before it knows.
        self.place.pass(START_TAKES / 2).await;
        let address = {
            let mut state = self.place.state();
            state.started += 1;
            format!("sim:{}", state.started)
        };
        let locator = Locator { driver: NAME.to_owned(), generation, session, address };
        self.place.with(session, |site, books| {
            site.make_room(epoch, generation, books)?;
            site.start_hand(&locator)
        })?;
        self.place.pass(START_TAKES / 2).await;
        Ok(locator)
    }

    async fn connect(&self, locator: Locator, epoch: u64) -> Result<Arc<dyn Hand>, Error> {
        self.place.pass(TRIP_TAKES).await;
        let session = locator.session;
        let link = self.place.with(session, |site, _| site.connect(&locator, epoch))?;
        Ok(Arc::new(SimHand::new(self.place.clone(), session, link)))
    }
}

impl Driver for SimHands {
    fn name(&self) -> &str {
        NAME
    }

    fn isolation(&self) -> Isolation {
        let summary = "Nothing runs outside this process's memory.".to_owned();
        Isolation { level: "simulated".to_owned(), summary }
    }

    fn provision(&self, spec: Spec) -> BoxFuture<'_, Result<Locator, Error>> {
        Box::pin(self.start(spec))
    }

    fn attach(&self, locator: Locator, epoch: u64) -> BoxFuture<'_, Result<Arc<dyn Hand>, Error>> {
        Box::pin(self.connect(locator, epoch))
    }

    fn destroy(&self, locator: Locator) -> BoxFuture<'_, Result<(), Error>> {
        Box::pin(async move {
            self.place.pass(TRIP_TAKES).await;
            self.place.with(locator.session, |site, books| site.destroy(&locator, books))
        })
    }
}

/// The chances of the `nth` thing of its kind at a session, the same whatever else is going on.
fn chances(seed: u64, session: SessionId, what: &str, nth: u64) -> Rng {
    Rng::of(seed, &format!("{session} {what} {nth}"))
}
