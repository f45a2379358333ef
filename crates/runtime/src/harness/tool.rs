//! One tool call: see to its end at the session's hand, whatever happens to hands on the way.
//!
//! The same steps serve a call that is new, one that was running when another harness died, and one
//! that is to stop: `ensure` starts, joins or collects, and never runs a call twice.

use std::time::Duration;

use planaria_core::EventId;
use planaria_core::limits::{CALL_DEADLINE, CALL_DEADLINE_MAX, CALL_GRACE, CANCEL_WAIT, MS};
use planaria_core::port::BoxFuture;
use planaria_core::port::sandbox::{Call, Ended, Error};
use planaria_core::record::payload::ToolUse;
use planaria_core::session::Command;
use planaria_core::tool::{EffectClass, Outcome};
use tokio::sync::{oneshot, watch};

use super::{HarnessDeps, Key};
use crate::limits::{ATTACH_WAIT, DESTROY_TRIES, DESTROY_WAIT, HAND_TRIES, READ_TRIES, READ_WAIT};
use crate::sandbox::BoundHand;

/// The tool that is one per session.
const SHELL: &str = "bash";

pub(super) struct Job {
    pub key: Key,
    pub call: EventId,
    pub use_seq: u64,
    pub name: String,
    pub class: EffectClass,
    pub turn: Turn,
}

pub(super) async fn run(
    deps: &HarnessDeps,
    mut job: Job,
    mut cancelled: watch::Receiver<Option<u64>>,
) {
    let (effect, attempt) = job.key;
    let call = input(deps, &job).await;
    job.turn.come(&mut cancelled).await;
    let ended = see_to(deps, &job, call, &mut cancelled).await;
    deps.report(Command::ToolEnded { effect, attempt, ended });
}

/// The call, with its input as the log has it.
async fn input(deps: &HarnessDeps, job: &Job) -> Call {
    let ToolUse { input, .. } = read_use(deps, job).await;
    let asked = input.get("timeout_ms").and_then(serde_json::Value::as_u64);
    let deadline = asked.map_or(CALL_DEADLINE, |ms| ms.saturating_mul(MS)).min(CALL_DEADLINE_MAX);
    Call { id: job.call, name: job.name.clone(), input, deadline, rerun: job.class.may_rerun() }
}

/// Reads the call's use from the log, again where that may help.
///
/// # Panics
/// When it cannot be read. The call may have run already, so its result cannot be made up here: the
/// harness dies, and its successors find the outcome, or the session is parked.
pub(super) async fn read_use(deps: &HarnessDeps, job: &Job) -> ToolUse {
    let mut wait = READ_WAIT;
    let mut problem = String::new();
    for _ in 0..READ_TRIES {
        match deps.store.read(deps.id, job.use_seq, 1).await {
            Ok(page) => match page.first().map(planaria_core::Record::parse) {
                Some(Ok(tool_use)) => return tool_use,
                Some(Err(error)) => panic!("the call cannot be read: {error}"),
                None => panic!("the call of record {} is not in the log", job.use_seq),
            },
            Err(error) => problem = error.to_string(),
        }
        tokio::time::sleep(wait).await;
        wait *= 2;
    }
    panic!("the call cannot be read: {problem}")
}

/// A place in the queue for the session's one shell. Its calls are sent one at a time, in the order
/// in which they were called for: waiting for the shell does not use up a call's own time, and what
/// one call leaves behind in the shell is there for the next.
pub(super) struct Turn {
    before: Option<oneshot::Receiver<()>>,
    /// Dropped when this call is over, which lets the next one go.
    _after: Option<oneshot::Sender<()>>,
}

impl Turn {
    /// The next place in the queue that ends at `tail`; other tools than the shell do not queue.
    pub fn next(tool: &str, tail: &mut Option<oneshot::Receiver<()>>) -> Self {
        if tool != SHELL {
            return Self::none();
        }
        let (after, next) = oneshot::channel();
        Self { before: tail.replace(next), _after: Some(after) }
    }

    /// For a call that does not queue.
    pub fn none() -> Self {
        Self { before: None, _after: None }
    }

    /// Waits for the calls before. A call that is to stop does not wait: it may run already.
    async fn come(&mut self, cancelled: &mut watch::Receiver<Option<u64>>) {
        if let Some(before) = self.before.take()
            && cancelled.borrow().is_none()
        {
            tokio::select! { biased;
                _ = before => {}
                () = changed(cancelled) => {}
            }
        }
    }
}

/// Waits for the request to stop the call. When the harness is gone it waits until it is ended
/// itself: what a successor is to find must not be touched any more.
pub(super) async fn changed(cancelled: &mut watch::Receiver<Option<u64>>) {
    if cancelled.changed().await.is_err() {
        std::future::pending().await
    }
}

async fn see_to(
    deps: &HarnessDeps,
    job: &Job,
    call: Call,
    cancelled: &mut watch::Receiver<Option<u64>>,
) -> Ended {
    for _ in 0..HAND_TRIES {
        let cancel_by = *cancelled.borrow_and_update();
        let hand = match cancel_by {
            // A call that is to stop must not wait for ever for a hand either.
            Some(by) => tokio::select! { biased;
                hand = deps.sandboxes.hand(deps.id) => hand,
                () = deps.sleep_until(by, CANCEL_WAIT) => return stop(deps).await,
            },
            None => tokio::select! { biased;
                hand = deps.sandboxes.hand(deps.id) => hand,
                () = changed(cancelled) => continue,
            },
        };
        let hand = match hand {
            Ok(hand) => hand,
            Err(problem) => return no_hand(deps, &problem),
        };
        match attend(deps, &hand, &call, cancelled).await {
            Ok(ended) => return ended,
            Err(Error::Refused(problem)) => return Ended::Outcome(Outcome::error(problem)),
            Err(error) => {
                let call = job.call;
                tracing::info!(session = %deps.id, %call, %error, "looking for the hand again");
                deps.sandboxes.mistrust(deps.id, hand.generation);
                tokio::time::sleep(ATTACH_WAIT).await;
            }
        }
    }
    stop(deps).await
}

/// No hand can be had. Where there was one before, nobody knows whether it ran the call.
fn no_hand(deps: &HarnessDeps, problem: &str) -> Ended {
    let never_had_one = deps.shared.view.borrow().state.hand.is_none();
    Ended::Outcome(Outcome::error(if never_had_one {
        format!("The call did not run, because no sandbox could be started: {problem}.")
    } else {
        format!(
            "No sandbox could be reached, so the outcome is unknown: {problem}. If an earlier \
             sandbox ran the call, it may have taken effect. Look before you repeat it."
        )
    }))
}

/// Waits at one hand for the end of the call; stops it when asked to, fences a hand that hangs.
async fn attend(
    deps: &HarnessDeps,
    hand: &BoundHand,
    call: &Call,
    cancelled: &mut watch::Receiver<Option<u64>>,
) -> Result<Ended, Error> {
    let overdue = Duration::from_micros(call.deadline + CALL_GRACE);
    let mut cancel_by = *cancelled.borrow_and_update();
    // A call that is to stop is cancelled before `ensure`, so that one that never started is sealed
    // instead of begun.
    if let Some(by) = cancel_by
        && !cancel_within(deps, hand, call, by).await?
    {
        return Ok(stop(deps).await);
    }
    let mut cancel: Option<BoxFuture<'_, Result<bool, Error>>> = None;
    let ensure = hand.hand.ensure(call.clone());
    tokio::pin!(ensure);
    let hung = tokio::time::sleep(overdue);
    tokio::pin!(hung);
    loop {
        let by = cancel_by.unwrap_or(u64::MAX);
        tokio::select! { biased;
            ended = &mut ensure => return ended,
            asked = async { cancel.as_mut().expect("guarded").await }, if cancel.is_some() => {
                cancel = None;
                if !asked? {
                    break;
                }
            }
            () = changed(cancelled), if cancel_by.is_none() => {
                cancel_by = *cancelled.borrow_and_update();
                cancel = cancel_by.map(|by| cancel_within(deps, hand, call, by));
            }
            () = deps.sleep_until(by, CANCEL_WAIT), if cancel_by.is_some() => break,
            () = &mut hung => break,
        }
    }
    // It neither ended nor stopped in time.
    Ok(stop(deps).await)
}

/// Asks a hand to stop a call; false when it does not even take the request in time.
fn cancel_within<'a>(
    deps: &'a HarnessDeps,
    hand: &'a BoundHand,
    call: &'a Call,
    by: u64,
) -> BoxFuture<'a, Result<bool, Error>> {
    Box::pin(async move {
        tokio::select! { biased;
            asked = hand.hand.cancel(call.id) => asked.map(|()| true),
            () = deps.sleep_until(by, CANCEL_WAIT) => Ok(false),
        }
    })
}

/// Ends a call by ending the hand that may run it: only one that is proved dead leaves nothing
/// behind. What cannot be killed is said to be running perhaps.
async fn stop(deps: &HarnessDeps) -> Ended {
    let mut wait = DESTROY_WAIT;
    let mut problem = String::new();
    for _ in 0..DESTROY_TRIES {
        let hand = deps.shared.view.borrow().state.hand.clone();
        // Without a hand nothing was ever started.
        let Some(hand) = hand else { return Ended::Sealed };
        match deps.sandboxes.destroy(deps.id, hand.generation).await {
            Ok(()) => return Ended::Lost,
            Err(error) => problem = error,
        }
        tokio::time::sleep(wait).await;
        wait *= 2;
    }
    tracing::error!(session = %deps.id, %problem, "a hand could not be killed");
    Ended::Outcome(Outcome::error(format!(
        "The outcome is unknown, and the call may still be running: its sandbox could not be \
         stopped ({problem}). Look at the state of things before you repeat it."
    )))
}
