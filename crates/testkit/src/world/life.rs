//! One server process: a tokio runtime, a Planaria runtime on it, everybody who talks to it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use planaria_core::context::WholeLog;
use planaria_core::port::sandbox::Driver;
use planaria_core::port::store::Store;
use planaria_core::session::SessionState;
use planaria_core::{Record, SessionId};
use planaria_runtime::{End, Runtime, Supervision};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::breaker::{Breaker, Progress};
use super::client::{Client, Memory};
use super::limits::{
    FAULTS_UNTIL, FOLLOW_PAGE, FOLLOW_PATIENCE, FOLLOW_PAUSE, FOLLOW_WAIT, SLEEP_WAIT, STOP_WAIT,
};
use super::observed::{Acknowledged, Observed};
use super::options::Options;
use super::plan::Break;
use super::trace::Trace;
use crate::env::{SimClock, SimEnv};
use crate::provider::SimModel;
use crate::rng::Rng;
use crate::sandbox::SimHands;
use crate::store::{Layered, SimDisk, SimStore};

/// Puts something around a store.
pub(super) type WrapStore = dyn Fn(Arc<SimStore>) -> Arc<dyn Store>;
/// Puts something around a driver.
pub(super) type WrapDriver = dyn Fn(SimHands) -> Arc<dyn Driver>;

/// What outlives the server processes of a world.
pub(super) struct Lasting {
    pub options: Options,
    pub clock: SimClock,
    pub trace: Trace,
    pub disk: SimDisk,
    pub env: Arc<SimEnv>,
    pub hands: SimHands,
    pub model: SimModel,
    pub acknowledged: Acknowledged,
    pub progress: Progress,
    pub memories: Vec<Arc<Mutex<Memory>>>,
    pub followers: Vec<Arc<Mutex<Vec<Record>>>>,
    end: Mutex<TheEnd>,
    pub names: Arc<BTreeMap<SessionId, String>>,
}

/// What is seen of a world at its end.
#[derive(Debug, Default, Clone)]
struct TheEnd {
    shown: BTreeMap<SessionId, Arc<SessionState>>,
    slept: Option<bool>,
}

/// How a process ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// Everybody was done.
    Done,
    /// It was killed.
    Killed { hands_die: bool, down: Duration },
    /// It was stopped in good order, with its clients still at work.
    Stopped { down: Duration },
    /// The runtime ended of itself.
    Itself(End),
    /// Time was up, and some were not done.
    Stuck,
}

impl Lasting {
    pub fn new(options: Options) -> Self {
        let clock = SimClock::new();
        let hands = SimHands::new(clock.clone(), options.seed);
        for (script, faults) in options.scripts.iter().zip(&options.plan.hands) {
            hands.faults(script.session, faults.clone());
        }
        let names = options.scripts.iter().map(|script| (script.session, script.name.clone()));
        Self {
            trace: Trace::default(),
            disk: SimDisk::new(Rng::of(options.seed, "disk")),
            env: Arc::new(SimEnv::new(clock.clone(), Rng::of(options.seed, "env"))),
            model: SimModel::new(options.model, options.model_percent),
            acknowledged: Acknowledged::default(),
            progress: Progress::default(),
            memories: options.scripts.iter().map(|_| Arc::default()).collect(),
            followers: options.scripts.iter().map(|_| Arc::default()).collect(),
            end: Mutex::default(),
            names: Arc::new(names.collect()),
            hands,
            clock,
            options,
        }
    }

    /// Runs one server process to its end.
    pub fn live(&self, life: usize, wrap_store: &WrapStore, wrap_driver: &WrapDriver) -> Ended {
        let tokio = tokio();
        let ended = tokio.block_on(async {
            self.clock.start();
            self.trace.note(self.clock.now(), "a server starts");
            let ended = self.serve(life, wrap_store, wrap_driver).await;
            self.clock.stop();
            ended
        });
        self.trace.note(self.clock.now(), format!("the server ends: {ended:?}"));
        // The disk is taken from the process first: what is dropped with it writes nothing.
        self.disk.crash();
        drop(tokio);
        if let Ended::Killed { hands_die: true, .. } = ended {
            self.hands.crash();
        }
        ended
    }

    async fn serve(&self, life: usize, wrap_store: &WrapStore, wrap_driver: &WrapDriver) -> Ended {
        let store = Arc::new(SimStore::open(&self.disk).expect("the process before is gone"));
        store.delay(self.options.commit);
        let observed: Arc<dyn Store> = Arc::new(Layered(Observed {
            inner: wrap_store(store.clone()),
            acknowledged: self.acknowledged.clone(),
            clock: self.clock.clone(),
            trace: self.trace.clone(),
            names: self.names.clone(),
        }));
        let model = self.model.clone();
        let runtime = Runtime::builder()
            .store(observed.clone())
            .env(self.env.clone())
            .sandbox(wrap_driver(self.hands.clone()))
            .route(move |session, _| Ok(model.provider(session)))
            .context_policy(WholeLog { compact_at: self.options.compact_at });
        let supervision = Supervision {
            passivate_after: Some(self.options.passivate_after),
            ..Supervision::default()
        };
        let runtime = match runtime.supervision(supervision).start().await {
            Ok(runtime) => runtime,
            Err(error) => return Ended::Itself(End::GaveUp(error.to_string())),
        };
        let (end, mut killed) = mpsc::unbounded_channel();
        let mut others = JoinSet::new();
        self.break_things(&mut others, &runtime, store.clone(), life, end);
        self.follow(&mut others, &runtime);
        let mut clients = self.clients(&runtime);
        let mut ended = runtime.end();
        let ended = tokio::select! { biased;
            Some(what) = killed.recv() => match what {
                Break::Process { hands_die, down } => Ended::Killed { hands_die, down },
                Break::Stop { down } => Ended::Stopped { down },
                other => panic!("{} does not end a process", other.name()),
            },
            end = ended.wait_for(Option::is_some) => {
                let end = end.ok().and_then(|end| end.clone());
                Ended::Itself(end.unwrap_or_else(|| End::GaveUp("nobody knows why".to_owned())))
            }
            () = async { while clients.join_next().await.is_some() {} } => Ended::Done,
            () = self.clock.sleep_until(FAULTS_UNTIL + self.options.patience) => Ended::Stuck,
        };
        if !matches!(ended, Ended::Done | Ended::Stopped { .. }) {
            return ended;
        }
        if ended == Ended::Done {
            tokio::time::sleep(FOLLOW_WAIT).await;
            self.look_around(&runtime).await;
        }
        others.shutdown().await;
        // Whoever wanted to hold a commit is gone.
        store.release();
        let stop = async {
            if ended == Ended::Done {
                // Faults are over: one in the last attempt would leave a hand, and rightly.
                self.hands.heal();
                runtime.retire_hands().await;
            }
            runtime.shutdown(STOP_WAIT).await;
            observed.close().await;
        };
        let stopped = tokio::time::timeout(2 * STOP_WAIT, stop).await;
        if stopped.is_ok() { ended } else { Ended::Stuck }
    }

    fn break_things(
        &self,
        others: &mut JoinSet<()>,
        runtime: &Runtime,
        store: Arc<SimStore>,
        life: usize,
        end: mpsc::UnboundedSender<Break>,
    ) {
        let sessions = self.options.scripts.iter().map(|script| script.session);
        let breaker = Breaker {
            runtime: runtime.clone(),
            store,
            sessions: Arc::new(sessions.collect()),
            clock: self.clock.clone(),
            trace: self.trace.clone(),
            progress: self.progress.clone(),
            acknowledged: self.acknowledged.clone(),
            life,
            turn: Arc::default(),
            end,
        };
        for (index, fault) in breaker.left(&self.options.plan.faults) {
            others.spawn(breaker.clone().see_to(index, fault));
        }
        let (clock, hands) = (self.clock.clone(), self.hands.clone());
        others.spawn(async move {
            clock.sleep_until(FAULTS_UNTIL).await;
            hands.heal();
        });
    }

    fn clients(&self, runtime: &Runtime) -> JoinSet<()> {
        let mut clients = JoinSet::new();
        for (script, memory) in self.options.scripts.iter().zip(&self.memories) {
            let client = Client {
                seed: self.options.seed,
                script: script.clone(),
                memory: memory.clone(),
                runtime: runtime.clone(),
                clock: self.clock.clone(),
                trace: self.trace.clone(),
                acknowledged: self.acknowledged.clone(),
            };
            clients.spawn(client.live());
        }
        clients
    }

    /// Somebody follows each log, and goes on at the next server where this one left off.
    fn follow(&self, others: &mut JoinSet<()>, runtime: &Runtime) {
        for (script, seen) in self.options.scripts.iter().zip(&self.followers) {
            let (runtime, session, seen) = (runtime.clone(), script.session, seen.clone());
            let patience = self.options.fickle.then_some(FOLLOW_PATIENCE);
            others.spawn(async move {
                while follow(&runtime, session, &seen, patience).await {
                    tokio::time::sleep(FOLLOW_PAUSE).await;
                }
            });
        }
    }

    /// Everybody is done: what do sessions say of themselves, and do they go to sleep?
    async fn look_around(&self, runtime: &Runtime) {
        let mut end = TheEnd::default();
        for script in &self.options.scripts {
            if let Ok(state) = runtime.state(script.session).await {
                end.shown.insert(script.session, state);
            }
        }
        // In the other worlds hands are ended while their sessions are connected to them.
        if self.options.fickle {
            tokio::time::sleep(2 * self.options.passivate_after + SLEEP_WAIT).await;
            end.slept = Some(!runtime.tree().iter().any(|node| node.path.contains("/sesn_")));
        }
        *inner(&self.end) = end;
    }

    /// What the last server said of each session.
    pub fn shown(&self) -> BTreeMap<SessionId, Arc<SessionState>> {
        inner(&self.end).shown.clone()
    }

    /// Whether every session slept at the end; `None` where nobody waited for it.
    pub fn slept(&self) -> Option<bool> {
        inner(&self.end).slept
    }

    /// What each client knows.
    pub fn remembered(&self) -> Vec<Memory> {
        self.memories.iter().map(|memory| inner(memory).clone()).collect()
    }

    /// What each follower has seen.
    pub fn followed(&self) -> Vec<Vec<Record>> {
        self.followers.iter().map(|seen| inner(seen).clone()).collect()
    }
}

/// Follows a log from where it was left; true when patience was lost, false at the server's end.
async fn follow(
    runtime: &Runtime,
    session: SessionId,
    seen: &Mutex<Vec<Record>>,
    patience: Option<Duration>,
) -> bool {
    let next = inner(seen).last().map_or(1, |record| record.seq + 1);
    let mut follower = runtime.follow(session, next);
    loop {
        let patience = patience.unwrap_or(Duration::MAX);
        match tokio::time::timeout(patience, follower.next(FOLLOW_PAGE)).await {
            Ok(Ok(records)) => inner(seen).extend(records),
            Ok(Err(_)) => return false,
            Err(_) => return true,
        }
    }
}

fn inner<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A tokio runtime of one thread, whose clock moves only when everybody waits.
pub(super) fn tokio() -> tokio::runtime::Runtime {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_time().start_paused(true);
    builder.build().expect("a runtime of one thread needs nothing that can fail")
}
