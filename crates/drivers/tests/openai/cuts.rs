//! The same answer, however its bytes are cut.

use futures_util::StreamExt;
use planaria_core::model::{Answer, Block, StopReason, UNSIGNED, Usage};
use planaria_core::port::provider::{Delta, Error, Provider};
use planaria_testkit::provider::{FakeEndpoint, Reply, sketch};
use serde_json::json;

use super::support::{
    answer, call_more, call_start, items, outcome, provider, question, reasoning, text, tool_use,
};

/// Everything that an answer may have, with characters of two, three and four bytes.
fn transcript() -> String {
    let chunks = vec![
        reasoning("Ich grüble"),
        reasoning(" 🪱"),
        text("Grüße, "),
        text("漢字 \"🪱\"\n"),
        call_start(0, "write"),
        call_more(0, "{\"path\": \"ä"),
        call_more(0, ".txt\"}"),
        call_start(1, "list"),
    ];
    format!(": OPENROUTER PROCESSING\n\n{}", answer(chunks, "tool_calls"))
}

fn expected() -> Answer {
    let thinking =
        json!({ "type": "thinking", "thinking": "Ich grüble 🪱", "signature": UNSIGNED });
    Answer {
        model: "chat-test-2026-01-01".to_owned(),
        blocks: vec![
            Block::Thinking(thinking),
            Block::Text("Grüße, 漢字 \"🪱\"\n".to_owned()),
            tool_use("write", json!({ "path": "ä.txt" })),
            tool_use("list", json!({})),
        ],
        stop: StopReason::ToolUse,
        usage: Usage {
            input_tokens: 11,
            output_tokens: 42,
            cache_creation_input_tokens: 0,
            cache_read_input_tokens: 7,
        },
    }
}

#[tokio::test]
async fn a_cut_at_any_byte_changes_nothing() {
    let body = transcript();
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
    for end in ["\n", "\r\n", "\r"] {
        let body = transcript().replace('\n', end);
        let reply = Reply::sse(body.clone()).cut_at(1..body.len());
        assert_eq!(outcome(reply).await, Ok(expected()), "{end:?}");
    }
}

#[tokio::test]
async fn each_chunk_becomes_one_preview_and_an_empty_one_becomes_none() {
    let items = items(Reply::sse(transcript())).await;
    let expected = [
        "0 Thinking",
        "…",
        "…",
        "1 Text",
        "1 \"Grüße, \"",
        "1 \"漢字 \\\"🪱\\\"\\n\"",
        "2 ToolUse",
        "…",
        "…",
        "…",
        "3 ToolUse",
        "…",
        "11 in, 42 out",
        "done",
    ];
    assert_eq!(sketch(&items), expected);
}

#[tokio::test]
async fn a_body_that_ends_before_its_reason_to_stop_is_broken_and_behind_it_is_whole() {
    let body = transcript();
    let finish = body.find("\"finish_reason\":\"tool_calls\"").expect("a reason to stop");
    // The event counts when the blank line behind it has come.
    let needed = finish + body[finish..].find("\n\n").expect("an end of the event") + 2;
    let endpoint = FakeEndpoint::start().await;
    let provider = provider(&endpoint);
    for end in (0..needed).step_by(7).chain([needed - 1]).chain(needed..=body.len()) {
        endpoint.reply(Reply::sse(body.as_bytes()[..end].to_vec()));
        let last = provider.answer(question()).collect::<Vec<_>>().await.pop();
        match last {
            Some(Err(Error::Broken { .. })) if end < needed => {}
            Some(Ok(Delta::Done(answer))) if end >= needed => {
                assert_eq!(answer.blocks, expected().blocks, "ended at {end}");
            }
            other => panic!("ended at {end} of {}: {other:?}", body.len()),
        }
    }
}
