//! The runtime as its host sees it.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use planaria_core::agent::Agent;
use planaria_core::context::ContextPolicy;
use planaria_core::event::ClientEvent;
use planaria_core::id::EventId;
use planaria_core::port::sandbox::{Driver, Isolation};
use planaria_core::port::store::{Head, Put, Store, Txn};
use planaria_core::record::payload::{Accepted, Content, Genesis};
use planaria_core::record::{Kind, event_json, queued_json};
use planaria_core::session::{Command, Rejection, SessionState};
use planaria_core::{Record, SessionId};
use ractor::ActorRef;
use tokio::sync::{OwnedSemaphorePermit, broadcast, oneshot, watch};

use crate::builder::Builder;
use crate::error::{End, Error};
use crate::follow::Follower;
use crate::limits::{RETIRE_WAIT, RETIRES_AT_ONCE, START_WAIT};
use crate::node::Node;
use crate::registry::Entry;
use crate::session::{Order, SessionMsg};
use crate::tree::Tree;
use crate::view::{Condition, Preview, View};
use crate::waker::WakerMsg;

/// A supervised runtime. Cheap to clone; the tree ends with [`Runtime::shutdown`].
#[derive(Clone)]
pub struct Runtime {
    pub(crate) tree: Arc<Tree>,
}

/// An accepted client event: its id, and the event as the API shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// The id under which the event appears later.
    pub id: EventId,
    /// JSON; `processed_at` is null while it waits.
    pub event: String,
}

impl Runtime {
    /// A runtime in the making.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// Creates a session. `puts` go into the catalog with it, and `absent` are catalog keys that
    /// must not exist: all or nothing.
    ///
    /// # Errors
    /// [`Error::Rejected`] when the session exists, or when this runtime lacks a tool of its agent;
    /// [`Error::Exists`] when a catalog key does. In either case nothing was recorded.
    /// [`Error::Interrupted`]: nobody knows; read.
    pub async fn create(
        &self,
        genesis: Genesis,
        puts: Vec<Put>,
        absent: Vec<Vec<u8>>,
    ) -> Result<Vec<Record>, Error> {
        let id = genesis.session;
        self.tree.parts.tools.check(&genesis.agent).map_err(Rejection::Invalid)?;
        let command = Command::Create(Box::new(genesis));
        self.order(id, Order { puts, absent, ..Order::report(command) }).await
    }

    /// Creates a session of this agent under a new id, with no title and no labels.
    ///
    /// # Errors
    /// As [`create`](Self::create).
    pub async fn create_session(&self, agent: Agent) -> Result<SessionId, Error> {
        let id = SessionId(self.tree.parts.env.random());
        self.create(Genesis::new(id, agent), Vec::new(), Vec::new()).await?;
        Ok(id)
    }

    /// Sends client events; answers when they are durable.
    ///
    /// # Errors
    /// [`Error::Rejected`]: nothing was recorded. [`Error::Interrupted`]: nobody knows; read.
    pub async fn send(&self, id: SessionId, events: Vec<ClientEvent>) -> Result<Vec<Sent>, Error> {
        let records = self.order(id, Order::report(Command::Send(events))).await?;
        Ok(sent(&records))
    }

    async fn order(&self, id: SessionId, mut order: Order) -> Result<Vec<Record>, Error> {
        let parts = &self.tree.parts;
        if let Some(end) = parts.end.borrow().as_ref() {
            return Err(Error::Ended(end.to_string()));
        }
        let creates = matches!(order.command, Command::Create(_));
        let awake = parts.registry.known(id).is_some_and(|entry| entry.session.get().is_some());
        if !creates && !awake && parts.store.head(id).await?.is_none() {
            return Err(Error::NoSuchSession(id));
        }
        let entry = parts.registry.entry(id);
        order.permit = Some(self.enter(&entry).await?);
        let (reply, answer) = oneshot::channel();
        order.reply = Some(reply);
        self.unreadable(id)?;
        if entry.session.get().is_none() {
            self.tree.start_session(id).await;
        }
        let actor = self.ready(id, &entry).await?;
        let interrupted = || Error::Interrupted { session: id };
        actor.cast(SessionMsg::Order(Box::new(order))).map_err(|_| interrupted())?;
        match answer.await {
            Ok(result) => result,
            Err(_) => Err(self.unreadable(id).err().unwrap_or_else(interrupted)),
        }
    }

    /// A place at the session's door, unless the runtime ends first. Whoever has one will not see
    /// the session go to sleep.
    async fn enter(&self, entry: &Entry) -> Result<OwnedSemaphorePermit, Error> {
        let mut end = self.end();
        tokio::select! { biased;
            place = entry.door.clone().acquire_owned() => {
                place.map_err(|_| Error::Ended("its door is closed".to_owned()))
            }
            _ = end.wait_for(Option::is_some) => Err(Error::Ended("it ended meanwhile".to_owned())),
        }
    }

    /// The session's actor, unless the runtime ends first.
    async fn ready(&self, id: SessionId, entry: &Entry) -> Result<ActorRef<SessionMsg>, Error> {
        let mut end = self.end();
        tokio::select! { biased;
            actor = entry.session.ready(START_WAIT) => actor.ok_or_else(|| {
                let not_ready = Error::NotReady { session: id, seconds: START_WAIT.as_secs() };
                self.unreadable(id).err().unwrap_or(not_ready)
            }),
            _ = end.wait_for(Option::is_some) => Err(Error::Ended("it ended meanwhile".to_owned())),
        }
    }

    fn unreadable(&self, id: SessionId) -> Result<(), Error> {
        let known = self.tree.parts.registry.known(id);
        match known.map(|entry| entry.shared.view.borrow().condition.clone()) {
            Some(Condition::Unreadable(problem)) => Err(Error::Unreadable { session: id, problem }),
            _ => Ok(()),
        }
    }

    /// The session as it stands after its last durable record. Neither claims nor wakes it.
    ///
    /// # Errors
    /// [`Error::NoSuchSession`], or what keeps the log from being read.
    pub async fn state(&self, id: SessionId) -> Result<Arc<SessionState>, Error> {
        self.unreadable(id)?;
        let state = self.tree.state(id).await?;
        if state.seq == 0 { Err(Error::NoSuchSession(id)) } else { Ok(state) }
    }

    /// The session as it stands when everything that was sent before has its fate. For whoever was
    /// interrupted and must know whether to send again. Empty for a session that does not exist.
    ///
    /// # Errors
    /// What keeps the log from being read, or the runtime's end.
    pub async fn settled(&self, id: SessionId) -> Result<Arc<SessionState>, Error> {
        let entry = self.tree.parts.registry.entry(id);
        let _place = self.enter(&entry).await?;
        if entry.session.get().is_none() {
            self.tree.start_session(id).await;
        }
        // The actor that comes up after an interrupted one waits for all that it has sent.
        self.ready(id, &entry).await?;
        let mut view = entry.shared.view.subscribe();
        let up = view.wait_for(|view| !matches!(view.condition, Condition::Starting));
        let up = tokio::time::timeout(START_WAIT, up).await.is_ok();
        self.unreadable(id)?;
        let seconds = START_WAIT.as_secs();
        if !up {
            return Err(Error::NotReady { session: id, seconds });
        }
        let parts = &self.tree.parts;
        parts.journal.settle().await.map_err(|error| Error::Ended(error.to_string()))?;
        Ok(Arc::new(parts.load(id).await?))
    }

    /// The session's published view; it changes with every durable record while the session is
    /// awake, and goes on when it has slept in between. Of a session that sleeps, the state may be
    /// empty until its log has been read for this.
    pub fn watch(&self, id: SessionId) -> watch::Receiver<View> {
        let view = self.hear(id);
        let asleep = matches!(view.borrow().condition, Condition::Asleep);
        if asleep && view.borrow().state.seq == 0 {
            // Best effort: whoever must know at once asks for the state.
            let _ = self.tree.parts.waker.cast(WakerMsg::Show(id));
        }
        view
    }

    /// The view, for those who read the log themselves.
    fn hear(&self, id: SessionId) -> watch::Receiver<View> {
        self.tree.parts.registry.entry(id).shared.view.subscribe()
    }

    /// Records from `from` on, at most `max`.
    ///
    /// # Errors
    /// What keeps the log from being read.
    pub async fn read(&self, id: SessionId, from: u64, max: usize) -> Result<Vec<Record>, Error> {
        Ok(self.tree.parts.store.read(id, from, max).await?)
    }

    /// Follows the session's log from `from` on.
    pub fn follow(&self, id: SessionId, from: u64) -> Follower {
        Follower {
            store: self.tree.parts.store.clone(),
            view: self.hear(id),
            end: self.end(),
            session: id,
            next: from,
        }
    }

    /// Pieces of answers as they arrive, from now on.
    pub fn previews(&self, id: SessionId) -> broadcast::Receiver<Preview> {
        self.tree.parts.registry.entry(id).shared.listen()
    }

    /// Waits until the session's turn has ended, or until it waits for its client, and shows how it
    /// stands. At once for a session that is idle.
    ///
    /// # Errors
    /// [`Error::NoSuchSession`], [`Error::Unreadable`], or the runtime's end.
    pub async fn idle(&self, id: SessionId) -> Result<Arc<SessionState>, Error> {
        let mut view = self.watch(id);
        let mut end = self.end();
        loop {
            // Seen before the state is read, so that a change in between is not missed.
            view.borrow_and_update();
            let state = self.state(id).await?;
            if state.is_idle() {
                return Ok(state);
            }
            tokio::select! { biased;
                changed = view.changed() => {
                    changed.map_err(|_| Error::Ended("nobody writes this session any more".to_owned()))?;
                }
                _ = async { end.wait_for(Option::is_some).await.is_ok() } => {
                    return Err(Error::Ended("it ended meanwhile".to_owned()));
                }
            }
        }
    }

    /// The text of the session's last message: its answer so far. `None` before the first.
    ///
    /// # Errors
    /// [`Error::NoSuchSession`], or what keeps the log from being read.
    pub async fn answer(&self, id: SessionId) -> Result<Option<String>, Error> {
        let state = self.state(id).await?;
        let Some(seq) = state.last_message else { return Ok(None) };
        let records = self.read(id, seq, 1).await?;
        let Some(record) = records.first() else { return Ok(None) };
        let blocks = record.parse::<Content>()?.content;
        let texts = blocks.iter().filter_map(|block| block["text"].as_str());
        Ok(Some(texts.collect::<Vec<_>>().join("\n")))
    }

    /// Chooses the context of model requests in another way from the next request on, in every
    /// session, also in the middle of a turn.
    pub fn set_context_policy(&self, policy: impl ContextPolicy + 'static) {
        self.tree.parts.policy.replace(Arc::new(policy));
    }

    /// The store that this runtime writes to.
    pub fn store(&self) -> Arc<dyn Store> {
        self.tree.parts.store.clone()
    }

    /// What the sandbox driver enforces.
    pub fn isolation(&self) -> Isolation {
        self.tree.parts.driver.isolation()
    }

    /// The supervision tree as it is now. Asks no actor.
    pub fn tree(&self) -> Vec<Node> {
        self.tree.snapshot()
    }

    /// How the runtime ended; `None` while it runs.
    pub fn end(&self) -> watch::Receiver<Option<End>> {
        self.tree.parts.end.subscribe()
    }

    /// Ends the hands of sessions that are idle or asleep, many at the same time; one that does not
    /// say goodbye in time is killed. Hands with running calls live on.
    pub async fn retire_hands(&self) {
        let mut ids = self.tree.parts.sleeping_hands.ids();
        ids.extend(self.tree.parts.registry.ids());
        let retired = futures_util::stream::iter(ids).map(|id| self.retire_hand(id));
        retired.buffer_unordered(RETIRES_AT_ONCE).for_each(|()| async {}).await;
    }

    async fn retire_hand(&self, id: SessionId) {
        // From the log, where no actor is awake to show it.
        let Ok(state) = self.state(id).await else { return };
        let idle = state.is_idle() && state.calls.is_empty();
        let Some(hand) = state.hand.clone().filter(|_| idle) else { return };
        let goodbye = tokio::time::timeout(RETIRE_WAIT, self.tree.sandboxes.retire(id));
        // One that nobody is connected to, or that does not answer, is ended by its driver.
        if !goodbye.await.unwrap_or(false) {
            let killed = self.tree.parts.driver.destroy(hand);
            match tokio::time::timeout(RETIRE_WAIT, killed).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::warn!(session = %id, %error, "a hand is left"),
                Err(_) => tracing::warn!(session = %id, "a hand is left: it does not die"),
            }
        }
    }

    /// Appends behind the back of the session's actor, through the same group commit as its own
    /// appends: for measuring that. An actor that is awake loses its log by it.
    ///
    /// # Errors
    /// [`Error::NotAppended`], in words.
    #[doc(hidden)]
    pub async fn commit(&self, txn: Txn) -> Result<Head, Error> {
        let committed = self.tree.parts.journal.commit(txn).await;
        committed.map_err(|error| Error::NotAppended(error.to_string()))
    }

    /// Stops the tree in reverse order, waiting up to `deadline`. Hands are left alone.
    pub async fn shutdown(&self, deadline: Duration) {
        self.tree.stop(deadline).await;
    }

    /// Faults on purpose; see [`crate::Fault`].
    pub async fn inject(&self, id: SessionId, fault: crate::Fault) -> bool {
        self.tree.inject(id, fault).await
    }
}

/// The client events among the records of a send, in order, each once.
fn sent(records: &[Record]) -> Vec<Sent> {
    let mut sent: Vec<Sent> = Vec::new();
    for record in records {
        let event = match record.kind {
            Kind::Accepted => record
                .parse::<Accepted>()
                .ok()
                .map(|a| queued_json(&a.kind, record.id, a.event.get().as_bytes())),
            Kind::UserMessage
            | Kind::UserInterrupt
            | Kind::UserToolConfirmation
            | Kind::UserCustomToolResult
            | Kind::SystemMessage => event_json(record),
            _ => None,
        };
        if let Some(event) = event
            && !sent.iter().any(|s| s.id == record.id)
        {
            sent.push(Sent { id: record.id, event });
        }
    }
    sent
}
