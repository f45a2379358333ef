//! The suite against drivers that each do one thing wrong: the story about it must notice.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt;
use planaria_core::EventId;
use planaria_core::port::BoxFuture;
use planaria_core::port::sandbox::{Call, Driver, Ended, Error, Hand, Isolation, Locator, Spec};
use planaria_core::tool::Outcome;

use super::{Bench, CALL, OTHER, SESSION, STORIES, conformance};
use crate::sandbox::SimHands;
use crate::sandbox::sim::tests::Sim;

/// What is done wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wrong {
    RunsWhatHasEnded,
    DiesWithItsConnection,
    RunsOneCallAtATime,
    ForgetsSeals,
    CancelsNothingThatRuns,
    FencesNobody,
    RunsLostCalls,
    RunsNothingAgain,
    SealsLostCalls,
    ForgetsOutcomes,
    LosesFiles,
    DestroysNothing,
    RetiresNothing,
    SaysNothing,
}

/// Each wrong with the story that is about it.
const WRONGS: &[(Wrong, &str)] = &[
    (Wrong::RunsWhatHasEnded, "a_call_runs_once_however_often_it_is_asked_for"),
    (
        Wrong::DiesWithItsConnection,
        "a_dropped_connection_leaves_a_call_running_and_its_outcome_is_collected_later",
    ),
    (Wrong::RunsOneCallAtATime, "two_calls_run_at_the_same_time"),
    (Wrong::ForgetsSeals, "a_call_that_is_cancelled_before_it_starts_never_starts"),
    (Wrong::CancelsNothingThatRuns, "a_running_call_that_is_cancelled_ends_and_says_so"),
    (Wrong::FencesNobody, "a_server_with_a_lower_epoch_is_fenced"),
    (Wrong::RunsLostCalls, "a_call_of_a_crashed_hand_is_lost"),
    (Wrong::RunsNothingAgain, "a_call_of_a_crashed_hand_runs_again_where_that_is_allowed"),
    (Wrong::SealsLostCalls, "a_lost_call_that_is_cancelled_is_not_run_again"),
    (Wrong::ForgetsOutcomes, "an_outcome_survives_its_hand"),
    (Wrong::LosesFiles, "the_next_generation_finds_the_files"),
    (Wrong::DestroysNothing, "a_destroyed_hand_is_dead"),
    (Wrong::RetiresNothing, "a_retired_hand_is_dead_and_its_calls_have_ended"),
    (Wrong::SaysNothing, "the_driver_says_what_it_is"),
];

/// The simulated hands with one thing wrong.
struct Mutant {
    sim: Sim,
    wrong: Wrong,
}

impl Bench for Mutant {
    fn driver(&self) -> Arc<dyn Driver> {
        Arc::new(Driven { hands: self.sim.hands.clone(), wrong: self.wrong })
    }

    fn blocking(&self, id: EventId, rerun: bool) -> Call {
        self.sim.blocking(id, rerun)
    }

    fn quick(&self, id: EventId) -> Call {
        self.sim.quick(id)
    }

    fn keep(&self, id: EventId, text: &str) -> Call {
        self.sim.keep(id, text)
    }

    fn recall(&self, id: EventId) -> Call {
        self.sim.recall(id)
    }

    fn started(&self, call: EventId) -> BoxFuture<'_, ()> {
        self.sim.started(call)
    }

    fn release(&self, call: EventId) {
        self.sim.release(call);
    }

    fn runs(&self, call: EventId) -> usize {
        self.sim.runs(call)
    }

    fn crash(&self, locator: &Locator) {
        self.sim.crash(locator);
    }
}

struct Driven {
    hands: SimHands,
    wrong: Wrong,
}

impl Driver for Driven {
    fn name(&self) -> &str {
        self.hands.name()
    }

    fn isolation(&self) -> Isolation {
        let isolation = self.hands.isolation();
        match self.wrong {
            Wrong::SaysNothing => Isolation { summary: String::new(), ..isolation },
            _ => isolation,
        }
    }

    fn provision(&self, spec: Spec) -> BoxFuture<'_, Result<Locator, Error>> {
        for call in [CALL, OTHER] {
            match (self.wrong, self.hands.journaled(SESSION, call)) {
                (Wrong::ForgetsOutcomes, Some(Ended::Outcome(_)))
                | (Wrong::ForgetsSeals, Some(Ended::Sealed)) => self.hands.forget(SESSION, call),
                _ => {}
            }
        }
        self.hands.provision(spec)
    }

    fn attach(&self, locator: Locator, epoch: u64) -> BoxFuture<'_, Result<Arc<dyn Hand>, Error>> {
        Box::pin(async move {
            let hand = match self.hands.attach(locator.clone(), epoch).await {
                Err(Error::Fenced(_)) if self.wrong == Wrong::FencesNobody => {
                    self.hands.attach(locator.clone(), u64::MAX).await?
                }
                attached => attached?,
            };
            let (hands, wrong) = (self.hands.clone(), self.wrong);
            let turn = tokio::sync::Mutex::new(());
            Ok(Arc::new(Held { hand, hands, locator, wrong, turn }) as Arc<dyn Hand>)
        })
    }

    fn destroy(&self, locator: Locator) -> BoxFuture<'_, Result<(), Error>> {
        match self.wrong {
            Wrong::DestroysNothing => Box::pin(async { Ok(()) }),
            _ => self.hands.destroy(locator),
        }
    }
}

/// A connection to such a hand.
struct Held {
    hand: Arc<dyn Hand>,
    hands: SimHands,
    locator: Locator,
    wrong: Wrong,
    turn: tokio::sync::Mutex<()>,
}

impl Drop for Held {
    fn drop(&mut self) {
        if self.wrong == Wrong::DiesWithItsConnection {
            self.hands.kill(&self.locator);
        }
    }
}

impl Hand for Held {
    fn ensure(&self, mut call: Call) -> BoxFuture<'_, Result<Ended, Error>> {
        Box::pin(async move {
            let ended = self.hands.journaled(SESSION, call.id);
            let again = self.locator.generation > 1;
            let mut turn = None;
            match self.wrong {
                Wrong::RunsOneCallAtATime => turn = Some(self.turn.lock().await),
                Wrong::RunsLostCalls => call.rerun = true,
                Wrong::RunsNothingAgain => call.rerun = false,
                Wrong::RunsWhatHasEnded if matches!(ended, Some(Ended::Outcome(_))) => {
                    self.hands.forget(SESSION, call.id);
                }
                Wrong::LosesFiles if again && call.id == OTHER => {
                    return Ok(Ended::Outcome(Outcome::text("gone")));
                }
                _ => {}
            }
            let ended = self.hand.ensure(call).await;
            drop(turn);
            ended
        })
    }

    fn cancel(&self, call: EventId) -> BoxFuture<'_, Result<(), Error>> {
        let runs = self.hands.ledger().iter().any(|run| run.call == call);
        match self.wrong {
            Wrong::CancelsNothingThatRuns if runs => return Box::pin(async { Ok(()) }),
            Wrong::SealsLostCalls if self.locator.generation > 1 => {
                self.hands.forget(SESSION, call)
            }
            _ => {}
        }
        self.hand.cancel(call)
    }

    fn retire(&self) -> BoxFuture<'_, Result<(), Error>> {
        match self.wrong {
            Wrong::RetiresNothing => Box::pin(async { Ok(()) }),
            _ => self.hand.retire(),
        }
    }
}

/// Runs the suite against a driver that does this wrong; the story that notices.
async fn noticed(wrong: Wrong) -> String {
    let run = conformance(move || Mutant { sim: Sim::new(), wrong });
    let panic = AssertUnwindSafe(run).catch_unwind().await;
    let panic = panic.expect_err(&format!("{wrong:?} was not noticed"));
    let text = panic.downcast_ref::<String>().expect("a panic with a text");
    text.split(": ").next().unwrap_or_default().to_owned()
}

#[tokio::test(start_paused = true)]
async fn each_thing_done_wrong_is_noticed_by_the_story_about_it() {
    for (wrong, story) in WRONGS {
        assert_eq!(noticed(*wrong).await, *story, "{wrong:?}");
    }
}

#[test]
fn every_story_has_a_driver_that_it_refuses() {
    let stories: Vec<&str> = STORIES.iter().map(|(name, _)| *name).collect();
    assert_eq!(WRONGS.iter().map(|(_, story)| *story).collect::<Vec<_>>(), stories);
}
