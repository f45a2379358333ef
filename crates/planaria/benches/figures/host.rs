//! A host of a runtime on real parts: the embedded store, real hands, and a function as the model.

use std::ffi::OsString;
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream;
use planaria_core::agent::AgentParams;
use planaria_core::event::ClientEvent;
use planaria_core::model::{Answer, Block, Request, StopReason, ToolInput, Usage};
use planaria_core::port::BoxStream;
use planaria_core::port::provider::{Delta, Error, Provider};
use planaria_core::port::sandbox::Driver;
use planaria_core::record::payload::Genesis;
use planaria_core::session::Status;
use planaria_core::{EventId, SessionId};
use planaria_drivers::env::SystemEnv;
use planaria_drivers::sandbox::{LocalDriver, LocalOptions};
use planaria_drivers::store::{FjallStore, Options};
use planaria_runtime::{Runtime, Supervision};
use tempfile::TempDir;

/// The first word with which this program becomes a hand.
pub const HAND: &str = "hand";

/// What the model says to a request.
pub type Say = fn(&Request) -> Block;

/// A started runtime and its directory.
pub struct Host {
    /// The runtime.
    pub runtime: Runtime,
    store: Arc<FjallStore>,
    _directory: TempDir,
}

impl Host {
    /// Starts a runtime in an empty directory, with this model. `wrap` may put something around the
    /// driver of hands.
    pub async fn start(
        directory: TempDir,
        say: Say,
        wrap: impl FnOnce(LocalDriver) -> Arc<dyn Driver>,
    ) -> Self {
        let store = FjallStore::open(&directory.path().join("journal"), Options::default());
        let store = Arc::new(store.expect("an empty directory takes a store"));
        let program = std::env::current_exe().expect("this program has a path");
        let hand = vec![program.into_os_string(), OsString::from(HAND)];
        let driver = wrap(LocalDriver::new(LocalOptions::new(directory.path().to_owned(), hand)));
        let runtime = Runtime::builder()
            .store(store.clone())
            .env(SystemEnv::new())
            .sandbox(driver)
            .provider(Model(say))
            .supervision(tireless())
            .start()
            .await
            .expect("the runtime starts");
        Self { runtime, store, _directory: directory }
    }

    /// A runtime whose model is never asked.
    pub async fn silent(directory: TempDir) -> Self {
        Self::start(directory, |_| unreachable!("no session has a turn"), |driver| Arc::new(driver))
            .await
    }

    /// Ends everything, hands too.
    pub async fn end(self) {
        use planaria_core::port::store::Store;
        self.runtime.retire_hands().await;
        self.runtime.shutdown(Duration::from_secs(10)).await;
        self.store.close().await;
    }
}

/// As many restarts as a measurement needs, and no wait before them: the wait is a choice, and not
/// what is measured.
fn tireless() -> Supervision {
    Supervision {
        max_restarts: u32::MAX,
        within: Duration::from_secs(1),
        backoff_from: Duration::ZERO,
        backoff_to: Duration::ZERO,
        ..Supervision::default()
    }
}

/// Runs on a runtime like the one of the `planaria` command.
pub fn block_on<T: Send + 'static>(run: impl Future<Output = T> + Send + 'static) -> T {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.expect("the system gives threads");
    // A task of its own, because the thread that blocks is not one of the workers.
    runtime.block_on(async { tokio::spawn(run).await.expect("measuring does not panic") })
}

/// A new session of an agent with every tool.
pub async fn create(runtime: &Runtime, session: SessionId) {
    let params = serde_json::json!({
        "name": "worker", "model": "any", "tools": [{ "type": "agent_toolset_20260401" }],
    });
    let params: AgentParams = serde_json::from_value(params).expect("these are an agent");
    let genesis = Genesis {
        session,
        workspace: "local".to_owned(),
        agent: params.materialise().expect("these are allowed"),
        environment: "local".to_owned(),
        title: None,
        metadata: Default::default(),
    };
    runtime.create(genesis, Vec::new(), Vec::new()).await.expect("a new session");
}

/// Says something to a session and waits until the turn is over.
pub async fn turn(runtime: &Runtime, session: SessionId, text: &str) {
    say(runtime, session, text).await;
    let mut view = runtime.watch(session);
    let idle = view.wait_for(|view| matches!(view.state.status, Status::Idle(_)));
    idle.await.expect("the session goes idle");
}

/// Says something to a session.
pub async fn say(runtime: &Runtime, session: SessionId, text: &str) -> EventId {
    let sent = runtime.send(session, vec![ClientEvent::message(text)]).await;
    sent.expect("a message is accepted")[0].id
}

/// A command for the shell.
pub fn shell(command: &str) -> Block {
    let input = serde_json::json!({ "command": command });
    Block::ToolUse { name: "bash".to_owned(), input: ToolInput::Object(input) }
}

/// The text of the last message of a request.
pub fn last_text(request: &Request) -> &str {
    let block = request.messages.last().and_then(|message| message.content.last());
    let text = block.and_then(|block| block.get("text")).and_then(|text| text.as_str());
    text.unwrap_or_default()
}

/// A model that answers by a function, at once.
struct Model(Say);

impl Provider for Model {
    fn name(&self) -> &str {
        "function"
    }

    fn answer(&self, request: Arc<Request>) -> BoxStream<'static, Result<Delta, Error>> {
        let block = (self.0)(&request);
        let stop = match &block {
            Block::ToolUse { .. } => StopReason::ToolUse,
            _ => StopReason::EndTurn,
        };
        let (model, usage) = (request.model.clone(), Usage::default());
        let answer = Answer { model, stop, usage, blocks: vec![block] };
        Box::pin(stream::iter([Ok(Delta::Done(answer))]))
    }
}
