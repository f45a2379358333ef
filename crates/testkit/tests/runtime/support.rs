//! A runtime on a simulated disk, with a model that says what the test wants.

use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt, stream};
use planaria_core::SessionId;
use planaria_core::agent::AgentParams;
use planaria_core::event::ClientEvent;
use planaria_core::model::{Answer, Block, Request, StopReason, Usage};
use planaria_core::port::BoxStream;
use planaria_core::port::env::Env;
use planaria_core::port::provider::{BlockKind, Delta, Error, Provider};
use planaria_core::port::store::Store;
use planaria_core::record::payload::Genesis;
use planaria_core::session::{SessionState, Status};
use planaria_runtime::{Route, Runtime};
use planaria_testkit::env::{SimClock, SimEnv};
use planaria_testkit::rng::Rng;
use planaria_testkit::sandbox::SimHands;
use planaria_testkit::store::{SimDisk, SimStore};

/// Virtual time after which something that was to happen will not.
const STUCK: Duration = Duration::from_secs(600);

/// What outlives a runtime.
pub struct Rig {
    pub disk: SimDisk,
    pub hands: SimHands,
    clock: SimClock,
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
        let env: Arc<dyn Env> = Arc::new(SimEnv::new(self.clock.clone(), Rng::new(2)));
        let model: Arc<dyn Provider> = Arc::new(model);
        let route: Box<Route> = Box::new(move |_, _| Ok(model.clone()));
        let driver = Arc::new(self.hands.clone());
        Runtime::builder(store, env, driver, route).start().await.unwrap()
    }
}

/// Creates a session of an agent with every tool.
pub async fn create(runtime: &Runtime, id: SessionId) {
    let params = serde_json::json!({
        "name": "worker", "model": "any", "tools": [{ "type": "agent_toolset_20260401" }],
    });
    let params: AgentParams = serde_json::from_value(params).unwrap();
    let genesis = Genesis {
        session: id,
        workspace: "local".to_owned(),
        agent: params.materialise().unwrap(),
        environment: "local".to_owned(),
        title: None,
        metadata: Default::default(),
    };
    runtime.create(genesis, Vec::new(), Vec::new()).await.unwrap();
}

/// Says something to a session.
pub async fn say(runtime: &Runtime, id: SessionId, text: &str) {
    runtime.send(id, vec![ClientEvent::message(text)]).await.unwrap();
}

/// Waits until a session is idle after a turn, and shows how it stands.
pub async fn idle(runtime: &Runtime, id: SessionId) -> Arc<SessionState> {
    let mut view = runtime.watch(id);
    let idle = view.wait_for(|view| matches!(view.state.status, Status::Idle(_)));
    let idle = tokio::time::timeout(STUCK, idle).await.expect("the session goes idle").unwrap();
    idle.state.clone()
}

/// What a model says.
pub type Said = Result<Vec<Block>, Error>;

/// One text.
pub fn said(text: &str) -> Said {
    Ok(vec![Block::Text(text.to_owned())])
}

/// A model that answers by a function. It may panic.
pub struct Model<F>(pub F);

impl<F> Provider for Model<F>
where
    F: Fn(&Request) -> Said + Send + Sync,
{
    fn name(&self) -> &str {
        "test"
    }

    fn answer(&self, request: Arc<Request>) -> BoxStream<'static, Result<Delta, Error>> {
        let blocks = match (self.0)(&request) {
            Ok(blocks) => blocks,
            Err(error) => return stream::iter([Err(error)]).boxed(),
        };
        let mut pieces = Vec::new();
        for (index, block) in blocks.iter().enumerate() {
            if let Block::Text(text) = block {
                pieces.push(Delta::Start { index, kind: BlockKind::Text });
                pieces.push(Delta::Text { index, text: text.clone() });
            }
        }
        let calls = blocks.iter().any(|block| matches!(block, Block::ToolUse { .. }));
        pieces.push(Delta::Done(Answer {
            model: request.model.clone(),
            stop: if calls { StopReason::ToolUse } else { StopReason::EndTurn },
            usage: Usage { input_tokens: 1, output_tokens: 1, ..Usage::default() },
            blocks,
        }));
        stream::iter(pieces.into_iter().map(Ok)).boxed()
    }
}

/// The text of the last message of a request.
pub fn last_text(request: &Request) -> String {
    let block = request.messages.last().and_then(|message| message.content.last());
    let text = block.and_then(|block| block.get("text")).and_then(|text| text.as_str());
    text.unwrap_or_default().to_owned()
}
