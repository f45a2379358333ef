//! What is sent.

use std::sync::Arc;

use futures_util::StreamExt;
use planaria_core::model::Request;
use planaria_core::port::provider::Provider;
use planaria_core::tool::ToolSpec;
use planaria_drivers::model::{OpenAi, OpenAiOptions, TokenLimit};
use planaria_testkit::provider::{FakeEndpoint, Received, Reply};
use serde_json::json;

use super::support::{KEY, hello, question};

type Change = fn(OpenAiOptions) -> OpenAiOptions;

async fn sent(request: Request, change: Change) -> Received {
    let endpoint = FakeEndpoint::start().await;
    endpoint.reply(Reply::sse(hello()));
    let options = change(OpenAiOptions::new(endpoint.base_url() + "/v1"));
    let provider = OpenAi::new(&options).expect("usable options");
    provider.answer(Arc::new(request)).collect::<Vec<_>>().await;
    endpoint.requests().remove(0)
}

fn asking() -> Request {
    Request::clone(&question())
}

#[tokio::test]
async fn the_head_is_that_of_chat_completions() {
    let sent = sent(asking(), |options| options.key(KEY)).await;
    assert_eq!((sent.method.as_str(), sent.path.as_str()), ("POST", "/v1/chat/completions"));
    let bearer = format!("Bearer {KEY}");
    let headers = [
        ("authorization", bearer.as_str()),
        ("content-type", "application/json"),
        ("accept", "text/event-stream"),
        ("user-agent", concat!("planaria/", env!("CARGO_PKG_VERSION"))),
    ];
    for (name, value) in headers {
        assert_eq!(sent.header(name), Some(value), "{name}");
    }
    let key_in = sent.headers.iter().filter(|(_, value)| value.contains(KEY)).count();
    assert_eq!(key_in, 1, "the key is in one header");
}

#[tokio::test]
async fn without_a_key_there_is_no_header_for_it() {
    assert_eq!(sent(asking(), |options| options).await.header("authorization"), None);
}

#[tokio::test]
async fn what_a_request_does_not_have_is_left_out() {
    let expected = json!({
        "model": "chat-test",
        "max_tokens": 1_024,
        "messages": [{ "role": "user", "content": "Hello" }],
        "stream": true,
        "stream_options": { "include_usage": true },
    });
    assert_eq!(sent(asking(), |options| options).await.json(), expected);
}

#[tokio::test]
async fn tools_are_functions() {
    let schema = json!({ "type": "object", "properties": { "path": { "type": "string" } } });
    let spec = ToolSpec {
        name: "read".to_owned(),
        description: "Reads a file.".to_owned(),
        input_schema: schema.clone(),
    };
    let request = Request { tools: vec![spec], ..asking() };
    let expected = json!([{ "type": "function", "function": {
        "name": "read", "description": "Reads a file.", "parameters": schema } }]);
    assert_eq!(sent(request, |options| options).await.json()["tools"], expected);
}

#[tokio::test]
async fn an_effort_above_high_is_high() {
    let efforts = [
        ("low", "low"),
        ("medium", "medium"),
        ("high", "high"),
        ("xhigh", "high"),
        ("max", "high"),
        ("minimal", "minimal"),
    ];
    for (asked, expected) in efforts {
        let request = Request { effort: Some(asked.to_owned()), ..asking() };
        let body = sent(request, |options| options).await.json();
        assert_eq!(body["reasoning_effort"], expected);
    }
}

#[tokio::test]
async fn the_field_that_bounds_an_answer_can_be_chosen() {
    let change: Change = |options| options.token_limit(TokenLimit::MaxCompletionTokens);
    let body = sent(asking(), change).await.json();
    assert_eq!(body["max_completion_tokens"], 1_024);
    assert_eq!(body.get("max_tokens"), None);
}

#[tokio::test]
async fn a_small_models_answers_are_bounded_and_never_widened() {
    let small: Change = |options| options.answer_tokens_max(100);
    assert_eq!(sent(asking(), small).await.json()["max_tokens"], 100);
    let large: Change = |options| options.answer_tokens_max(1_000_000);
    assert_eq!(sent(asking(), large).await.json()["max_tokens"], 1_024);
}

#[test]
fn at_openai_itself_the_defaults_are_openais() {
    let manner = |base: &str| {
        let provider = OpenAi::new(&OpenAiOptions::new(base).key(KEY)).expect("usable options");
        format!("{provider:?}")
    };
    let openai = manner("https://api.openai.com/v1");
    assert!(openai.contains("MaxCompletionTokens") && openai.contains("documents: true"));
    let other = manner("https://openrouter.ai/api/v1");
    assert!(other.contains("MaxTokens") && other.contains("documents: false"), "{other}");
}
