//! The same answer, however its bytes are cut.

use futures_util::StreamExt;
use planaria_core::model::{Answer, Block, StopReason, ToolInput, Usage};
use planaria_core::port::provider::{Delta, Error, Provider};
use planaria_testkit::provider::{FakeEndpoint, Reply, sketch};
use serde_json::{Value, json};

use super::support::{
    answer, block_start, block_stop, call_start, delta, input_delta, outcome, provider, question,
    sse, text_delta, text_start,
};

/// Everything that an answer may have, with characters of two, three and four bytes.
fn transcript() -> Vec<Value> {
    let thinking = json!({ "type": "thinking", "thinking": "", "signature": "" });
    answer(vec![
        block_start(0, thinking),
        delta(0, json!({ "type": "thinking_delta", "thinking": "Ich grüble 🪱" })),
        json!({ "type": "ping" }),
        delta(0, json!({ "type": "signature_delta", "signature": "c2lnbmF0dXJl" })),
        block_stop(0),
        block_start(1, json!({ "type": "redacted_thinking", "data": "b3BhcXVl" })),
        block_stop(1),
        text_start(2),
        text_delta(2, "Grüße, "),
        text_delta(2, "漢字 \"🪱\"\n"),
        block_stop(2),
        call_start(3, "write"),
        input_delta(3, ""),
        input_delta(3, "{\"path\": \"ä"),
        input_delta(3, ".txt\"}"),
        block_stop(3),
    ])
}

fn expected() -> Answer {
    Answer {
        model: "claude-test-20260101".to_owned(),
        blocks: vec![
            Block::Thinking(json!({
                "type": "thinking", "thinking": "Ich grüble 🪱", "signature": "c2lnbmF0dXJl",
            })),
            Block::Thinking(json!({ "type": "redacted_thinking", "data": "b3BhcXVl" })),
            Block::Text("Grüße, 漢字 \"🪱\"\n".to_owned()),
            Block::ToolUse {
                name: "write".to_owned(),
                input: ToolInput::Object(json!({ "path": "ä.txt" })),
            },
        ],
        stop: StopReason::EndTurn,
        usage: Usage {
            input_tokens: 11,
            output_tokens: 42,
            cache_creation_input_tokens: 5,
            cache_read_input_tokens: 7,
        },
    }
}

async fn items(endpoint: &FakeEndpoint, reply: Reply) -> Vec<Result<Delta, Error>> {
    endpoint.reply(reply);
    provider(endpoint).answer(question()).collect().await
}

#[tokio::test]
async fn a_cut_at_any_byte_changes_nothing() {
    let body = sse(&transcript());
    let endpoint = FakeEndpoint::start().await;
    let provider = provider(&endpoint);
    endpoint.reply(Reply::sse(body.clone()));
    let whole: Vec<_> = provider.answer(question()).collect().await;
    assert_eq!(whole.last(), Some(&Ok(Delta::Done(expected()))));
    for place in 1..body.len() {
        endpoint.reply(Reply::sse(body.clone()).cut_at([place]));
        let cut: Vec<_> = provider.answer(question()).collect().await;
        assert_eq!(cut, whole, "cut at byte {place}");
    }
}

#[tokio::test]
async fn byte_by_byte_it_is_the_same_with_every_kind_of_line_end() {
    let endpoint = FakeEndpoint::start().await;
    for end in ["\n", "\r\n", "\r"] {
        let body = sse(&transcript()).replace('\n', end);
        let reply = Reply::sse(body.clone()).cut_at(1..body.len());
        let last = items(&endpoint, reply).await.pop();
        assert_eq!(last, Some(Ok(Delta::Done(expected()))), "{end:?}");
    }
}

#[tokio::test]
async fn each_delta_becomes_one_preview_and_a_ping_becomes_none() {
    let endpoint = FakeEndpoint::start().await;
    let items = items(&endpoint, Reply::sse(sse(&transcript()))).await;
    let expected = [
        "11 in, 1 out",
        "0 Thinking",
        "…",
        "…",
        "1 Thinking",
        "2 Text",
        "2 \"Grüße, \"",
        "2 \"漢字 \\\"🪱\\\"\\n\"",
        "3 ToolUse",
        "…",
        "…",
        "…",
        "11 in, 42 out",
        "done",
    ];
    assert_eq!(sketch(&items), expected);
}

#[tokio::test]
async fn a_body_that_ends_at_any_byte_before_its_last_event_is_broken() {
    let body = sse(&transcript());
    let needed = body.len() - 1;
    let endpoint = FakeEndpoint::start().await;
    let provider = provider(&endpoint);
    for end in (0..needed).step_by(7) {
        endpoint.reply(Reply::sse(body.as_bytes()[..end].to_vec()));
        let last = provider.answer(question()).collect::<Vec<_>>().await.pop();
        assert!(matches!(last, Some(Err(Error::Broken { .. }))), "ended at {end}: {last:?}");
    }
}

#[tokio::test]
async fn data_over_several_lines_is_one_event() {
    let body = sse(&transcript())
        .replace("\"type\":\"message_stop\"", "\ndata: \"type\":\ndata: \"message_stop\"");
    assert_eq!(outcome(Reply::sse(body)).await, Ok(expected()));
}
