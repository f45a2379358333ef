//! Wakes the sessions that have something open, puts those to sleep that have nothing to do, and
//! parks those whose restart budget is spent.
//!
//! It starts last, and again whenever a part below it was replaced. What it was doing when it died
//! it finds again: a session that was to be parked is still among the open ones.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::{FutureExt, StreamExt};
use planaria_core::SessionId;
use planaria_core::port::store::{Error as StoreError, Refusal, Txn};
use planaria_core::record::payload::Genesis;
use planaria_core::session::{Call, Command, Phase, SessionState, decide, effects, evolve};
use planaria_core::tool::Runner;
use planaria_supervisor::{DynamicRef, Flow, Scope, Worker};
use ractor::ActorRef;
use tokio::sync::Semaphore;

use crate::journal::CommitError;
use crate::limits::{
    PARK_TRIES, SLEEPS_AT_ONCE, START_WAIT, WAKER_WAIT, WAKER_WAIT_MAX, WAKES_AT_ONCE,
};
use crate::passivate::Dormitory;
use crate::tree::Parts;
use crate::view::Condition;

pub(crate) enum WakerMsg {
    /// The session's supervisor has given up.
    Park { id: SessionId, reason: String },
    /// The session has had nothing to do since its `heard`th message.
    Sleep { id: SessionId, heard: u64 },
    /// Somebody watches a session that sleeps.
    Show(SessionId),
}

/// The actor's state.
pub(crate) struct Waker {
    dormitory: Dormitory,
    /// Bounds the sessions that are put to sleep or shown at the same time.
    places: Arc<Semaphore>,
    scope: Scope,
}

impl Waker {
    /// Starts to wake at once, beside its mailbox.
    pub fn new(dormitory: Dormitory, scope: Scope) -> Self {
        scope.spawn(wake_open(dormitory.parts.clone(), dormitory.sessions.clone()));
        Self { dormitory, places: Arc::new(Semaphore::new(SLEEPS_AT_ONCE)), scope }
    }

    fn park(&self, id: SessionId, reason: String) {
        let parts = self.dormitory.parts.clone();
        self.scope.spawn(async move {
            persist(&parts, id, "parked", || park(&parts, id, &reason)).await;
        });
    }
}

impl Worker for Waker {
    type Message = WakerMsg;

    fn handle(&mut self, _: &ActorRef<WakerMsg>, message: WakerMsg) -> Result<Flow, String> {
        let (dormitory, places) = (self.dormitory.clone(), self.places.clone());
        match message {
            WakerMsg::Park { id, reason } => self.park(id, reason),
            WakerMsg::Sleep { id, heard } => drop(self.scope.spawn(async move {
                let _place = places.acquire().await;
                dormitory.put_to_sleep(id, heard).await;
            })),
            WakerMsg::Show(id) => drop(self.scope.spawn(async move {
                let _place = places.acquire().await;
                dormitory.show(id).await;
            })),
        }
        Ok(Flow::Continue)
    }
}

/// Does something for one session until it is done. A panic on the way is that session's: its log
/// is what this program cannot deal with, and nobody else's.
async fn persist<F>(parts: &Parts, id: SessionId, what: &str, mut work: impl FnMut() -> F)
where
    F: Future<Output = Result<(), String>>,
{
    let mut wait = WAKER_WAIT;
    loop {
        match AssertUnwindSafe(work()).catch_unwind().await {
            Ok(Ok(())) => return,
            Ok(Err(problem)) => {
                tracing::warn!(session = %id, %problem, "not {what} yet");
            }
            Err(panic) => {
                let words = panic.downcast_ref::<String>().cloned();
                let words = words.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string));
                let problem = format!("could not be {what}: {}", words.unwrap_or_default());
                tracing::error!(session = %id, %problem, "the session is stopped");
                parts.registry.entry(id).shared.condition(Condition::Unreadable(problem));
                return;
            }
        }
        tokio::time::sleep(wait).await;
        wait = (wait * 2).min(WAKER_WAIT_MAX);
    }
}

async fn wake_open(parts: Arc<Parts>, sessions: DynamicRef<SessionId>) {
    let mut wait = WAKER_WAIT;
    let open = loop {
        // An append of before may still be on its way, and open a session that is not open yet.
        match (parts.journal.settle().await, parts.store.open_sessions().await) {
            (Ok(()), Ok(open)) => break open,
            (Err(error), _) => tracing::warn!(%error, "the journal does not answer yet"),
            (_, Err(error)) => tracing::warn!(%error, "the open sessions are not known yet"),
        }
        tokio::time::sleep(wait).await;
        wait = (wait * 2).min(WAKER_WAIT_MAX);
    };
    let (parts, sessions) = (&parts, &sessions);
    let wakes = futures_util::stream::iter(open)
        .map(|id| persist(parts, id, "woken", move || wake(parts, sessions, id)));
    wakes.buffer_unordered(WAKES_AT_ONCE).for_each(|()| async {}).await;
}

/// Starts a session and waits until it is up, so that only so many fold their logs at once.
async fn wake(
    parts: &Parts,
    sessions: &DynamicRef<SessionId>,
    id: SessionId,
) -> Result<(), String> {
    if !is_served(parts, id).await? {
        tracing::info!(session = %id, "left asleep: it is not this runtime's to serve");
        return Ok(());
    }
    let entry = parts.registry.entry(id);
    let mut view = entry.shared.view.subscribe();
    match sessions.start_child(id).await {
        Ok(_) | Err(planaria_supervisor::Error::AlreadyStarted(_)) => {}
        Err(error) => return Err(error.to_string()),
    }
    let up = view.wait_for(|v| matches!(v.condition, Condition::Awake | Condition::Unreadable(_)));
    if tokio::time::timeout(START_WAIT, up).await.is_err() {
        tracing::warn!(session = %id, "still not up, waking the next");
    }
    Ok(())
}

/// Parking closes running calls as unknown, so nothing may go on running: their hand is killed
/// first.
async fn stop_calls(parts: &Parts, state: &SessionState) -> Result<(), String> {
    let runs = |call: &Call| {
        call.runner == Runner::Hand
            && matches!(call.phase, Phase::Wanted(..) | Phase::Cancelling(..))
    };
    match &state.hand {
        Some(hand) if state.calls.iter().any(runs) => {
            parts.driver.destroy(hand.clone()).await.map_err(|error| error.to_string())
        }
        _ => Ok(()),
    }
}

/// Whether the host wants this session woken, by the labels of its first record. A record that is
/// damaged is woken: its actor says what is wrong.
async fn is_served(parts: &Parts, id: SessionId) -> Result<bool, String> {
    let first = match parts.store.read(id, 1, 1).await {
        Ok(page) => page,
        Err(StoreError::Corrupt { .. }) => return Ok(true),
        Err(error) => return Err(error.to_string()),
    };
    let genesis = first.first().and_then(|record| record.parse::<Genesis>().ok());
    Ok(genesis.is_none_or(|genesis| (parts.serves)(&genesis.metadata)))
}

/// Ends the session's turn in its log, without its actors.
async fn park(parts: &Parts, id: SessionId, reason: &str) -> Result<(), String> {
    let entry = parts.registry.entry(id);
    let shared = &entry.shared;
    for _ in 0..PARK_TRIES {
        if entry.session.get().is_some() {
            // Somebody has woken it, with a budget of its own: if it fails again, it comes again.
            return Ok(());
        }
        parts.journal.settle().await.map_err(|error| error.to_string())?;
        let mut state = match parts.load(id).await {
            Ok(state) => state,
            Err(error) if error.is_of_the_log() => {
                shared.condition(Condition::Unreadable(error.to_string()));
                return Ok(());
            }
            Err(error) => return Err(error.to_string()),
        };
        stop_calls(parts, &state).await?;
        let epoch = parts.store.next_epoch();
        let command = Command::Park { reason: reason.to_owned() };
        let mut records = decide(&state, command, &parts.env.stamp()).map_err(|e| e.to_string())?;
        if records.is_empty() {
            // Its turn has ended without us: whoever watches must hear of it.
            shared.asleep(state);
            return Ok(());
        }
        let expected_seq = state.seq;
        for record in &mut records {
            record.epoch = epoch;
            evolve(&mut state, record);
        }
        let txn = Txn {
            session: id,
            epoch,
            expected_seq,
            records,
            puts: Vec::new(),
            absent: Vec::new(),
            open: !effects(&state).is_empty(),
        };
        match parts.journal.commit(txn).await {
            Ok(_) => {
                tracing::warn!(session = %id, reason, "parked: its restart budget is spent");
                shared.asleep(state);
                return Ok(());
            }
            // A client has woken it meanwhile: look again.
            Err(CommitError::Refused(Refusal::Conflict { .. } | Refusal::Fenced { .. })) => {}
            Err(error) => return Err(error.to_string()),
        }
    }
    Err(format!("its log moved on {PARK_TRIES} times meanwhile"))
}
