//! The simulated hands in every way they can be used and made to fail.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use planaria_core::port::BoxFuture;
use planaria_core::port::sandbox::{Call, Driver, Ended, Error, Hand, Locator, Spec};
use planaria_core::tool::Outcome;
use planaria_core::{EventId, SessionId};
use serde_json::{Value, json};

use super::work::CAT;
use super::{CallFault, Cause, HandFaults, SimHands};
use crate::env::SimClock;
use crate::sandbox::conformance::{Bench, conformance};

const ID: SessionId = SessionId(1);

fn hands() -> SimHands {
    SimHands::new(SimClock::running(), 1)
}

fn spec(epoch: u64, generation: u64) -> Spec {
    Spec { session: ID, epoch, generation }
}

/// The simulated hands on the port's own bench.
pub(in crate::sandbox) struct Sim {
    pub hands: SimHands,
    noted: Mutex<BTreeMap<EventId, usize>>,
}

impl Sim {
    pub fn new() -> Self {
        Self { hands: hands(), noted: Mutex::default() }
    }

    fn call(&self, id: EventId, name: &str, input: Value) -> Call {
        Call { id, name: name.to_owned(), input, deadline: 120_000_000, rerun: true }
    }

    fn count(&self, call: EventId) -> usize {
        self.hands.ledger().iter().filter(|run| run.call == call).count()
    }

    fn session(&self, call: EventId) -> SessionId {
        let ledger = self.hands.ledger();
        ledger.iter().find(|run| run.call == call).expect("the call runs").session
    }
}

impl Bench for Sim {
    fn driver(&self) -> Arc<dyn Driver> {
        Arc::new(self.hands.clone())
    }

    fn blocking(&self, id: EventId, rerun: bool) -> Call {
        Call { rerun, ..self.call(id, "bash", json!({ "until_released": true })) }
    }

    fn quick(&self, id: EventId) -> Call {
        self.call(id, "glob", json!({ "pattern": "*", "sleep_ms": 1 }))
    }

    fn keep(&self, id: EventId, text: &str) -> Call {
        self.call(id, "write", json!({ "file_path": "kept", "content": text, "sleep_ms": 1 }))
    }

    fn recall(&self, id: EventId) -> Call {
        self.call(id, CAT, json!({ "file_path": "kept" }))
    }

    fn started(&self, call: EventId) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            let runs = {
                let mut noted = self.noted.lock().unwrap();
                let runs = noted.entry(call).or_default();
                *runs += 1;
                *runs
            };
            while self.count(call) < runs {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        })
    }

    fn release(&self, call: EventId) {
        self.hands.release(self.session(call), call);
    }

    fn runs(&self, call: EventId) -> usize {
        self.count(call)
    }

    fn crash(&self, locator: &Locator) {
        self.hands.kill(locator);
    }
}

#[tokio::test(start_paused = true)]
async fn the_port_is_kept() {
    conformance(Sim::new).await;
}

/// A call that takes 90 ms; its number is its id.
fn call(number: u128) -> Call {
    Call {
        id: EventId(number),
        name: "bash".to_owned(),
        input: json!({ "command": format!("command {number}"), "sleep_ms": 90 }),
        deadline: 120_000_000,
        rerun: false,
    }
}

fn did(number: u128) -> Result<Ended, Error> {
    Ok(Ended::Outcome(Outcome::text(format!("did: bash command {number}"))))
}

fn next(fault: CallFault) -> HandFaults {
    HandFaults { next: [fault].into(), ..HandFaults::default() }
}

async fn bound(hands: &SimHands, generation: u64) -> (Locator, Arc<dyn Hand>) {
    let locator = hands.provision(spec(1, generation)).await.unwrap();
    let hand = hands.attach(locator.clone(), 1).await.unwrap();
    (locator, hand)
}

#[tokio::test(start_paused = true)]
async fn a_call_runs_once_however_often_it_is_asked_for() {
    let hands = hands();
    let (_, hand) = bound(&hands, 1).await;
    let (one, two) = tokio::join!(hand.ensure(call(1)), hand.ensure(call(1)));
    assert_eq!((one, two), (did(1), did(1)));
    assert_eq!(hand.ensure(call(1)).await, did(1));
    assert_eq!(hands.ledger().len(), 1);
    assert_eq!(hands.written(ID, "command 1"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_goes_away_leaves_its_call_running_and_another_collects_it() {
    let hands = hands();
    let (locator, hand) = bound(&hands, 1).await;
    tokio::select! { biased;
        _ = hand.ensure(call(1)) => panic!("the call takes longer"),
        () = tokio::time::sleep(Duration::from_millis(40)) => {}
    }
    drop(hand);
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(hands.written(ID, "command 1"), 1);
    let hand = hands.attach(locator, 1).await.unwrap();
    assert_eq!(hand.ensure(call(1)).await, did(1));
    assert_eq!(hands.ledger().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_hand_that_dies_leaves_a_call_lost_unless_it_may_run_again() {
    for (fault, effects) in [(CallFault::DiesBefore, 0), (CallFault::DiesAfter, 1)] {
        let hands = hands();
        let (locator, hand) = bound(&hands, 1).await;
        hands.faults(ID, next(fault));
        assert!(matches!(hand.ensure(call(1)).await, Err(Error::Disconnected(_))));
        assert!(matches!(hands.attach(locator, 1).await, Err(Error::Dead { generation: 1, .. })));
        assert_eq!(hands.written(ID, "command 1"), effects);
        let (_, hand) = bound(&hands, 2).await;
        assert_eq!(hand.ensure(call(1)).await, Ok(Ended::Lost));
        assert_eq!(hands.ledger().len(), 1);
        assert_eq!(hands.deaths()[0].cause, Cause::Fault);

        let again = Call { name: "write".to_owned(), rerun: true, ..call(2) };
        hands.faults(ID, next(fault));
        assert!(hand.ensure(again.clone()).await.is_err());
        let (_, hand) = bound(&hands, 3).await;
        let text = "did: write command 2";
        assert_eq!(hand.ensure(again).await, Ok(Ended::Outcome(Outcome::text(text))));
        assert_eq!(hands.written(ID, "command 2"), 1);
        assert_eq!(hands.ledger().len(), 3);
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_breaks_says_nothing_about_the_call() {
    let hands = hands();
    let (locator, hand) = bound(&hands, 1).await;
    for (number, fault) in [(1, CallFault::CutBefore), (2, CallFault::CutAfter)] {
        hands.faults(ID, next(fault));
        let hand = hands.attach(locator.clone(), 1).await.unwrap();
        assert!(matches!(hand.ensure(call(number)).await, Err(Error::Disconnected(_))));
        let hand = hands.attach(locator.clone(), 1).await.unwrap();
        assert_eq!(hand.ensure(call(number)).await, did(number));
        assert_eq!(hands.written(ID, &format!("command {number}")), 1);
    }
    assert!(hand.ensure(call(3)).await.is_err(), "the first connection broke as well");
}

#[tokio::test(start_paused = true)]
async fn a_running_call_is_killed_and_one_that_is_not_running_is_sealed() {
    let hands = hands();
    let (_, hand) = bound(&hands, 1).await;
    let stop = async {
        tokio::time::sleep(Duration::from_millis(40)).await;
        hand.cancel(EventId(1)).await.unwrap();
    };
    let (ended, ()) = tokio::join!(hand.ensure(call(1)), stop);
    let killed = Outcome::error("killed: bash command 1");
    assert_eq!(ended, Ok(Ended::Outcome(killed)));
    hand.cancel(EventId(1)).await.unwrap();
    hand.cancel(EventId(2)).await.unwrap();
    assert_eq!(hand.ensure(call(2)).await, Ok(Ended::Sealed));
    assert_eq!(hands.ledger().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_an_earlier_hand_began_is_not_sealed_but_lost() {
    let hands = hands();
    let (_, hand) = bound(&hands, 1).await;
    hands.faults(ID, next(CallFault::DiesAfter));
    hand.ensure(call(1)).await.unwrap_err();
    let (_, hand) = bound(&hands, 2).await;
    hand.cancel(EventId(1)).await.unwrap();
    assert_eq!(hand.ensure(call(1)).await, Ok(Ended::Lost));
}

#[tokio::test(start_paused = true)]
async fn a_call_is_killed_at_its_deadline() {
    let hands = hands();
    let (_, hand) = bound(&hands, 1).await;
    let late = Outcome::error("timed out: bash command 1");
    let ended = hand.ensure(Call { deadline: 50_000, ..call(1) }).await;
    assert_eq!(ended, Ok(Ended::Outcome(late)));
}

#[tokio::test(start_paused = true)]
async fn older_epochs_and_generations_are_refused() {
    let hands = hands();
    let (first, old) = bound(&hands, 1).await;
    hands.attach(first.clone(), 2).await.unwrap();
    assert!(matches!(old.ensure(call(1)).await, Err(Error::Fenced(_))));
    assert!(matches!(hands.attach(first.clone(), 1).await, Err(Error::Fenced(_))));
    assert!(matches!(hands.provision(spec(1, 2)).await, Err(Error::Fenced(_))));
    hands.provision(spec(2, 2)).await.unwrap();
    assert_eq!(hands.living(ID), [2]);
    assert!(matches!(hands.attach(first, 2).await, Err(Error::Dead { .. })));
    assert!(matches!(hands.provision(spec(2, 1)).await, Err(Error::Fenced(_))));
    assert!(hands.ledger().is_empty());
}

#[tokio::test(start_paused = true)]
async fn hands_refuse_to_start_and_to_answer_as_often_as_they_are_told() {
    let hands = hands();
    hands.faults(ID, HandFaults { starts: 1, attaches: 2, ..HandFaults::default() });
    assert!(matches!(hands.provision(spec(1, 1)).await, Err(Error::Start(_))));
    let locator = hands.provision(spec(1, 1)).await.unwrap();
    for _ in 0..2 {
        let refused = hands.attach(locator.clone(), 1).await;
        assert!(matches!(refused, Err(Error::Disconnected(_))));
    }
    assert!(hands.attach(locator, 1).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn destroying_retiring_and_crashing_end_hands_for_their_own_reasons() {
    let hands = hands();
    let (first, _) = bound(&hands, 1).await;
    hands.destroy(first.clone()).await.unwrap();
    hands.destroy(first).await.unwrap();
    let (_, second) = bound(&hands, 2).await;
    let retire = async {
        tokio::time::sleep(Duration::from_millis(10)).await;
        second.retire().await
    };
    let (ended, retired) = tokio::join!(second.ensure(call(1)), retire);
    assert!(ended.is_err() && retired.is_ok());
    let (_, third) = bound(&hands, 3).await;
    let killed = Outcome::error("killed: bash command 1");
    assert_eq!(third.ensure(call(1)).await, Ok(Ended::Outcome(killed)));
    hands.crash();
    let causes: Vec<Cause> = hands.deaths().into_iter().map(|death| death.cause).collect();
    assert_eq!(causes, [Cause::Destroyed, Cause::Retired, Cause::Crashed]);
    assert!(hands.living(ID).is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_destroy_that_fails_leaves_a_living_hand_and_is_nothing_to_a_dead_one() {
    let hands = hands();
    let (locator, _) = bound(&hands, 1).await;
    hands.faults(ID, HandFaults { destroys: 2, ..HandFaults::default() });
    let refused = hands.destroy(locator.clone()).await;
    assert!(matches!(refused, Err(Error::Disconnected(_))));
    assert_eq!((hands.living(ID), hands.spared()), (vec![1], 1));
    hands.kill(&locator);
    hands.destroy(locator).await.unwrap();
    assert_eq!(hands.spared(), 1);
}

#[tokio::test(start_paused = true)]
async fn calls_of_one_seed_take_the_same_time_and_end_the_same_way() {
    let ends = |seed| async move {
        let clock = SimClock::running();
        let hands = SimHands::new(clock.clone(), seed);
        let (_, hand) = bound(&hands, 1).await;
        let mut ends = Vec::new();
        for number in 0..20 {
            let input = json!({ "command": format!("command {number}") });
            let ended = hand.ensure(Call { input, ..call(number) }).await.unwrap();
            ends.push((clock.now(), ended));
        }
        ends
    };
    assert_eq!(ends(1).await, ends(1).await);
    assert_ne!(ends(1).await, ends(2).await);
}
