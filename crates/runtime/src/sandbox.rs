//! Sandboxes: one actor per session that uses one, holding the connection to its hand.
//!
//! A hand is started on first use, bound durably before its first call, and found again by its
//! locator after any death on our side. A new one is started only when the old one is proved dead.

use std::sync::Arc;
use std::time::Duration;

use dashmap::DashMap;
use planaria_core::SessionId;
use planaria_core::port::sandbox::{Driver, Error, Hand, Locator, Spec};
use planaria_core::session::{Command, SessionState};
use planaria_supervisor::{DynamicRef, Flow, Scope, Worker};
use ractor::ActorRef;
use tokio::sync::oneshot;

use crate::limits::{
    ATTACH_TRIES, ATTACH_WAIT, BIND_TRIES, PROVISION_TRIES, PROVISION_WAIT, SANDBOX_TRIES,
    SANDBOX_WAIT, START_WAIT,
};
use crate::session::{Order, SessionMsg};
use crate::slot::Slot;
use crate::view::{Condition, Shared};

/// A live connection to the hand of one generation.
#[derive(Clone)]
pub(crate) struct BoundHand {
    pub generation: u64,
    pub hand: Arc<dyn Hand>,
}

type HandReply = oneshot::Sender<Result<BoundHand, String>>;

pub(crate) enum SandboxMsg {
    /// Connect, starting a hand if there is none.
    Hand(HandReply),
    Connected(Result<BoundHand, String>),
    /// The connection to this generation broke.
    Mistrust(u64),
    /// Kill this generation.
    Destroy(u64, oneshot::Sender<Result<(), String>>),
    /// End the hand in good order; answers whether one was connected.
    Retire(oneshot::Sender<bool>),
}

/// Where the sandbox actors of a runtime are found.
pub(crate) type Slots = Arc<DashMap<SessionId, Slot<SandboxMsg>>>;

/// The way to the sandboxes of a runtime. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Sandboxes {
    slots: Slots,
    supervisor: DynamicRef<SessionId>,
}

impl Sandboxes {
    /// `slots` is shared with the template that starts the actors.
    pub fn new(slots: Slots, supervisor: DynamicRef<SessionId>) -> Self {
        Self { slots, supervisor }
    }

    pub fn slot(&self, session: SessionId) -> Slot<SandboxMsg> {
        self.slots.entry(session).or_default().clone()
    }

    /// The session's hand. Outlives the death of the sandbox's actor: the request goes to the next.
    ///
    /// # Errors
    /// In words, when no hand can be had.
    pub async fn hand(&self, session: SessionId) -> Result<BoundHand, String> {
        self.ask(session, SandboxMsg::Hand).await
    }

    /// Kills the hand of this generation with everything that it runs. Afterwards it is proved
    /// dead.
    ///
    /// # Errors
    /// In words, when that could not be done: it may live.
    pub async fn destroy(&self, session: SessionId, generation: u64) -> Result<(), String> {
        self.ask(session, |reply| SandboxMsg::Destroy(generation, reply)).await
    }

    /// Asks the session's sandbox actor until one lives long enough to answer.
    async fn ask<T>(
        &self,
        session: SessionId,
        message: impl Fn(oneshot::Sender<Result<T, String>>) -> SandboxMsg,
    ) -> Result<T, String> {
        let slot = self.slot(session);
        let mut wait = SANDBOX_WAIT;
        for _ in 0..SANDBOX_TRIES {
            if slot.get().is_none() {
                // Somebody else may have been faster; whoever is there is found in the slot.
                let started = self.supervisor.start_child(session).await;
                tracing::trace!(%session, ok = started.is_ok(), "sandbox actor asked for");
            }
            let Some(actor) = slot.ready(START_WAIT).await else {
                return Err(format!("the sandbox's actor did not start in {START_WAIT:?}"));
            };
            let (reply, answer) = oneshot::channel();
            if actor.cast(message(reply)).is_ok()
                && let Ok(result) = answer.await
            {
                return result;
            }
            tokio::time::sleep(wait).await;
            wait = (wait * 2).min(Duration::from_secs(1));
        }
        Err(format!("the sandbox's actor died {SANDBOX_TRIES} times of the request"))
    }

    pub fn mistrust(&self, session: SessionId, generation: u64) {
        let _ = self.slot(session).cast(SandboxMsg::Mistrust(generation));
    }

    /// Ends the session's hand in good order, if one is connected; says whether one was.
    pub async fn retire(&self, session: SessionId) -> bool {
        let (reply, done) = oneshot::channel();
        let asked = self.slot(session).cast(SandboxMsg::Retire(reply)).is_ok();
        asked && done.await.unwrap_or(false)
    }
}

/// What a sandbox actor needs of its surroundings.
#[derive(Clone)]
pub(crate) struct SandboxDeps {
    pub id: SessionId,
    pub driver: Arc<dyn Driver>,
    pub shared: Shared,
    pub session: Slot<SessionMsg>,
}

/// The actor's state.
pub(crate) struct SandboxActor {
    deps: SandboxDeps,
    scope: Scope,
    bound: Option<BoundHand>,
    connecting: bool,
    waiting: Vec<HandReply>,
}

impl SandboxActor {
    pub fn new(deps: SandboxDeps, scope: Scope) -> Self {
        Self { deps, scope, bound: None, connecting: false, waiting: Vec::new() }
    }

    fn connect(&mut self, me: &ActorRef<SandboxMsg>) {
        if std::mem::replace(&mut self.connecting, true) {
            return;
        }
        let (deps, me) = (self.deps.clone(), me.clone());
        self.scope.spawn(async move {
            let result = connect(&deps).await;
            let _ = me.cast(SandboxMsg::Connected(result));
        });
    }

    fn destroy(&mut self, generation: u64, reply: oneshot::Sender<Result<(), String>>) {
        self.bound.take_if(|bound| bound.generation == generation);
        let deps = self.deps.clone();
        self.scope.spawn(async move {
            let _ = reply.send(destroy(&deps, generation).await);
        });
    }

    fn retire(&mut self, reply: oneshot::Sender<bool>) {
        let Some(bound) = self.bound.take() else {
            let _ = reply.send(false);
            return;
        };
        self.scope.spawn(async move {
            if let Err(error) = bound.hand.retire().await {
                tracing::debug!(%error, "a hand did not say goodbye");
            }
            let _ = reply.send(true);
        });
    }
}

impl Worker for SandboxActor {
    type Message = SandboxMsg;

    fn handle(&mut self, me: &ActorRef<SandboxMsg>, message: SandboxMsg) -> Result<Flow, String> {
        match message {
            SandboxMsg::Hand(reply) => match &self.bound {
                Some(bound) => {
                    let _ = reply.send(Ok(bound.clone()));
                }
                None => {
                    self.waiting.push(reply);
                    self.connect(me);
                }
            },
            SandboxMsg::Connected(result) => {
                self.connecting = false;
                self.bound = result.as_ref().ok().cloned();
                for reply in self.waiting.drain(..) {
                    let _ = reply.send(result.clone());
                }
            }
            SandboxMsg::Mistrust(generation) => {
                self.bound.take_if(|bound| bound.generation == generation);
            }
            SandboxMsg::Destroy(generation, reply) => self.destroy(generation, reply),
            SandboxMsg::Retire(reply) => self.retire(reply),
        }
        Ok(Flow::Continue)
    }
}

/// A generation that is not the last one was proved dead before the last one was started.
async fn destroy(deps: &SandboxDeps, generation: u64) -> Result<(), String> {
    let state = awake(deps).await?;
    match state.hand.clone().filter(|hand| hand.generation == generation) {
        Some(hand) => deps.driver.destroy(hand).await.map_err(|error| error.to_string()),
        None => Ok(()),
    }
}

/// Attaches to the bound hand, or starts the next one if that is proved dead. A hand that cannot be
/// bound because the session knows of a later one is ended again, and the later one is looked for.
async fn connect(deps: &SandboxDeps) -> Result<BoundHand, String> {
    let mut problem = String::new();
    for _ in 0..BIND_TRIES {
        match try_connect(deps).await? {
            Ok(bound) => return Ok(bound),
            Err(stale) => problem = stale,
        }
    }
    Err(problem)
}

/// The outer error is final, the inner one worth another try.
async fn try_connect(deps: &SandboxDeps) -> Result<Result<BoundHand, String>, String> {
    let state = awake(deps).await?;
    let mut generation = 0;
    if let Some(locator) = &state.hand {
        generation = locator.generation;
        if let Some(bound) = attach(deps, locator, state.epoch).await? {
            return Ok(Ok(bound));
        }
    }
    let spec = Spec { session: deps.id, epoch: state.epoch, generation: generation + 1 };
    let locator = provision(deps, spec).await?;
    let bound = bind(deps, &locator).await;
    if !matches!(bound, Ok(Ok(()))) {
        // Nobody would find it again.
        deps.driver.destroy(locator.clone()).await.map_err(|error| error.to_string())?;
    }
    if let Err(stale) = bound? {
        return Ok(Err(stale));
    }
    match attach(deps, &locator, state.epoch).await? {
        Some(bound) => Ok(Ok(bound)),
        None => Ok(Err("the new hand died at once; its log is in the data directory".to_owned())),
    }
}

/// Starts a hand, again where that may help.
async fn provision(deps: &SandboxDeps, spec: Spec) -> Result<Locator, String> {
    let mut wait = PROVISION_WAIT;
    for _ in 1..PROVISION_TRIES {
        match deps.driver.provision(spec.clone()).await {
            Err(error) if error.is_retryable() => {
                tracing::warn!(session = %deps.id, %error, "no hand yet");
                tokio::time::sleep(wait).await;
                wait *= 2;
            }
            result => return result.map_err(|error| error.to_string()),
        }
    }
    deps.driver.provision(spec).await.map_err(|error| error.to_string())
}

/// The session's state as its living actor knows it: a dead one's may lack what became durable
/// last.
async fn awake(deps: &SandboxDeps) -> Result<Arc<SessionState>, String> {
    deps.session.ready(START_WAIT).await.ok_or("the session did not come back for its hand")?;
    let mut view = deps.shared.view.subscribe();
    let awake = view.wait_for(|view| !matches!(view.condition, Condition::Starting));
    match tokio::time::timeout(START_WAIT, awake).await {
        Ok(Ok(view)) => Ok(view.state.clone()),
        _ => Err("the session did not come back to say which hand it has".to_owned()),
    }
}

/// The connection, or `None` when the hand is proved dead.
async fn attach(
    deps: &SandboxDeps,
    locator: &Locator,
    epoch: u64,
) -> Result<Option<BoundHand>, String> {
    let mut wait = ATTACH_WAIT;
    for _ in 0..ATTACH_TRIES {
        match deps.driver.attach(locator.clone(), epoch).await {
            Ok(hand) => return Ok(Some(BoundHand { generation: locator.generation, hand })),
            Err(Error::Dead { problem, .. }) => {
                tracing::info!(session = %deps.id, %problem, "the hand is dead");
                return Ok(None);
            }
            Err(error @ Error::Fenced(_)) => return Err(error.to_string()),
            Err(error @ Error::Version { .. }) => {
                tracing::warn!(session = %deps.id, %error, "replacing a hand of another version");
                break;
            }
            Err(error) => {
                tracing::debug!(session = %deps.id, %error, "the hand did not answer");
                tokio::time::sleep(wait).await;
                wait *= 2;
            }
        }
    }
    // It lives or it does not: after this it does not.
    deps.driver.destroy(locator.clone()).await.map_err(|error| error.to_string())?;
    Ok(None)
}

/// Makes the hand durable before anything runs on it. A session that dies meanwhile is asked again:
/// binding the same hand twice changes nothing.
async fn bind(deps: &SandboxDeps, locator: &Locator) -> Result<Result<(), String>, String> {
    let isolation = deps.driver.isolation();
    loop {
        let session = deps.session.ready(START_WAIT).await;
        let session = session.ok_or("the session did not come back to bind its hand")?;
        let command = Command::BindHand { locator: locator.clone(), isolation: isolation.clone() };
        let (reply, answer) = oneshot::channel();
        let order = Order { reply: Some(reply), ..Order::report(command) };
        if session.cast(SessionMsg::Order(Box::new(order))).is_ok() {
            match answer.await {
                Ok(Ok(_)) => return Ok(Ok(())),
                Ok(Err(crate::Error::Rejected(stale))) => return Ok(Err(stale.to_string())),
                Ok(Err(error)) => return Err(error.to_string()),
                Err(_) => {}
            }
        }
        tokio::task::yield_now().await;
    }
}
