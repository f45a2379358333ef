//! A provider at a fake endpoint, and transcripts of the API.

use std::sync::Arc;

use futures_util::StreamExt;
use planaria_core::model::{Answer, Message, Request, Role};
use planaria_core::port::provider::{Delta, Error, Provider};
use planaria_core::tool::text_block;
use planaria_drivers::model::{Anthropic, AnthropicOptions};
use planaria_testkit::provider::{FakeEndpoint, Reply};
use serde_json::{Value, json};

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

/// Events as the API writes them, each under its own name.
pub fn sse(events: &[Value]) -> String {
    let write = |event: &Value| {
        format!("event: {}\ndata: {event}\n\n", event["type"].as_str().expect("a type"))
    };
    events.iter().map(write).collect()
}

pub fn message_start() -> Value {
    json!({ "type": "message_start", "message": {
        "id": "msg_1", "type": "message", "role": "assistant", "model": "claude-test-20260101",
        "content": [], "stop_reason": null, "stop_sequence": null,
        "usage": { "input_tokens": 11, "output_tokens": 1, "cache_creation_input_tokens": 5,
            "cache_read_input_tokens": 7, "service_tier": "standard" },
    } })
}

pub fn block_start(index: usize, block: Value) -> Value {
    json!({ "type": "content_block_start", "index": index, "content_block": block })
}

pub fn delta(index: usize, delta: Value) -> Value {
    json!({ "type": "content_block_delta", "index": index, "delta": delta })
}

pub fn text_delta(index: usize, text: &str) -> Value {
    delta(index, json!({ "type": "text_delta", "text": text }))
}

pub fn input_delta(index: usize, json: &str) -> Value {
    delta(index, json!({ "type": "input_json_delta", "partial_json": json }))
}

pub fn block_stop(index: usize) -> Value {
    json!({ "type": "content_block_stop", "index": index })
}

pub fn text_start(index: usize) -> Value {
    block_start(index, json!({ "type": "text", "text": "" }))
}

pub fn call_start(index: usize, name: &str) -> Value {
    let id = format!("toolu_{index}");
    block_start(index, json!({ "type": "tool_use", "id": id, "name": name, "input": {} }))
}

pub fn message_delta(reason: &str) -> Value {
    json!({ "type": "message_delta", "delta": { "stop_reason": reason, "stop_sequence": null },
        "usage": { "output_tokens": 42 } })
}

pub fn message_stop() -> Value {
    json!({ "type": "message_stop" })
}

/// A whole answer around some events.
pub fn answer(inner: Vec<Value>) -> Vec<Value> {
    let mut events = vec![message_start()];
    events.extend(inner);
    events.extend([message_delta("end_turn"), message_stop()]);
    events
}

/// A whole answer that is one text.
pub fn hello() -> Vec<Value> {
    answer(vec![text_start(0), text_delta(0, "Hello"), text_delta(0, " there"), block_stop(0)])
}
