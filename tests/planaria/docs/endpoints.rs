//! Model endpoints on this machine that stand where a page names real ones.

use planaria_testkit::provider::dialect::{chat, messages};
use planaria_testkit::provider::{FakeEndpoint, Reply};

/// Requests that the blocks of one page make at most.
const REPLIES: usize = 16;
/// The address of a local server in the pages: where Ollama listens.
const LOCAL: &str = "http://127.0.0.1:11434/v1";

/// Both dialects, each with an answer for whoever asks.
pub struct Endpoints {
    runtime: tokio::runtime::Runtime,
    anthropic: FakeEndpoint,
    openai: FakeEndpoint,
}

impl Endpoints {
    /// Starts them on free ports.
    pub fn start() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime");
        let (anthropic, openai) =
            runtime.block_on(async { (FakeEndpoint::start().await, FakeEndpoint::start().await) });
        for _ in 0..REPLIES {
            anthropic.reply(Reply::sse(messages::sse(&messages::hello())));
            openai.reply(Reply::sse(chat::hello()));
        }
        Self { runtime, anthropic, openai }
    }

    /// The variable that leads the Messages API here.
    pub fn variable(&self) -> (&'static str, String) {
        ("PLANARIA_ANTHROPIC_BASE_URL", self.anthropic.base_url())
    }

    /// A page's text with the local server's address replaced by the one that listens.
    pub fn named_in(&self, text: &str) -> String {
        text.replace(LOCAL, &format!("{}/v1", self.openai.base_url()))
    }

    /// How many requests were made to either.
    pub fn asked(&self) -> (usize, usize) {
        let _entered = self.runtime.enter();
        (self.anthropic.requests().len(), self.openai.requests().len())
    }
}
