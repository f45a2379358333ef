//! The session actor: the only one that appends to its log.
//!
//! One append is in flight. Commands that arrive meanwhile are decided on the tentative state,
//! which holds what is not durable yet, and go together as the next append. Nothing is published,
//! handed out or answered before it is durable.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use planaria_core::port::env::Env;
use planaria_core::port::store::{Head, Put, Refusal, Store, Txn};
use planaria_core::session::{Command, SessionState, decide, effects, evolve};
use planaria_core::{Record, SessionId};
use planaria_supervisor::{ExitReason, Flow, Scope, Worker};
use ractor::ActorRef;
use tokio::sync::{OwnedSemaphorePermit, oneshot};

use crate::error::Error;
use crate::harness::{HarnessMsg, Reconcile};
use crate::journal::{CommitError, Journal};
use crate::limits::{APPEND_RECORDS_MAX, SNAPSHOT_EVERY};
use crate::load::{Loaded, keep, load};
use crate::quiet::Quiet;
use crate::slot::Slot;
use crate::view::{Condition, Shared, View};
use crate::waker::WakerMsg;

/// The records that a command led to.
pub(crate) type Reply = oneshot::Sender<Result<Vec<Record>, Error>>;

/// A command on its way, with everybody who cares.
pub(crate) struct Order {
    pub command: Command,
    pub reply: Option<Reply>,
    /// Catalog entries to write with the records.
    pub puts: Vec<Put>,
    /// Catalog keys that must be absent.
    pub absent: Vec<Vec<u8>>,
    pub permit: Option<OwnedSemaphorePermit>,
}

impl Order {
    pub fn report(command: Command) -> Self {
        Self { command, reply: None, puts: Vec::new(), absent: Vec::new(), permit: None }
    }
}

pub(crate) enum SessionMsg {
    Order(Box<Order>),
    Loaded(Result<Box<Loaded>, Error>),
    Committed(Result<Head, CommitError>),
    /// A harness has started and takes over what is open.
    Harness {
        name: String,
        version: u32,
        harness: ActorRef<HarnessMsg>,
    },
    /// Nothing was heard for a while after the `heard`th message.
    Quiet {
        heard: u64,
    },
    /// End, if nothing was heard since and nothing is to be done; answers with what the session is.
    /// Nobody can send a command while this is under way.
    Rest {
        heard: u64,
        reply: oneshot::Sender<Option<Rested>>,
    },
}

/// What a session was when it ended of its own accord.
pub(crate) struct Rested {
    pub state: Arc<SessionState>,
    /// How far its last snapshot reaches.
    pub snapshot: u64,
}

/// What a session actor needs of its surroundings.
#[derive(Clone)]
pub(crate) struct SessionDeps {
    pub id: SessionId,
    pub store: Arc<dyn Store>,
    pub journal: Journal,
    pub env: Arc<dyn Env>,
    pub shared: Shared,
    pub waker: Slot<WakerMsg>,
    /// How long it hears nothing before it asks to be put to sleep.
    pub passivate_after: Option<Duration>,
}

struct Waiting {
    records: Vec<Record>,
    puts: Vec<Put>,
    absent: Vec<Vec<u8>>,
    reply: Option<Reply>,
    _permit: Option<OwnedSemaphorePermit>,
}

#[derive(Default)]
struct Append {
    waiting: Vec<Waiting>,
    records: usize,
}

/// The actor's state.
pub(crate) struct SessionActor {
    deps: SessionDeps,
    epoch: u64,
    loaded: bool,
    durable: SessionState,
    tentative: SessionState,
    /// How far the last snapshot reaches.
    snapshot: u64,
    in_flight: Option<Append>,
    next: Append,
    early: VecDeque<SessionMsg>,
    quiet: Quiet,
    /// The harness that has taken over last, and the position up to which all must be durable
    /// before it is told what to do: what was in flight before is another's.
    harness: Option<ActorRef<HarnessMsg>>,
    claimed: u64,
    scope: Scope,
}

impl SessionActor {
    /// Starts to fold the log; commands wait until that is done.
    pub fn new(deps: SessionDeps, me: &ActorRef<SessionMsg>, scope: Scope) -> Self {
        deps.shared.condition(Condition::Starting);
        let (store, id, me) = (deps.store.clone(), deps.id, me.clone());
        let journal = deps.journal.clone();
        scope.spawn(async move {
            // What the session before has sent and did not live to see is part of the log now, or
            // never will be.
            let state = match journal.settle().await {
                Ok(()) => load(store.as_ref(), id).await.map(Box::new),
                Err(_) => Err(Error::Interrupted { session: id }),
            };
            let _ = me.cast(SessionMsg::Loaded(state));
        });
        Self {
            epoch: deps.store.next_epoch(),
            quiet: Quiet::new(deps.passivate_after),
            deps,
            loaded: false,
            durable: SessionState::default(),
            tentative: SessionState::default(),
            snapshot: 0,
            in_flight: None,
            next: Append::default(),
            early: VecDeque::new(),
            harness: None,
            claimed: 0,
            scope,
        }
    }

    fn loaded(&mut self, me: &ActorRef<SessionMsg>, loaded: Loaded) -> Result<Flow, String> {
        let Loaded { state, snapshot } = loaded;
        self.loaded = true;
        self.snapshot = snapshot;
        self.tentative = state.clone();
        self.durable = state;
        self.publish();
        for message in std::mem::take(&mut self.early) {
            match self.take(me, message)? {
                Flow::Continue => {}
                other => return Ok(other),
            }
        }
        Ok(Flow::Continue)
    }

    /// A log that cannot be used stops its session for good; any other failure is worth a restart.
    fn not_loaded(&self, error: &Error) -> Result<Flow, String> {
        if !error.is_of_the_log() {
            return Err(error.to_string());
        }
        tracing::error!(session = %self.deps.id, %error, "the session is stopped");
        self.deps.shared.condition(Condition::Unreadable(error.to_string()));
        Ok(Flow::StopWith(ExitReason::Normal))
    }

    fn take(&mut self, me: &ActorRef<SessionMsg>, message: SessionMsg) -> Result<Flow, String> {
        match message {
            SessionMsg::Loaded(Ok(loaded)) => return self.loaded(me, *loaded),
            SessionMsg::Loaded(Err(error)) => return self.not_loaded(&error),
            message if !self.loaded => self.early.push_back(message),
            SessionMsg::Order(order) => self.order(*order),
            SessionMsg::Harness { name, version, harness } => {
                let command = Command::Claim { harness: name, version };
                self.order(Order::report(command));
                self.harness = Some(harness);
                self.claimed = self.tentative.seq;
                self.reconcile();
            }
            SessionMsg::Committed(result) => self.committed(result)?,
            SessionMsg::Quiet { heard } => {
                if self.quiet.is_over(heard) && self.is_at_rest() {
                    // A waker that is being restarted is asked again after the next silence.
                    let _ = self.deps.waker.cast(WakerMsg::Sleep { id: self.deps.id, heard });
                }
            }
            SessionMsg::Rest { heard, reply } => return Ok(self.rest(heard, reply)),
        }
        Ok(Flow::Continue)
    }

    /// Whether nothing will happen here until somebody says something.
    fn is_at_rest(&self) -> bool {
        let appends = self.in_flight.is_some() || !self.next.waiting.is_empty();
        self.loaded && !appends && effects(&self.durable).is_empty()
    }

    fn rest(&self, heard: u64, reply: oneshot::Sender<Option<Rested>>) -> Flow {
        let rests = self.quiet.since(heard) && self.is_at_rest();
        let state = self.deps.shared.view.borrow().state.clone();
        let rested = Rested { state, snapshot: self.snapshot };
        match reply.send(rests.then_some(rested)) {
            Ok(()) if rests => Flow::Stop,
            // Whoever asked has gone, and with them what keeps callers away.
            _ => Flow::Continue,
        }
    }

    fn order(&mut self, order: Order) {
        let Order { command, reply, puts, absent, permit } = order;
        match decide(&self.tentative, command, &self.deps.env.stamp()) {
            Err(rejection) => {
                tracing::debug!(session = %self.deps.id, %rejection, "command refused");
                answer(reply, Err(rejection.into()));
            }
            Ok(records) if records.is_empty() => answer(reply, Ok(records)),
            Ok(mut records) => {
                for record in &mut records {
                    record.epoch = self.epoch;
                    evolve(&mut self.tentative, record);
                }
                self.next.records += records.len();
                let waiting = Waiting { records, puts, absent, reply, _permit: permit };
                self.next.waiting.push(waiting);
            }
        }
    }

    /// Sends what is decided to the journal, unless an append is under way.
    fn append(&mut self, me: &ActorRef<SessionMsg>) {
        if !self.loaded || self.in_flight.is_some() || self.next.waiting.is_empty() {
            return;
        }
        let mut append = std::mem::take(&mut self.next);
        if append.records > APPEND_RECORDS_MAX {
            self.next = split(&mut append);
        }
        let records: Vec<Record> = append.waiting.iter().flat_map(|w| w.records.clone()).collect();
        let mut after = self.durable.clone();
        records.iter().for_each(|record| evolve(&mut after, record));
        let txn = Txn {
            session: self.deps.id,
            epoch: self.epoch,
            expected_seq: self.durable.seq,
            records,
            puts: append.waiting.iter_mut().flat_map(|w| std::mem::take(&mut w.puts)).collect(),
            absent: append.waiting.iter_mut().flat_map(|w| std::mem::take(&mut w.absent)).collect(),
            open: !effects(&after).is_empty(),
        };
        self.in_flight = Some(append);
        let (journal, me) = (self.deps.journal.clone(), me.clone());
        self.scope.spawn(async move {
            let result = journal.commit(txn).await;
            let _ = me.cast(SessionMsg::Committed(result));
        });
    }

    fn committed(&mut self, result: Result<Head, CommitError>) -> Result<(), String> {
        let append = self.in_flight.take().expect("a commit answers the append in flight");
        if let Err(error) = result {
            if let CommitError::Refused(Refusal::Exists) = &error {
                self.start_over(append);
                return Ok(());
            }
            if let CommitError::Refused(refusal) = &error {
                let refused = || Err(Error::NotAppended(refusal.to_string()));
                append.waiting.into_iter().for_each(|w| answer(w.reply, refused()));
            }
            // Else whoever waits learns that the outcome is unknown when their reply is dropped.
            // The log is not ours any more, or nobody knows where it stands: die and fold anew.
            return Err(error.to_string());
        }
        for waiting in &append.waiting {
            waiting.records.iter().for_each(|record| evolve(&mut self.durable, record));
        }
        let state = self.publish();
        if state.seq >= self.snapshot + SNAPSHOT_EVERY {
            let (store, id, before) = (self.deps.store.clone(), self.deps.id, self.snapshot);
            self.snapshot = state.seq;
            self.scope.spawn(async move { keep(store.as_ref(), id, &state, before).await });
        }
        for Waiting { records, reply, .. } in append.waiting {
            answer(reply, Ok(records));
        }
        self.reconcile();
        Ok(())
    }

    /// A client's precondition does not hold: nothing was recorded, and the log is still ours. What
    /// was decided on top of it is dropped, and its senders learn that they must look.
    fn start_over(&mut self, append: Append) {
        self.tentative = self.durable.clone();
        self.claimed = self.claimed.min(self.durable.seq);
        self.next = Append::default();
        append.waiting.into_iter().for_each(|w| answer(w.reply, Err(Error::Exists)));
    }

    fn publish(&self) -> Arc<SessionState> {
        let state = Arc::new(self.durable.clone());
        let view = View { state: state.clone(), condition: Condition::Awake };
        self.deps.shared.view.send_replace(view);
        state
    }

    /// Tells the harness what must be in flight. Level-triggered: telling it twice is harmless.
    fn reconcile(&self) {
        let Some(harness) = self.harness.as_ref().filter(|_| self.durable.seq >= self.claimed)
        else {
            return;
        };
        let _ = harness.cast(HarnessMsg::Reconcile(Reconcile {
            attempt: self.durable.attempt,
            seq: self.durable.seq,
            effects: effects(&self.durable),
        }));
    }
}

impl Worker for SessionActor {
    type Message = SessionMsg;

    fn handle(&mut self, me: &ActorRef<SessionMsg>, message: SessionMsg) -> Result<Flow, String> {
        if !matches!(message, SessionMsg::Quiet { .. } | SessionMsg::Rest { .. }) {
            self.quiet.hear();
        }
        let flow = self.take(me, message)?;
        self.append(me);
        if self.is_at_rest() {
            self.quiet.begin(&self.scope, me);
        }
        Ok(flow)
    }
}

fn answer(reply: Option<Reply>, result: Result<Vec<Record>, Error>) {
    if let Some(reply) = reply {
        // A caller that has gone does not need its answer.
        let _ = reply.send(result);
    }
}

/// Keeps the first commands of an append that is too long and gives back the others.
fn split(append: &mut Append) -> Append {
    let mut records = 0;
    let keep = append
        .waiting
        .iter()
        .take_while(|waiting| {
            records += waiting.records.len();
            records <= APPEND_RECORDS_MAX
        })
        .count();
    let rest = append.waiting.split_off(keep.max(1));
    let records = rest.iter().map(|w| w.records.len()).sum();
    Append { waiting: rest, records }
}
