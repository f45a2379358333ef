//! What is sent.

use std::sync::Arc;

use futures_util::StreamExt;
use planaria_core::EventId;
use planaria_core::model::{Message, Request, Role};
use planaria_core::port::provider::Provider;
use planaria_core::tool::{ToolSpec, text_block};
use planaria_drivers::model::Anthropic;
use planaria_testkit::provider::{FakeEndpoint, Received, Reply};
use serde_json::json;

use super::support::{KEY, hello, options, provider, question, sse};

async fn sent(request: Arc<Request>, cache: bool) -> Received {
    let endpoint = FakeEndpoint::start().await;
    endpoint.reply(Reply::sse(sse(&hello())));
    let provider = Anthropic::new(&options(&endpoint).cache(cache)).expect("usable options");
    provider.answer(request).collect::<Vec<_>>().await;
    endpoint.requests().remove(0)
}

#[tokio::test]
async fn the_head_is_that_of_the_messages_api() {
    let sent = sent(question(), false).await;
    assert_eq!((sent.method.as_str(), sent.path.as_str()), ("POST", "/v1/messages"));
    let headers = [
        ("anthropic-version", "2023-06-01"),
        ("x-api-key", KEY),
        ("content-type", "application/json"),
        ("accept", "text/event-stream"),
        ("user-agent", concat!("planaria/", env!("CARGO_PKG_VERSION"))),
    ];
    for (name, value) in headers {
        assert_eq!(sent.header(name), Some(value), "{name}");
    }
    assert_eq!(sent.header("authorization"), None);
    let key_in = sent.headers.iter().filter(|(_, value)| value.contains(KEY)).count();
    assert_eq!(key_in, 1, "the key is in one header");
}

/// A request that has everything.
fn everything() -> Request {
    let (first, second) = (EventId(1), EventId(u128::MAX));
    let call = |id: EventId| json!({ "type": "tool_use", "id": id, "name": "bash", "input": { "command": "ls" } });
    let result = |id: EventId| {
        json!({ "type": "tool_result", "tool_use_id": id,
        "content": [{ "type": "text", "text": "a.txt" }], "is_error": false })
    };
    let thinking = json!({ "type": "thinking", "thinking": "Hm.", "signature": "c2ln" });
    Request {
        model: "claude-test".to_owned(),
        effort: Some("xhigh".to_owned()),
        system: "Be brief.".to_owned(),
        messages: vec![
            Message { role: Role::User, content: vec![text_block("Grüße 🪱")] },
            Message {
                role: Role::Assistant,
                content: vec![thinking.clone(), call(first), call(second)],
            },
            Message {
                role: Role::User,
                content: vec![result(first), result(second), text_block("And?")],
            },
        ],
        tools: vec![ToolSpec {
            name: "bash".to_owned(),
            description: "Runs a command.".to_owned(),
            input_schema: json!({ "type": "object", "properties": { "command": { "type": "string" } } }),
        }],
        max_tokens: 16_384,
    }
}

#[tokio::test]
async fn a_request_with_everything_has_this_body() {
    let expected = json!({
        "model": "claude-test",
        "max_tokens": 16_384,
        "system": "Be brief.",
        "messages": [
            { "role": "user", "content": [{ "type": "text", "text": "Grüße 🪱" }] },
            { "role": "assistant", "content": [
                { "type": "thinking", "thinking": "Hm.", "signature": "c2ln" },
                { "type": "tool_use", "id": "sevt_011111111111111111111112", "name": "bash",
                    "input": { "command": "ls" } },
                { "type": "tool_use", "id": "sevt_01YcVfxkQb6JRzqk5kF2tNLv", "name": "bash",
                    "input": { "command": "ls" } },
            ] },
            { "role": "user", "content": [
                { "type": "tool_result", "tool_use_id": "sevt_011111111111111111111112",
                    "content": [{ "type": "text", "text": "a.txt" }], "is_error": false },
                { "type": "tool_result", "tool_use_id": "sevt_01YcVfxkQb6JRzqk5kF2tNLv",
                    "content": [{ "type": "text", "text": "a.txt" }], "is_error": false },
                { "type": "text", "text": "And?" },
            ] },
        ],
        "tools": [{ "name": "bash", "description": "Runs a command.", "input_schema": {
            "type": "object", "properties": { "command": { "type": "string" } } } }],
        "output_config": { "effort": "xhigh" },
        "stream": true,
    });
    assert_eq!(sent(Arc::new(everything()), false).await.json(), expected);
}

#[tokio::test]
async fn breakpoints_for_the_cache_are_all_that_the_cache_adds() {
    let request = Arc::new(everything());
    let digest = request.digest();
    let mut expected = sent(request.clone(), false).await.json();
    let mark = json!({ "type": "ephemeral" });
    expected["system"] =
        json!([{ "type": "text", "text": "Be brief.", "cache_control": mark.clone() }]);
    for place in ["/tools/0", "/messages/0/content/0", "/messages/2/content/2"] {
        expected.pointer_mut(place).expect("a block")["cache_control"] = mark.clone();
    }
    assert_eq!(sent(request.clone(), true).await.json(), expected);
    assert_eq!(request.digest(), digest);
}

#[tokio::test]
async fn the_cache_is_on_by_default() {
    let endpoint = FakeEndpoint::start().await;
    endpoint.reply(Reply::sse(sse(&hello())));
    provider(&endpoint).answer(question()).collect::<Vec<_>>().await;
    let sent = endpoint.requests().remove(0).json();
    assert_eq!(sent["messages"][0]["content"][0]["cache_control"]["type"], "ephemeral");
}

#[tokio::test]
async fn what_a_request_does_not_have_is_left_out() {
    let expected = json!({
        "model": "claude-test",
        "max_tokens": 1_024,
        "messages": [{ "role": "user", "content": [{ "type": "text", "text": "Hello" }] }],
        "stream": true,
    });
    assert_eq!(sent(question(), false).await.json(), expected);
}

#[tokio::test]
async fn the_path_of_base_url_stays_in_front() {
    for base in ["/gateway/anthropic", "/gateway/anthropic/"] {
        let endpoint = FakeEndpoint::start().await;
        let mut options = options(&endpoint);
        options.base_url.push_str(base);
        let provider = Anthropic::new(&options).unwrap();
        provider.answer(question()).collect::<Vec<_>>().await;
        assert_eq!(endpoint.requests()[0].path, "/gateway/anthropic/v1/messages");
    }
}

#[tokio::test]
async fn nothing_is_sent_until_the_stream_is_read_and_nothing_twice() {
    let endpoint = FakeEndpoint::start().await;
    let provider = provider(&endpoint);
    drop(provider.answer(question()));
    endpoint.reply(Reply::status(503));
    provider.answer(question()).collect::<Vec<_>>().await;
    assert_eq!(endpoint.requests().len(), 1, "a failure is not tried again behind the log's back");
}
