//! The harness: disposable. It compares what is in flight with what must be, starts what is missing
//! and stops what is no longer wanted. What it knows is in the log.

mod model;
mod server;
mod tool;

use std::collections::BTreeMap;
use std::sync::Arc;

use planaria_core::SessionId;
use planaria_core::context::Context;
use planaria_core::limits::RETRY_AFTER_MAX;
use planaria_core::port::env::Env;
use planaria_core::port::store::Store;
use planaria_core::session::{Command, Effect, EffectId};
use planaria_core::tool::Runner;
use planaria_supervisor::{Flow, Scope, Worker};
use ractor::ActorRef;
use tokio::sync::{oneshot, watch};
use tokio::task::AbortHandle;

use crate::limits::CANCEL_CHANCE;
use crate::policy::Policy;
use crate::providers::Providers;
use crate::sandbox::Sandboxes;
use crate::session::{Order, SessionMsg};
use crate::slot::Slot;
use crate::tools::Tools;
use crate::view::Shared;

/// What must be in flight, as the session knows it.
#[derive(Debug, Clone)]
pub(crate) struct Reconcile {
    pub attempt: u32,
    /// How far the log is durable.
    pub seq: u64,
    pub effects: Vec<Effect>,
}

pub(crate) enum HarnessMsg {
    Reconcile(Reconcile),
    /// A model request has ended and gives its context back.
    Context(Box<Context>),
}

/// What a task runs for: an effect, and the attempt under which it was handed out.
pub(crate) type Key = (EffectId, u32);

/// What a harness needs of its surroundings.
#[derive(Clone)]
pub(crate) struct HarnessDeps {
    pub id: SessionId,
    pub store: Arc<dyn Store>,
    pub env: Arc<dyn Env>,
    pub providers: Arc<Providers>,
    pub policy: Arc<Policy>,
    pub tools: Arc<Tools>,
    pub sandboxes: Sandboxes,
    pub shared: Shared,
    pub session: Slot<SessionMsg>,
}

impl HarnessDeps {
    /// Reports to the session. A session that is gone will be told by the harness after this one.
    fn report(&self, command: Command) {
        let _ = self.session.cast(SessionMsg::Order(Box::new(Order::report(command))));
    }

    /// Sleeps until a record time, at most so long: record times may lie ahead of a clock that was
    /// set back, and no wait of ours is longer than its own bound.
    async fn sleep_until(&self, due: u64, longest: u64) {
        let wait = due.saturating_sub(self.env.now()).min(longest);
        if wait > 0 {
            tokio::time::sleep(std::time::Duration::from_micros(wait)).await;
        }
    }
}

/// A task, or one that has ended and whose report is on its way: an effect stays wanted until its
/// report is durable, and must not be started again meanwhile.
struct Running {
    abort: AbortHandle,
    /// Tells a tool's task that the call is to stop, and by when.
    cancel: watch::Sender<Option<u64>>,
}

/// The actor's state.
pub(crate) struct HarnessActor {
    deps: HarnessDeps,
    scope: Scope,
    running: BTreeMap<Key, Running>,
    /// Kept between requests so that the log is not read again; a lost one is rebuilt from it.
    context: Option<Box<Context>>,
    /// The end of the queue for the session's shell.
    shell: Option<oneshot::Receiver<()>>,
}

impl HarnessActor {
    pub fn new(deps: HarnessDeps, scope: Scope) -> Self {
        Self { deps, scope, running: BTreeMap::new(), context: None, shell: None }
    }

    fn reconcile(&mut self, me: &ActorRef<HarnessMsg>, wanted: &Reconcile) {
        let keys: Vec<Key> = wanted.effects.iter().map(|e| (e.id(), wanted.attempt)).collect();
        self.running.retain(|key, running| {
            let keep = keys.contains(key);
            if !keep {
                running.abort.abort();
            }
            keep
        });
        for (effect, key) in wanted.effects.iter().zip(keys) {
            if let Some(running) = self.running.get(&key) {
                if let Effect::Tool { cancel_by: Some(by), .. } = effect {
                    let by = self.chance(*by);
                    running.cancel.send_if_modified(|set| {
                        let first = set.is_none();
                        set.get_or_insert(by);
                        first
                    });
                }
            } else {
                self.start(me, key, effect.clone(), wanted.seq);
            }
        }
    }

    /// When a call that is to stop is given up by this harness. One that took over late asks the
    /// hand first all the same: the call may have ended, and its outcome wait there.
    fn chance(&self, by: u64) -> u64 {
        by.max(self.deps.env.now() + CANCEL_CHANCE)
    }

    fn start(&mut self, me: &ActorRef<HarnessMsg>, key: Key, effect: Effect, seq: u64) {
        let (deps, me) = (self.deps.clone(), me.clone());
        let cancel = watch::Sender::new(match &effect {
            Effect::Tool { cancel_by, .. } => cancel_by.map(|by| self.chance(by)),
            _ => None,
        });
        let cancelled = cancel.subscribe();
        let abort = match effect {
            Effect::Model { start, due, compact, .. } => {
                let job = model::Job { key, start, seq, compact };
                let mut context = self.context.take().unwrap_or_default();
                self.scope.spawn(async move {
                    deps.sleep_until(due, RETRY_AFTER_MAX).await;
                    let command = model::run(&deps, &job, &mut context).await;
                    // Given back before the report, which may lead to the next request.
                    let _ = me.cast(HarnessMsg::Context(context));
                    deps.report(command);
                })
            }
            Effect::Tool { call, use_seq, name, class, runner: Runner::Server, .. } => {
                let turn = tool::Turn::none();
                let job = tool::Job { key, call, use_seq, name, class, turn };
                self.scope.spawn(async move { server::run(&deps, job, cancelled).await })
            }
            Effect::Tool { call, use_seq, name, class, .. } => {
                let turn = tool::Turn::next(&name, &mut self.shell);
                let job = tool::Job { key, call, use_seq, name, class, turn };
                self.scope.spawn(async move { tool::run(&deps, job, cancelled).await })
            }
            Effect::Timer { due, .. } => self.scope.spawn(async move {
                deps.sleep_until(due, RETRY_AFTER_MAX).await;
                deps.report(Command::TimerDue { effect: key.0 });
            }),
            other => panic!("an effect that this harness does not know: {other:?}"),
        };
        self.running.insert(key, Running { abort, cancel });
    }
}

impl Worker for HarnessActor {
    type Message = HarnessMsg;

    fn handle(&mut self, me: &ActorRef<HarnessMsg>, message: HarnessMsg) -> Result<Flow, String> {
        match message {
            HarnessMsg::Reconcile(wanted) => self.reconcile(me, &wanted),
            HarnessMsg::Context(context) => self.context = Some(context),
        }
        Ok(Flow::Continue)
    }
}
