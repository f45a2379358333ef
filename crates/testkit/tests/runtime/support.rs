//! A runtime on a simulated disk, with a model that says what the test wants.

mod hands;
mod models;

use std::sync::Arc;
use std::time::Duration;

use planaria_core::agent::{Agent, AgentParams};
use planaria_core::event::ClientEvent;
use planaria_core::port::provider::Provider;
use planaria_core::port::sandbox::Driver;
use planaria_core::port::store::Store;
use planaria_core::record::payload::{Genesis, ToolResult};
use planaria_core::session::{SessionState, Status};
use planaria_core::{EventId, Kind, Record, SessionId};
use planaria_runtime::{Builder, Error, Fault, Runtime, Supervision};
use planaria_testkit::check;
use planaria_testkit::env::{SimClock, SimEnv};
use planaria_testkit::rng::Rng;
use planaria_testkit::sandbox::SimHands;
use planaria_testkit::store::{SimDisk, SimStore};
use serde_json::{Value, json};

pub use hands::{OddHands, Oddity};
pub use models::{Model, caller, endless, fine, last_text, quick, runs, said};

/// Virtual time after which something that was to happen will not.
const STUCK: Duration = Duration::from_secs(600);
/// Virtual time between two looks at what cannot be waited for.
const LOOK: Duration = Duration::from_millis(1);

/// What outlives a runtime.
pub struct Rig {
    pub disk: SimDisk,
    pub hands: SimHands,
    pub clock: SimClock,
}

impl Rig {
    /// An empty world. To be made inside the test's tokio runtime.
    pub fn new() -> Self {
        let clock = SimClock::running();
        let hands = SimHands::new(clock.clone(), 1);
        Self { disk: SimDisk::new(Rng::new(1)), clock, hands }
    }

    /// Opens the disk.
    pub fn store(&self) -> Arc<SimStore> {
        Arc::new(SimStore::open(&self.disk).unwrap())
    }

    /// Starts a runtime on a store, with this model for every session.
    pub async fn start(&self, store: Arc<dyn Store>, model: impl Provider + 'static) -> Runtime {
        self.start_with(store, model, Arc::new(self.hands.clone())).await
    }

    /// Starts a runtime with a driver of its own.
    pub async fn start_with(
        &self,
        store: Arc<dyn Store>,
        model: impl Provider + 'static,
        driver: Arc<dyn Driver>,
    ) -> Runtime {
        self.builder(store, model, driver).start().await.unwrap()
    }

    /// Starts a runtime that puts its sessions to sleep as `supervision` says.
    pub async fn start_sleepy(
        &self,
        store: Arc<dyn Store>,
        model: impl Provider + 'static,
        supervision: Supervision,
    ) -> Runtime {
        let builder = self.builder(store, model, Arc::new(self.hands.clone()));
        builder.supervision(supervision).start().await.unwrap()
    }

    /// A runtime in the making.
    pub fn builder(
        &self,
        store: Arc<dyn Store>,
        model: impl Provider + 'static,
        driver: Arc<dyn Driver>,
    ) -> Builder {
        let env = SimEnv::new(self.clock.clone(), Rng::new(2));
        Runtime::builder().store(store).env(env).sandbox(driver).provider(model)
    }

    /// A session in the middle of an endless call, whose runtime is gone. Its hand lives on.
    pub async fn left_behind(&self, id: SessionId) -> EventId {
        let runtime = self.start(self.store(), caller(vec![endless()])).await;
        create(&runtime, id).await;
        say(&runtime, id, "go").await;
        until(|| !self.hands.ledger().is_empty()).await;
        runtime.shutdown(Duration::from_secs(1)).await;
        self.disk.crash();
        self.hands.ledger()[0].call
    }
}

/// Creates a session of an agent with every tool.
pub async fn create(runtime: &Runtime, id: SessionId) {
    create_with(runtime, id, json!([{ "type": "agent_toolset_20260401" }])).await;
}

/// Creates a session of an agent whose every call must be confirmed.
pub async fn create_asking(runtime: &Runtime, id: SessionId) {
    let ask = json!({ "permission_policy": { "type": "always_ask" } });
    let tools = json!([{ "type": "agent_toolset_20260401", "default_config": ask }]);
    create_with(runtime, id, tools).await;
}

async fn create_with(runtime: &Runtime, id: SessionId, tools: Value) {
    let params = json!({ "name": "worker", "model": "any", "tools": tools });
    let params: AgentParams = serde_json::from_value(params).unwrap();
    let created = create_of(runtime, id, params.materialise().unwrap()).await;
    created.unwrap();
}

/// Creates a session of this agent.
pub async fn create_of(
    runtime: &Runtime,
    id: SessionId,
    agent: Agent,
) -> Result<Vec<Record>, Error> {
    let genesis = Genesis {
        session: id,
        workspace: "local".to_owned(),
        agent,
        environment: "local".to_owned(),
        title: None,
        metadata: Default::default(),
    };
    runtime.create(genesis, Vec::new(), Vec::new()).await
}

/// Says something to a session.
pub async fn say(runtime: &Runtime, id: SessionId, text: &str) {
    runtime.send(id, vec![ClientEvent::message(text)]).await.unwrap();
}

/// Interrupts a session.
pub async fn interrupt(runtime: &Runtime, id: SessionId) {
    let interrupt = ClientEvent::Interrupt { session_thread_id: None };
    runtime.send(id, vec![interrupt]).await.unwrap();
}

/// Breaks a part of a session, as soon as there is one to break.
pub async fn inject(runtime: &Runtime, id: SessionId, fault: Fault) {
    while !runtime.inject(id, fault).await {
        tokio::time::sleep(LOOK).await;
    }
}

/// Waits until a session is idle after a turn, and shows how it stands.
pub async fn idle(runtime: &Runtime, id: SessionId) -> Arc<SessionState> {
    let mut view = runtime.watch(id);
    let idle = view.wait_for(|view| matches!(view.state.status, Status::Idle(_)));
    let idle = tokio::time::timeout(STUCK, idle).await.expect("the session goes idle").unwrap();
    idle.state.clone()
}

/// Waits until something has happened that nobody tells of.
pub async fn until(happened: impl Fn() -> bool) {
    let look = async {
        while !happened() {
            tokio::time::sleep(LOOK).await;
        }
    };
    tokio::time::timeout(STUCK, look).await.expect("it happens");
}

/// The log of a session that is at rest, in which every invariant holds.
pub async fn log(runtime: &Runtime, id: SessionId) -> Vec<Record> {
    let records = runtime.read(id, 1, 1_000).await.unwrap();
    assert_eq!(check::log(id, &records, true), []);
    records
}

/// The texts of a log's tool results.
pub fn results(log: &[Record]) -> Vec<String> {
    let results = log.iter().filter(|record| record.kind == Kind::AgentToolResult);
    let results = results.map(|record| record.parse::<ToolResult>().unwrap());
    results.map(|result| result.content[0]["text"].as_str().unwrap().to_owned()).collect()
}
