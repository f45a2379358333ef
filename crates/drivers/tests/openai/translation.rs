//! Conversations in the Messages API's shape, as messages of chat completions.

use std::sync::Arc;

use futures_util::StreamExt;
use planaria_core::EventId;
use planaria_core::model::{Message, Request, Role};
use planaria_core::port::provider::Provider;
use planaria_core::tool::text_block;
use planaria_drivers::model::OpenAi;
use planaria_testkit::provider::{FakeEndpoint, Reply};
use serde_json::{Value, json};

use super::support::{hello, options, question};

async fn messages(request: Request, documents: bool) -> Value {
    let endpoint = FakeEndpoint::start().await;
    endpoint.reply(Reply::sse(hello()));
    let provider = OpenAi::new(&options(&endpoint).documents(documents)).expect("usable options");
    provider.answer(Arc::new(request)).collect::<Vec<_>>().await;
    endpoint.requests().remove(0).json()["messages"].take()
}

async fn translated(turns: &[(Role, Value)]) -> Value {
    messages(request(turns), false).await
}

fn request(turns: &[(Role, Value)]) -> Request {
    let turn = |(role, content): &(Role, Value)| Message {
        role: *role,
        content: content.as_array().expect("blocks").clone(),
    };
    Request { messages: turns.iter().map(turn).collect(), ..Request::clone(&question()) }
}

fn user(content: Value) -> (Role, Value) {
    (Role::User, content)
}

fn png() -> Value {
    json!({ "type": "image",
        "source": { "type": "base64", "media_type": "image/png", "data": "AAAA" } })
}

fn pdf() -> Value {
    json!({ "type": "document", "title": "plan.pdf",
        "source": { "type": "base64", "media_type": "application/pdf", "data": "JVBE" } })
}

#[tokio::test]
async fn a_conversation_with_everything_becomes_these_messages() {
    let (first, second) = (EventId(1), EventId(u128::MAX));
    let call = |id: EventId, input: Value| json!({ "type": "tool_use", "id": id, "name": "read", "input": input });
    let result = |id: EventId, content: Value, is_error: bool| {
        json!({ "type": "tool_result", "tool_use_id": id, "content": content,
            "is_error": is_error })
    };
    let thinking = json!({ "type": "thinking", "thinking": "Hm.", "signature": "c2ln" });
    let redacted = json!({ "type": "redacted_thinking", "data": "b3BhcXVl" });
    let turns = [
        user(json!([text_block("Grüße 🪱"), text_block("Look.")])),
        (
            Role::Assistant,
            json!([
                thinking,
                redacted,
                text_block("I look."),
                call(first, json!({ "path": "ä" })),
                call(second, json!({}))
            ]),
        ),
        user(json!([
            result(first, json!([text_block("no such file")]), true),
            result(second, json!([text_block("A picture:"), png()]), false),
            text_block("And?"),
        ])),
        (Role::Assistant, json!([text_block("A worm.")])),
        user(json!([text_block("Thanks.")])),
    ];
    let request = Request { system: "Be brief.".to_owned(), ..request(&turns) };
    let (one, other) = ("sevt_011111111111111111111112", "sevt_01YcVfxkQb6JRzqk5kF2tNLv");
    let function = |id: &str, arguments: &str| {
        json!({ "id": id, "type": "function",
            "function": { "name": "read", "arguments": arguments } })
    };
    let expected = json!([
        { "role": "system", "content": "Be brief." },
        { "role": "user", "content": "Grüße 🪱\n\nLook." },
        { "role": "assistant", "content": "I look.",
            "tool_calls": [function(one, "{\"path\":\"ä\"}"), function(other, "{}")] },
        { "role": "tool", "tool_call_id": one, "content": "[The call failed.]\nno such file" },
        { "role": "tool", "tool_call_id": other,
            "content": "A picture:\n[An image: it follows in the next user message.]" },
        { "role": "user", "content": [
            { "type": "text", "text": format!("[An image that the call {other} returned:]") },
            { "type": "image_url", "image_url": { "url": "data:image/png;base64,AAAA" } },
            { "type": "text", "text": "And?" },
        ] },
        { "role": "assistant", "content": "A worm." },
        { "role": "user", "content": "Thanks." },
    ]);
    assert_eq!(messages(request, false).await, expected);
}

#[tokio::test]
async fn the_same_request_is_sent_in_the_same_bytes() {
    let turns = [user(json!([text_block("a"), png(), pdf()]))];
    assert_eq!(translated(&turns).await.to_string(), translated(&turns).await.to_string());
}

#[tokio::test]
async fn calls_without_a_text_have_none() {
    let call = json!({ "type": "tool_use", "id": "x", "name": "list", "input": {} });
    let messages = translated(&[(Role::Assistant, json!([call]))]).await;
    assert_eq!(messages[0]["content"], Value::Null);
    assert_eq!(messages[0]["tool_calls"][0]["function"]["arguments"], "{}");
}

#[tokio::test]
async fn a_message_of_which_nothing_is_left_is_left_out() {
    let thinking = json!({ "type": "thinking", "thinking": "Hm.", "signature": "c2ln" });
    let turns = [user(json!([text_block("a")])), (Role::Assistant, json!([thinking]))];
    assert_eq!(translated(&turns).await, json!([{ "role": "user", "content": "a" }]));
}

#[tokio::test]
async fn a_result_always_has_a_text() {
    let result = |content: Value| json!({ "type": "tool_result", "tool_use_id": "x", "content": content, "is_error": false });
    let cases = [
        (json!([]), "[The call returned nothing.]"),
        (Value::Null, "[The call returned nothing.]"),
        (json!("plain"), "plain"),
        (json!([text_block("a"), text_block("b")]), "a\nb"),
    ];
    for (content, expected) in cases {
        let messages = translated(&[user(json!([result(content)]))]).await;
        let tool = json!({ "role": "tool", "tool_call_id": "x", "content": expected });
        assert_eq!(messages, json!([tool]));
    }
}

#[tokio::test]
async fn an_image_goes_as_a_url_of_its_data_or_as_its_own() {
    let at = json!({ "type": "image", "source": { "type": "url", "url": "https://x.example/a" } });
    let messages = translated(&[user(json!([png(), at]))]).await;
    let urls = ["data:image/png;base64,AAAA", "https://x.example/a"];
    let parts = urls.map(|url| json!({ "type": "image_url", "image_url": { "url": url } }));
    assert_eq!(messages[0]["content"], json!(parts));
}

#[tokio::test]
async fn a_pdf_is_a_file_where_files_are_taken_and_a_note_elsewhere() {
    let turns = [user(json!([pdf()]))];
    let file = json!({ "filename": "plan.pdf", "file_data": "data:application/pdf;base64,JVBE" });
    assert_eq!(
        messages(request(&turns), true).await[0]["content"],
        json!([{ "type": "file", "file": file }])
    );
    assert_eq!(
        translated(&turns).await[0]["content"],
        "[The document `plan.pdf` was left out here: you cannot be shown it.]"
    );
}

#[tokio::test]
async fn what_is_text_at_heart_goes_as_text() {
    let document = |source: Value| json!({ "type": "document", "title": "T", "source": source });
    let plain = json!({ "type": "text", "media_type": "text/plain", "data": "Words." });
    let blocks = json!({ "type": "content", "content": [text_block("Words.")] });
    for source in [plain, blocks] {
        let messages = translated(&[user(json!([document(source)]))]).await;
        assert_eq!(messages[0]["content"], "[T]\nWords.");
    }
    let found = json!({ "type": "search_result", "title": "T", "source": "https://x.example",
        "content": [text_block("Words.")] });
    let messages = translated(&[user(json!([found]))]).await;
    assert_eq!(messages[0]["content"], "[T: https://x.example]\nWords.");
}

#[tokio::test]
async fn what_has_no_counterpart_is_named() {
    let at = json!({ "type": "document", "source": { "type": "url", "url": "https://x.example" } });
    let cases = [
        (json!({ "type": "hologram" }), "A block of type hologram"),
        (json!({ "type": "image", "source": { "type": "file", "file_id": "f" } }), "An image"),
        (at, "The document at https://x.example"),
    ];
    for (block, what) in cases {
        let messages = translated(&[user(json!([block]))]).await;
        let note = format!("[{what} was left out here: you cannot be shown it.]");
        assert_eq!(messages[0]["content"], note);
    }
}
