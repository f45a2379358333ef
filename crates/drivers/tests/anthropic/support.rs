//! A provider at a fake endpoint, and the events of the API.

use std::sync::Arc;

use futures_util::StreamExt;
use planaria_core::model::{Answer, Message, Request, Role};
use planaria_core::port::provider::{Delta, Error, Provider};
use planaria_core::tool::text_block;
use planaria_drivers::model::{Anthropic, AnthropicOptions};
pub use planaria_testkit::provider::dialect::messages::*;
use planaria_testkit::provider::{FakeEndpoint, Reply};

/// The key of all tests; long enough to be looked for in texts.
pub const KEY: &str = "sk-ant-test-0123456789abcdef";

pub fn options(endpoint: &FakeEndpoint) -> AnthropicOptions {
    AnthropicOptions::new(KEY).at(endpoint.base_url())
}

pub fn provider(endpoint: &FakeEndpoint) -> Anthropic {
    Anthropic::new(&options(endpoint)).expect("the options can be used")
}

pub fn question() -> Arc<Request> {
    Arc::new(Request {
        model: "claude-test".to_owned(),
        effort: None,
        system: String::new(),
        messages: vec![Message { role: Role::User, content: vec![text_block("Hello")] }],
        tools: Vec::new(),
        max_tokens: 1_024,
    })
}

/// All that a provider yields for one question.
pub async fn items(provider: &Anthropic) -> Vec<Result<Delta, Error>> {
    provider.answer(question()).collect().await
}

/// What a single reply leads to.
pub async fn outcome(reply: Reply) -> Result<Answer, Error> {
    let endpoint = FakeEndpoint::start().await;
    endpoint.reply(reply);
    match items(&provider(&endpoint)).await.pop() {
        Some(Ok(Delta::Done(answer))) => Ok(answer),
        Some(Err(error)) => Err(error),
        other => panic!("a stream ends with its answer or an error, not with {other:?}"),
    }
}

/// The message of the [`Error::Broken`] that a reply must lead to.
pub async fn broken(reply: Reply) -> String {
    match outcome(reply).await {
        Err(Error::Broken { message }) => message,
        other => panic!("a broken answer, not {other:?}"),
    }
}
