//! The actor: it keeps one connection, and starts what waits beside its mailbox.

use std::sync::Arc;
use std::time::Duration;

use planaria_core::SessionId;
use planaria_core::port::sandbox::{Driver, Hand};
use planaria_supervisor::{Flow, Scope, Worker};
use ractor::ActorRef;
use tokio::sync::oneshot;

use super::connect::{connect, destroy};
use crate::session::SessionMsg;
use crate::slot::Slot;
use crate::view::Shared;

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
    /// End the actor and with it the connection, unless a hand is being looked for; the hand lives
    /// on.
    Rest(oneshot::Sender<bool>),
    /// Some time has passed.
    Look,
}

/// What a sandbox actor needs of its surroundings.
#[derive(Clone)]
pub(crate) struct SandboxDeps {
    pub id: SessionId,
    pub driver: Arc<dyn Driver>,
    pub shared: Shared,
    pub session: Slot<SessionMsg>,
    /// How often it looks whether it is still needed; never if `None`.
    pub look_every: Option<Duration>,
}

/// The actor's state.
pub(crate) struct SandboxActor {
    deps: SandboxDeps,
    scope: Scope,
    bound: Option<BoundHand>,
    connecting: bool,
    waiting: Vec<HandReply>,
    /// Whether anybody has asked for anything since the last look.
    used: bool,
}

impl SandboxActor {
    /// A session that goes to sleep ends its sandbox's actor. One that ends in another way (it is
    /// parked, it cannot be read) leaves it behind, and then it ends by itself.
    pub fn new(deps: SandboxDeps, me: &ActorRef<SandboxMsg>, scope: Scope) -> Self {
        if let Some(every) = deps.look_every {
            let me = me.clone();
            scope.spawn(async move {
                loop {
                    tokio::time::sleep(every).await;
                    let _ = me.cast(SandboxMsg::Look);
                }
            });
        }
        Self { deps, scope, bound: None, connecting: false, waiting: Vec::new(), used: true }
    }

    fn is_left_behind(&mut self) -> bool {
        let used = std::mem::take(&mut self.used);
        !used && !self.connecting && self.deps.session.get().is_none()
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
        self.used |= !matches!(message, SandboxMsg::Look);
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
            SandboxMsg::Look if self.is_left_behind() => return Ok(Flow::Stop),
            SandboxMsg::Look => {}
            SandboxMsg::Rest(reply) => {
                let rests = !self.connecting;
                let _ = reply.send(rests);
                return Ok(if rests { Flow::Stop } else { Flow::Continue });
            }
        }
        Ok(Flow::Continue)
    }
}
