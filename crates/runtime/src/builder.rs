//! How a runtime is put together.

use std::collections::BTreeMap;
use std::sync::Arc;

use planaria_core::SessionId;
use planaria_core::context::{ContextPolicy, WholeLog};
use planaria_core::port::env::Env;
use planaria_core::port::provider::Provider;
use planaria_core::port::sandbox::Driver;
use planaria_core::port::store::Store;
use planaria_core::port::tool::Tool;
use planaria_supervisor::{ChildSpec, StartError};

use crate::options::Supervision;
use crate::providers::Route;
use crate::runtime::Runtime;
use crate::sandbox::NoSandbox;
use crate::tree::{Serves, Tree, TreeDeps};

/// What a runtime is made of. [`store`](Self::store), [`env`](Self::env) and
/// [`provider`](Self::provider) must be given, everything else has a default.
#[must_use]
pub struct Builder {
    store: Option<Arc<dyn Store>>,
    env: Option<Arc<dyn Env>>,
    route: Option<Box<Route>>,
    sandbox: Arc<dyn Driver>,
    supervision: Supervision,
    serves: Box<Serves>,
    policy: Arc<dyn ContextPolicy>,
    tools: Vec<Arc<dyn Tool>>,
    children: Vec<ChildSpec>,
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            store: None,
            env: None,
            route: None,
            sandbox: Arc::new(NoSandbox),
            supervision: Supervision::default(),
            serves: Box::new(|_| true),
            policy: Arc::new(WholeLog::default()),
            tools: Vec::new(),
            children: Vec::new(),
        }
    }
}

impl Builder {
    /// Where the logs are kept.
    pub fn store(mut self, store: impl Store + 'static) -> Self {
        self.store = Some(Arc::new(store));
        self
    }

    /// Where time and chance come from.
    pub fn env(mut self, env: impl Env + 'static) -> Self {
        self.env = Some(Arc::new(env));
        self
    }

    /// The model provider that answers every session.
    pub fn provider(self, provider: impl Provider + 'static) -> Self {
        let provider: Arc<dyn Provider> = Arc::new(provider);
        self.route(move |_, _| Ok(provider.clone()))
    }

    /// Chooses the model provider of each session by its id and labels, before each request. An
    /// `Err` says why there is none and how to mend it; it ends the turn.
    pub fn route(
        mut self,
        route: impl Fn(SessionId, &BTreeMap<String, String>) -> Result<Arc<dyn Provider>, String>
        + Send
        + Sync
        + 'static,
    ) -> Self {
        self.route = Some(Box::new(route));
        self
    }

    /// What starts the sandboxes in which built-in tools run. Without it those tools fail, and
    /// only the host's own run.
    pub fn sandbox(mut self, driver: impl Driver + 'static) -> Self {
        self.sandbox = Arc::new(driver);
        self
    }

    /// How restarts are done, where the default does not fit.
    pub fn supervision(mut self, supervision: Supervision) -> Self {
        self.supervision = supervision;
        self
    }

    /// Which sessions are woken at the start, by their labels; all of them by default. Others keep
    /// what they have open until somebody asks for them.
    pub fn serves(
        mut self,
        serves: impl Fn(&BTreeMap<String, String>) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.serves = Box::new(serves);
        self
    }

    /// How the context of model requests is chosen; [`WholeLog`] by default.
    pub fn context_policy(mut self, policy: impl ContextPolicy + 'static) -> Self {
        self.policy = Arc::new(policy);
        self
    }

    /// A tool that runs in this process, for the agents that have it
    /// ([`Agent::with_tool`](planaria_core::agent::Agent::with_tool)).
    pub fn tool(mut self, tool: impl Tool + 'static) -> Self {
        self.tools.push(Arc::new(tool));
        self
    }

    /// A child of the host's own, supervised beside the sessions under `runtime/host`: started
    /// before them and stopped after them. One that keeps failing ends with the others of the
    /// host, visibly in [`Runtime::tree`], and no session with it.
    pub fn child(mut self, child: ChildSpec) -> Self {
        self.children.push(child);
        self
    }

    /// Starts the tree. Sessions that have something open are woken by it, a bounded number at a
    /// time; this does not wait for them.
    ///
    /// # Errors
    /// When something that must be given is missing, or when a part of the tree does not start.
    pub async fn start(self) -> Result<Runtime, StartError> {
        let missing = |what: &str| {
            StartError::Failed(format!(
                "the runtime has no {what}: give it one with Builder::{what}"
            ))
        };
        let deps = TreeDeps {
            store: self.store.ok_or_else(|| missing("store"))?,
            env: self.env.ok_or_else(|| missing("env"))?,
            driver: self.sandbox,
            route: self.route.ok_or_else(|| missing("provider"))?,
            supervision: self.supervision,
            serves: self.serves,
            policy: self.policy,
            tools: self.tools,
            children: self.children,
        };
        Ok(Runtime { tree: Arc::new(Tree::start(deps).await?) })
    }
}
