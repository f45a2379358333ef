//! What every sandbox driver must show, as small stories told from the server's side.

#[cfg(test)]
mod tests;

use std::panic::{AssertUnwindSafe, resume_unwind};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{Either, select};
use planaria_core::port::BoxFuture;
use planaria_core::port::sandbox::{Call, Driver, Ended, Error, Hand, Locator, Spec};
use planaria_core::tool::Outcome;
use planaria_core::{EventId, SessionId};

/// A driver under test, with what the suite must do and see from outside.
pub trait Bench: Send + Sync {
    /// The driver, at a place that no other driver uses. Always the same place.
    fn driver(&self) -> Arc<dyn Driver>;
    /// A call that notes durably that it runs, and does not end until it is released.
    fn blocking(&self, id: EventId, rerun: bool) -> Call;
    /// A call that ends by itself, also while a blocking one runs.
    fn quick(&self, id: EventId) -> Call;
    /// A call that keeps a text in the workspace.
    fn keep(&self, id: EventId, text: &str) -> Call;
    /// A call that answers the text that was kept last.
    fn recall(&self, id: EventId) -> Call;
    /// Waits for the next run of a blocking call to have noted itself.
    fn started(&self, call: EventId) -> BoxFuture<'_, ()>;
    /// Lets one run of a blocking call end.
    fn release(&self, call: EventId);
    /// How many runs of a blocking call noted themselves.
    fn runs(&self, call: EventId) -> usize;
    /// Kills the hand, and only the hand, as a crash would.
    fn crash(&self, locator: &Locator);
}

type Story = for<'a> fn(&'a World) -> BoxFuture<'a, ()>;

macro_rules! stories {
    ($($name:ident),+ $(,)?) => {
        const STORIES: &[(&str, Story)] =
            &[$((stringify!($name), |world| Box::pin($name(world)))),+];
    };
}

stories! {
    a_call_runs_once_however_often_it_is_asked_for,
    a_dropped_connection_leaves_a_call_running_and_its_outcome_is_collected_later,
    two_calls_run_at_the_same_time,
    a_call_that_is_cancelled_before_it_starts_never_starts,
    a_running_call_that_is_cancelled_ends_and_says_so,
    a_server_with_a_lower_epoch_is_fenced,
    a_call_of_a_crashed_hand_is_lost,
    a_call_of_a_crashed_hand_runs_again_where_that_is_allowed,
    a_lost_call_that_is_cancelled_is_not_run_again,
    an_outcome_survives_its_hand,
    the_next_generation_finds_the_files,
    a_destroyed_hand_is_dead,
    a_retired_hand_is_dead_and_its_calls_have_ended,
    the_driver_says_what_it_is,
}

/// Runs the suite; `fresh` gives a bench at a new place for each story.
///
/// # Panics
/// On the first behaviour that the driver does not show; the message begins with its name. Hands
/// are destroyed first.
pub async fn conformance<B: Bench + 'static>(fresh: impl Fn() -> B) {
    for (name, story) in STORIES {
        let world = World { bench: Box::new(fresh()), hands: Mutex::default() };
        let told = AssertUnwindSafe(story(&world)).catch_unwind().await;
        world.end().await;
        if let Err(panic) = told {
            let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
            match text.or_else(|| panic.downcast_ref::<String>().cloned()) {
                Some(text) => panic!("{name}: {text}"),
                None => resume_unwind(panic),
            }
        }
    }
}

const SESSION: SessionId = SessionId(0x5e55);
const CALL: EventId = EventId(0xca11);
const OTHER: EventId = EventId(0xca12);

struct World {
    bench: Box<dyn Bench>,
    hands: Mutex<Vec<Locator>>,
}

impl World {
    async fn provision(&self, generation: u64, epoch: u64) -> Locator {
        let spec = Spec { session: SESSION, epoch, generation };
        let locator = self.bench.driver().provision(spec).await.expect("a hand starts");
        self.hands.lock().expect("no panic holds it").push(locator.clone());
        assert_eq!((locator.generation, locator.session), (generation, SESSION));
        locator
    }

    async fn attach(&self, locator: &Locator, epoch: u64) -> Result<Arc<dyn Hand>, Error> {
        self.bench.driver().attach(locator.clone(), epoch).await
    }

    async fn hand(&self, generation: u64) -> (Locator, Arc<dyn Hand>) {
        let locator = self.provision(generation, 1).await;
        let hand = self.attach(&locator, 1).await.expect("a new hand lets us in");
        (locator, hand)
    }

    /// The hand of the next generation after a crash of this one.
    async fn crashed(&self, locator: &Locator) -> Arc<dyn Hand> {
        self.bench.crash(locator);
        self.dead(locator).await;
        self.hand(locator.generation + 1).await.1
    }

    /// Death is proved sooner or later: a killed process takes its time to go.
    async fn dead(&self, locator: &Locator) {
        loop {
            match self.attach(locator, 1).await {
                Err(Error::Dead { generation, .. }) => {
                    return assert_eq!(generation, locator.generation);
                }
                Err(Error::Disconnected(_)) => tokio::task::yield_now().await,
                Err(error) => panic!("the hand is not dead: {error}"),
                Ok(_) => panic!("the hand is alive"),
            }
        }
    }

    /// Starts a call at a hand and comes back when it runs.
    async fn running(&self, hand: &Arc<dyn Hand>, call: Call) -> Asked {
        let asked = ask(hand, call.clone());
        match select(self.bench.started(call.id), asked).await {
            Either::Left(((), asked)) => asked,
            Either::Right((ended, _)) => panic!("the call ended without a run: {ended:?}"),
        }
    }

    async fn end(&self) {
        let hands = std::mem::take(&mut *self.hands.lock().expect("no panic holds it"));
        for locator in hands {
            let _ = self.bench.driver().destroy(locator).await;
        }
    }
}

type Asked = tokio::task::JoinHandle<Result<Ended, Error>>;

/// An `ensure` under way, as a harness has it.
fn ask(hand: &Arc<dyn Hand>, call: Call) -> Asked {
    let hand = hand.clone();
    tokio::spawn(async move { hand.ensure(call).await })
}

async fn answer(asked: Asked) -> Ended {
    asked.await.expect("the task lives").expect("the hand answers")
}

fn outcome(ended: Ended) -> Outcome {
    match ended {
        Ended::Outcome(outcome) => outcome,
        other => panic!("an outcome was expected, not {other:?}"),
    }
}

fn good(ended: Ended) -> Outcome {
    let outcome = outcome(ended);
    assert!(!outcome.is_error, "{outcome:?}");
    outcome
}

async fn a_call_runs_once_however_often_it_is_asked_for(world: &World) {
    let (locator, hand) = world.hand(1).await;
    let call = world.bench.blocking(CALL, false);
    let first = world.running(&hand, call.clone()).await;
    let second = ask(&hand, call.clone());
    let another = world.attach(&locator, 1).await.expect("a second connection");
    let third = ask(&another, call.clone());
    world.bench.release(CALL);
    let ended = answer(first).await;
    good(ended.clone());
    assert_eq!(answer(second).await, ended);
    assert_eq!(answer(third).await, ended);
    assert_eq!(hand.ensure(call).await, Ok(ended));
    assert_eq!(world.bench.runs(CALL), 1);
}

async fn a_dropped_connection_leaves_a_call_running_and_its_outcome_is_collected_later(
    world: &World,
) {
    let (locator, hand) = world.hand(1).await;
    let call = world.bench.blocking(CALL, true);
    let asked = world.running(&hand, call.clone()).await;
    asked.abort();
    assert!(asked.await.is_err());
    drop(hand);
    let hand = world.attach(&locator, 2).await.expect("a successor is let in");
    let asked = ask(&hand, call.clone());
    world.bench.release(CALL);
    let ended = answer(asked).await;
    good(ended.clone());
    drop(hand);
    let hand = world.attach(&locator, 2).await.expect("once more");
    assert_eq!(hand.ensure(call).await, Ok(ended));
    assert_eq!(world.bench.runs(CALL), 1);
}

async fn two_calls_run_at_the_same_time(world: &World) {
    let (_, hand) = world.hand(1).await;
    let first = world.running(&hand, world.bench.blocking(CALL, false)).await;
    good(hand.ensure(world.bench.quick(OTHER)).await.expect("answered"));
    assert!(!first.is_finished());
    world.bench.release(CALL);
    good(answer(first).await);
}

async fn a_call_that_is_cancelled_before_it_starts_never_starts(world: &World) {
    let (locator, hand) = world.hand(1).await;
    let call = world.bench.blocking(CALL, true);
    hand.cancel(CALL).await.expect("cancelled");
    hand.cancel(CALL).await.expect("twice");
    assert_eq!(hand.ensure(call.clone()).await, Ok(Ended::Sealed));
    let next = world.crashed(&locator).await;
    assert_eq!(next.ensure(call).await, Ok(Ended::Sealed));
    assert_eq!(world.bench.runs(CALL), 0);
}

async fn a_running_call_that_is_cancelled_ends_and_says_so(world: &World) {
    let (_, hand) = world.hand(1).await;
    let call = world.bench.blocking(CALL, true);
    let asked = world.running(&hand, call.clone()).await;
    #[allow(clippy::disallowed_methods, reason = "the suite has no Env, and a driver has none too")]
    let began = tokio::time::Instant::now();
    hand.cancel(CALL).await.expect("cancelled");
    let ended = answer(asked).await;
    assert!(outcome(ended.clone()).is_error, "{ended:?}");
    let deadline = Duration::from_micros(call.deadline);
    assert!(began.elapsed() < deadline / 2, "it ended by its deadline");
    hand.cancel(CALL).await.expect("what has ended stays as it is");
    assert_eq!(hand.ensure(call).await, Ok(ended));
    assert_eq!(world.bench.runs(CALL), 1);
}

async fn a_server_with_a_lower_epoch_is_fenced(world: &World) {
    let locator = world.provision(1, 5).await;
    let refused = world.attach(&locator, 4).await.err();
    assert!(matches!(refused, Some(Error::Fenced(_))), "{refused:?}");
    let old = world.attach(&locator, 5).await.expect("as it was started");
    let call = world.bench.blocking(CALL, false);
    let asked = world.running(&old, call.clone()).await;
    let new = world.attach(&locator, 6).await.expect("a successor is let in");
    let superseded = asked.await.expect("the task lives");
    let fenced = |error: &Error| matches!(error, Error::Fenced(_) | Error::Disconnected(_));
    assert!(superseded.as_ref().is_err_and(fenced), "{superseded:?}");
    let stale = old.ensure(world.bench.quick(OTHER)).await;
    assert!(stale.as_ref().is_err_and(fenced), "{stale:?}");
    let refused = world.attach(&locator, 5).await.err();
    assert!(matches!(refused, Some(Error::Fenced(_))), "{refused:?}");
    let asked = ask(&new, call);
    world.bench.release(CALL);
    good(answer(asked).await);
    assert_eq!(world.bench.runs(CALL), 1);
}

async fn a_call_of_a_crashed_hand_is_lost(world: &World) {
    let (locator, hand) = world.hand(1).await;
    let call = world.bench.blocking(CALL, false);
    let asked = world.running(&hand, call.clone()).await;
    let next = world.crashed(&locator).await;
    let broken = asked.await.expect("the task lives");
    assert!(matches!(broken, Err(Error::Disconnected(_))), "{broken:?}");
    assert_eq!(next.ensure(call.clone()).await, Ok(Ended::Lost));
    let again = Call { rerun: true, ..call };
    assert_eq!(next.ensure(again).await, Ok(Ended::Lost), "it stays lost");
    assert_eq!(world.bench.runs(CALL), 1);
}

async fn a_call_of_a_crashed_hand_runs_again_where_that_is_allowed(world: &World) {
    let (locator, hand) = world.hand(1).await;
    let call = world.bench.blocking(CALL, true);
    world.running(&hand, call.clone()).await;
    let next = world.crashed(&locator).await;
    let asked = world.running(&next, call.clone()).await;
    world.bench.release(CALL);
    let ended = answer(asked).await;
    good(ended.clone());
    assert_eq!(next.ensure(call).await, Ok(ended));
    assert_eq!(world.bench.runs(CALL), 2);
}

async fn a_lost_call_that_is_cancelled_is_not_run_again(world: &World) {
    let (locator, hand) = world.hand(1).await;
    let call = world.bench.blocking(CALL, true);
    world.running(&hand, call.clone()).await;
    let next = world.crashed(&locator).await;
    next.cancel(CALL).await.expect("cancelled");
    // It may have run, so that "never started" would be a lie.
    assert_eq!(next.ensure(call).await, Ok(Ended::Lost));
    assert_eq!(world.bench.runs(CALL), 1);
}

async fn an_outcome_survives_its_hand(world: &World) {
    let (locator, hand) = world.hand(1).await;
    let call = world.bench.blocking(CALL, true);
    let asked = world.running(&hand, call.clone()).await;
    world.bench.release(CALL);
    let ended = answer(asked).await;
    let next = world.crashed(&locator).await;
    assert_eq!(next.ensure(call).await, Ok(ended));
    assert_eq!(world.bench.runs(CALL), 1);
}

async fn the_next_generation_finds_the_files(world: &World) {
    let (locator, hand) = world.hand(1).await;
    good(hand.ensure(world.bench.keep(CALL, "worm")).await.expect("answered"));
    let next = world.crashed(&locator).await;
    let recalled = good(next.ensure(world.bench.recall(OTHER)).await.expect("answered"));
    let text = recalled.content[0]["text"].as_str().expect("a text");
    assert_eq!(text.trim_end(), "worm");
}

async fn a_destroyed_hand_is_dead(world: &World) {
    let (locator, hand) = world.hand(1).await;
    let asked = world.running(&hand, world.bench.blocking(CALL, false)).await;
    world.bench.driver().destroy(locator.clone()).await.expect("destroyed");
    let attached = world.attach(&locator, 1).await.err();
    assert!(matches!(attached, Some(Error::Dead { generation: 1, .. })), "{attached:?}");
    let broken = asked.await.expect("the task lives");
    assert!(matches!(broken, Err(Error::Disconnected(_))), "{broken:?}");
    world.bench.driver().destroy(locator).await.expect("fine on a dead one");
}

async fn a_retired_hand_is_dead_and_its_calls_have_ended(world: &World) {
    let (locator, hand) = world.hand(1).await;
    good(hand.ensure(world.bench.keep(OTHER, "worm")).await.expect("answered"));
    let asked = world.running(&hand, world.bench.blocking(CALL, false)).await;
    hand.retire().await.expect("retired");
    let attached = world.attach(&locator, 1).await.err();
    assert!(matches!(attached, Some(Error::Dead { generation: 1, .. })), "{attached:?}");
    let ended = asked.await.expect("the task lives");
    if let Ok(ended) = &ended {
        assert!(outcome(ended.clone()).is_error, "{ended:?}");
    }
    let (_, next) = world.hand(2).await;
    let kept = next.ensure(world.bench.recall(EventId(3))).await.expect("answered");
    good(kept);
}

async fn the_driver_says_what_it_is(world: &World) {
    let driver = world.bench.driver();
    let isolation = driver.isolation();
    assert!(!isolation.level.is_empty() && isolation.summary.ends_with('.'), "{isolation:?}");
    let locator = world.provision(1, 1).await;
    assert_eq!(locator.driver, driver.name());
}
