//! What is supervised by whom.
//!
//! ```text
//! runtime       rest_for_one: what the later ones rest on takes them down with it
//! ├─ host       one_for_one: children of the host's own
//! ├─ journal    one writer
//! ├─ sandboxes  dynamic: sandbox(session)
//! ├─ sessions   dynamic: session-supervisor(session), rest_for_one
//! │                        ├─ session
//! │                        └─ harness
//! └─ waker      wakes sessions with open effects, puts idle ones to sleep, parks those whose
//!               budget is spent
//! ```
//! A session's supervisor is temporary: a crash loop spends the session's own budget and nobody
//! else's. When it gives up, the waker parks the session.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use planaria_core::SessionId;
use planaria_core::context::ContextPolicy;
use planaria_core::port::env::Env;
use planaria_core::port::sandbox::Driver;
use planaria_core::port::store::Store;
use planaria_core::port::tool::Tool;
use planaria_core::session::SessionState;
use planaria_supervisor::{
    AutoShutdown, Backoff, ChildSpec, Context, DynamicRef, DynamicSpec, ExitReason, Intensity,
    Options, Report, ReportContext, Restart, Shutdown, Spec, StartError, Strategy, SupervisorRef,
    start, start_nested, worker,
};
use tokio::sync::watch;

use crate::error::{End, Error, end_with};
use crate::fault::Fault;
use crate::harness::{HarnessActor, HarnessDeps};
use crate::journal::{Journal, JournalActor};
use crate::limits::{HOST_RESTARTS, HOST_WITHIN, ROOT_RESTARTS, STOP_WAIT};
use crate::load::load;
use crate::node::Node;
use crate::options::Supervision;
use crate::passivate::{Dormitory, SleepingHands};
use crate::policy::Policy;
use crate::providers::{Providers, Route};
use crate::registry::Registry;
use crate::sandbox::{SandboxActor, SandboxDeps, Sandboxes};
use crate::session::{SessionActor, SessionDeps, SessionMsg};
use crate::slot::Slot;
use crate::tools::Tools;
use crate::view::{Condition, View};
use crate::waker::{Waker, WakerMsg};

/// What a tree is made of.
pub(crate) struct TreeDeps {
    pub store: Arc<dyn Store>,
    pub env: Arc<dyn Env>,
    pub driver: Arc<dyn Driver>,
    pub route: Box<Route>,
    pub supervision: Supervision,
    pub serves: Box<Serves>,
    pub policy: Arc<dyn ContextPolicy>,
    pub tools: Vec<Arc<dyn Tool>>,
    pub children: Vec<ChildSpec>,
}

/// Whether a session with these labels is this runtime's to wake.
pub(crate) type Serves = dyn Fn(&BTreeMap<String, String>) -> bool + Send + Sync;

/// What the parts of one tree share. Survives them all.
pub(crate) struct Parts {
    pub store: Arc<dyn Store>,
    pub env: Arc<dyn Env>,
    pub driver: Arc<dyn Driver>,
    pub providers: Arc<Providers>,
    pub supervision: Supervision,
    pub serves: Box<Serves>,
    pub policy: Arc<Policy>,
    pub tools: Arc<Tools>,
    pub registry: Registry,
    pub sleeping_hands: SleepingHands,
    pub journal: Journal,
    pub waker: Slot<WakerMsg>,
    pub end: watch::Sender<Option<End>>,
}

impl Parts {
    /// What a session is, from its log.
    pub async fn load(&self, id: SessionId) -> Result<SessionState, Error> {
        Ok(load(self.store.as_ref(), id).await?.state)
    }
}

/// A running tree.
pub(crate) struct Tree {
    pub parts: Arc<Parts>,
    pub sandboxes: Sandboxes,
    sessions: DynamicRef<SessionId>,
    root: SupervisorRef,
}

impl Tree {
    pub async fn start(deps: TreeDeps) -> Result<Self, StartError> {
        let parts = Arc::new(Parts {
            store: deps.store,
            env: deps.env,
            driver: deps.driver,
            providers: Arc::new(Providers::new(deps.route)),
            supervision: deps.supervision,
            serves: deps.serves,
            policy: Arc::new(Policy::new(deps.policy)),
            tools: Arc::new(Tools::new(deps.tools)),
            registry: Registry::default(),
            sleeping_hands: SleepingHands::default(),
            journal: Journal::new(),
            waker: Slot::default(),
            end: watch::Sender::new(None),
        });
        let (sandboxes_child, sandboxes) =
            ChildSpec::dynamic("sandboxes", sandboxes(parts.clone()));
        let sandboxes = Sandboxes::new(parts.registry.clone(), sandboxes);
        let (sessions_child, sessions) =
            ChildSpec::dynamic("sessions", sessions(parts.clone(), sandboxes.clone()));
        let dormitory = Dormitory {
            parts: parts.clone(),
            sessions: sessions.clone(),
            sandboxes: sandboxes.clone(),
        };
        let spec = Spec::new(Strategy::RestForOne)
            .intensity(Intensity { max_restarts: ROOT_RESTARTS, within: Duration::from_secs(60) })
            .child(host(deps.children))
            .child(journal(parts.clone()))
            .child(sandboxes_child)
            .child(sessions_child)
            .child(waker(dormitory));
        let root = start("runtime", spec, Options::default().reports(log)).await?;
        tokio::spawn(watch_end(root.clone(), parts.end.clone()));
        Ok(Self { parts, sandboxes, sessions, root })
    }

    /// Makes sure that the session has its actors.
    pub async fn start_session(&self, id: SessionId) {
        // Somebody else may have been faster; whoever is there is found in the slot.
        let started = self.sessions.start_child(id).await;
        tracing::trace!(session = %id, ok = started.is_ok(), "session asked for");
    }

    pub fn snapshot(&self) -> Vec<Node> {
        self.root.snapshot().into_iter().map(Node::from).collect()
    }

    pub async fn stop(&self, deadline: Duration) {
        end_with(&self.parts.end, End::Shutdown);
        self.root.stop_with(ExitReason::Shutdown, deadline).await;
    }

    /// Breaks something; says whether there was something to break.
    pub async fn inject(&self, id: SessionId, fault: Fault) -> bool {
        let entry = self.parts.registry.known(id);
        match fault {
            Fault::KillHarness => entry.is_some_and(|entry| kill(&entry.harness)),
            Fault::KillSession => entry.is_some_and(|entry| kill(&entry.session)),
            Fault::KillSandbox => entry.is_some_and(|entry| kill(&entry.sandbox)),
            Fault::KillHand => self.kill_hand(id).await,
        }
    }

    /// The session as it stands after its last durable record; from its log, unless it is awake.
    pub async fn state(&self, id: SessionId) -> Result<Arc<SessionState>, Error> {
        let known = self.parts.registry.known(id);
        let view = known.map(|entry| entry.shared.view.borrow().clone());
        match view {
            Some(View { condition: Condition::Awake, state }) => Ok(state),
            _ => Ok(Arc::new(self.parts.load(id).await?)),
        }
    }

    /// Behind the back of its sandbox actor, as the world does it.
    async fn kill_hand(&self, id: SessionId) -> bool {
        let hand = self.state(id).await.ok().and_then(|state| state.hand.clone());
        match hand {
            Some(hand) => self.parts.driver.destroy(hand).await.is_ok(),
            None => false,
        }
    }
}

fn kill<M: ractor::Message>(slot: &Slot<M>) -> bool {
    slot.get().is_some_and(|actor| {
        actor.kill();
        true
    })
}

/// Supervisors' reports, for whoever reads the host's logs.
fn log(report: &Report) {
    match report.context {
        ReportContext::Started => tracing::debug!("{report}"),
        ReportContext::ChildTerminated => tracing::info!("{report}"),
        _ => tracing::warn!("{report}"),
    }
}

/// The root giving up is the runtime's end; the store's end is the root's.
async fn watch_end(root: SupervisorRef, end: watch::Sender<Option<End>>) {
    let mut ended = end.subscribe();
    tokio::select! { biased;
        reason = root.exit() => {
            end_with(&end, End::GaveUp(reason.to_string()));
        }
        _ = async { ended.wait_for(|end| matches!(end, Some(End::Store(_)))).await.is_ok() } => {
            root.stop_with(ExitReason::Shutdown, STOP_WAIT).await;
        }
    }
}

fn journal(parts: Arc<Parts>) -> ChildSpec {
    ChildSpec::worker("journal", move |context: Context| {
        let parts = parts.clone();
        Box::pin(worker(context, move |_, context| {
            let (store, end) = (parts.store.clone(), parts.end.clone());
            Ok(JournalActor::new(&parts.journal, store, end, context.scope()))
        }))
    })
}

/// What the host wants supervised. Temporary: that it gave up is its own affair.
fn host(children: Vec<ChildSpec>) -> ChildSpec {
    let intensity = Intensity { max_restarts: HOST_RESTARTS, within: HOST_WITHIN };
    let spec = move || {
        let spec = Spec::new(Strategy::OneForOne).intensity(intensity);
        children.iter().cloned().fold(spec, Spec::child)
    };
    ChildSpec::supervisor("host", spec).restart(Restart::Temporary)
}

fn waker(dormitory: Dormitory) -> ChildSpec {
    ChildSpec::worker("waker", move |context: Context| {
        let dormitory = dormitory.clone();
        Box::pin(async move {
            worker(context, move |me, context| {
                dormitory.parts.waker.publish(me.clone());
                Ok(Waker::new(dormitory, context.scope().clone()))
            })
            .await
        })
    })
}

fn sandboxes(parts: Arc<Parts>) -> DynamicSpec<SessionId> {
    DynamicSpec::new(move |context: Context, id: SessionId| {
        let parts = parts.clone();
        Box::pin(async move {
            let entry = parts.registry.entry(id);
            let deps = SandboxDeps {
                id,
                driver: parts.driver.clone(),
                shared: entry.shared.clone(),
                session: entry.session.clone(),
                look_every: parts.supervision.passivate_after,
            };
            worker(context, move |me, context| {
                entry.sandbox.publish(me.clone());
                Ok(SandboxActor::new(deps, me, context.scope().clone()))
            })
            .await
        })
    })
    // On demand: whoever needs a session's hand next starts the actor that is missing.
    .restart(Restart::Temporary)
    .key(|id| id.to_string())
}

fn sessions(parts: Arc<Parts>, sandboxes: Sandboxes) -> DynamicSpec<SessionId> {
    let ended = parts.clone();
    DynamicSpec::new(move |context: Context, id: SessionId| {
        let spec = session_spec(parts.clone(), sandboxes.clone(), id);
        Box::pin(start_nested(context, spec))
    })
    .supervisors()
    .restart(Restart::Temporary)
    .key(|id| id.to_string())
    .on_exit(move |id, reason| session_ended(&ended, *id, reason))
}

fn session_ended(parts: &Parts, id: SessionId, reason: &ExitReason) {
    if let Some(entry) = parts.registry.known(id) {
        let unreadable = matches!(entry.shared.view.borrow().condition, Condition::Unreadable(_));
        if !unreadable {
            entry.shared.condition(Condition::Asleep);
        }
    }
    if let ExitReason::GaveUp { child, last } = reason {
        // A waker that is being restarted finds the session among the open ones.
        let reason = format!("{child} {last}");
        let _ = parts.waker.cast(WakerMsg::Park { id, reason });
    }
}

fn session_spec(parts: Arc<Parts>, sandboxes: Sandboxes, id: SessionId) -> Spec {
    let Supervision { max_restarts, within, backoff_from, backoff_to, .. } = parts.supervision;
    let env = parts.env.clone();
    let backoff = Backoff {
        from: backoff_from,
        to: backoff_to,
        reset_after: within,
        jitter: Arc::new(move || (env.random() >> 96) as u32),
    };
    Spec::new(Strategy::RestForOne)
        .intensity(Intensity { max_restarts, within })
        .backoff(backoff)
        .auto_shutdown(AutoShutdown::AnySignificant)
        // An orderly end of the session (its log cannot be used) ends its harness too.
        .child(session(parts.clone(), id).restart(Restart::Transient).significant())
        .child(harness(parts, sandboxes, id).shutdown(Shutdown::BrutalKill))
}

fn session(parts: Arc<Parts>, id: SessionId) -> ChildSpec {
    ChildSpec::worker("session", move |context: Context| {
        let entry = parts.registry.entry(id);
        let deps = SessionDeps {
            id,
            store: parts.store.clone(),
            journal: parts.journal.clone(),
            env: parts.env.clone(),
            shared: entry.shared.clone(),
            waker: parts.waker.clone(),
            passivate_after: parts.supervision.passivate_after,
        };
        parts.sleeping_hands.forget(id);
        Box::pin(worker(context, move |me, context| {
            let actor = SessionActor::new(deps, me, context.scope().clone());
            entry.session.publish(me.clone());
            Ok(actor)
        }))
    })
}

fn harness(parts: Arc<Parts>, sandboxes: Sandboxes, id: SessionId) -> ChildSpec {
    ChildSpec::worker("harness", move |context: Context| {
        let entry = parts.registry.entry(id);
        let deps = HarnessDeps {
            id,
            store: parts.store.clone(),
            env: parts.env.clone(),
            providers: parts.providers.clone(),
            policy: parts.policy.clone(),
            tools: parts.tools.clone(),
            sandboxes: sandboxes.clone(),
            shared: entry.shared.clone(),
            session: entry.session.clone(),
        };
        Box::pin(worker(context, move |me, context| {
            entry.harness.publish(me.clone());
            let policy = deps.policy.current();
            let (name, version) = (policy.name().to_owned(), policy.version());
            let claim = SessionMsg::Harness { name, version, harness: me.clone() };
            // A session that is gone takes this harness down with it.
            let _ = entry.session.cast(claim);
            Ok(HarnessActor::new(deps, context.scope().clone()))
        }))
    })
}
