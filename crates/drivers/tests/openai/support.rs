//! A provider at a fake endpoint, and the chunks of a stream.

use std::sync::Arc;

use futures_util::StreamExt;
use planaria_core::model::{Answer, Block, Message, Request, Role, ToolInput};
use planaria_core::port::provider::{Delta, Error, Provider};
use planaria_core::tool::text_block;
use planaria_drivers::model::{OpenAi, OpenAiOptions};
pub use planaria_testkit::provider::dialect::chat::*;
use planaria_testkit::provider::{FakeEndpoint, Reply};
use serde_json::Value;

/// The key of all tests; long enough to be looked for in texts.
pub const KEY: &str = "sk-proj-test-0123456789abcdef";

pub fn options(endpoint: &FakeEndpoint) -> OpenAiOptions {
    OpenAiOptions::new(endpoint.base_url() + "/v1").key(KEY)
}

pub fn provider(endpoint: &FakeEndpoint) -> OpenAi {
    OpenAi::new(&options(endpoint)).expect("the options can be used")
}

pub fn question() -> Arc<Request> {
    Arc::new(Request {
        model: "chat-test".to_owned(),
        effort: None,
        system: String::new(),
        messages: vec![Message { role: Role::User, content: vec![text_block("Hello")] }],
        tools: Vec::new(),
        max_tokens: 1_024,
    })
}

/// All that a reply leads to.
pub async fn items(reply: Reply) -> Vec<Result<Delta, Error>> {
    let endpoint = FakeEndpoint::start().await;
    endpoint.reply(reply);
    provider(&endpoint).answer(question()).collect().await
}

/// What a reply leads to in the end.
pub async fn outcome(reply: Reply) -> Result<Answer, Error> {
    match items(reply).await.pop() {
        Some(Ok(Delta::Done(answer))) => Ok(answer),
        Some(Err(error)) => Err(error),
        other => panic!("a stream ends with its answer or an error, not with {other:?}"),
    }
}

/// The answer that a stream must lead to.
pub async fn whole(body: impl Into<String>) -> Answer {
    let body = body.into();
    let outcome = outcome(Reply::sse(body.clone())).await;
    outcome.unwrap_or_else(|error| panic!("{error} after {body}"))
}

/// The message of the [`Error::Broken`] that a stream must lead to.
pub async fn broken(body: impl Into<String>) -> String {
    match outcome(Reply::sse(body.into())).await {
        Err(Error::Broken { message }) => message,
        other => panic!("a broken answer, not {other:?}"),
    }
}

/// A call as a block.
pub fn tool_use(name: &str, input: Value) -> Block {
    Block::ToolUse { name: name.to_owned(), input: ToolInput::Object(input) }
}
