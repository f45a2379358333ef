//! What the protocol may bring besides, and how an answer may be cut short.

use planaria_core::model::{Block, StopReason, ToolInput};
use planaria_testkit::provider::Reply;
use serde_json::{Value, json};

use super::support::{
    answer, block_start, block_stop, call_start, delta, hello, input_delta, message_delta,
    message_start, message_stop, outcome, sse, text_delta, text_start,
};

async fn blocks(events: &[Value]) -> Vec<Block> {
    outcome(Reply::sse(sse(events))).await.expect("an answer").blocks
}

#[tokio::test]
async fn what_is_not_known_and_not_needed_is_passed_over() {
    let citation = json!({ "type": "citations_delta", "citation": { "url": "x" } });
    let events = answer(vec![
        json!({ "type": "ping", "extra": 1 }),
        json!({ "type": "an_event_of_tomorrow", "index": "not even a number" }),
        text_start(0),
        delta(0, citation),
        delta(0, json!({ "type": "a_delta_of_tomorrow", "text": "no" })),
        text_delta(0, "Hello there"),
        block_stop(0),
    ]);
    let mut body = sse(&events);
    body = body.replace(
        "event: content_block_stop",
        ": a comment\nid: 7\nretry: 9\nevent: content_block_stop",
    );
    body.insert_str(
        0,
        "\u{feff}event: weather\ndata: not JSON at all\n\nevent: ping\n\ndata\u{3a}\n\n",
    );
    let got = outcome(Reply::sse(body)).await.expect("an answer");
    assert_eq!(got, outcome(Reply::sse(sse(&hello()))).await.unwrap());
}

#[tokio::test]
async fn events_without_a_name_or_a_media_type_are_read() {
    let body = sse(&hello())
        .lines()
        .filter(|line| !line.starts_with("event:"))
        .fold(String::new(), |body, line| body + line + "\n");
    let unnamed = Reply::status(200).body(body);
    assert_eq!(outcome(unnamed).await, outcome(Reply::sse(sse(&hello()))).await);
}

#[tokio::test]
async fn a_block_of_a_type_of_tomorrow_is_kept_to_be_sent_back() {
    let summary = json!({ "type": "compaction", "content": "So " , "sealed": true });
    let search =
        json!({ "type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {} });
    let blocks = blocks(&answer(vec![
        block_start(0, summary),
        delta(0, json!({ "type": "compaction_delta", "content": "far.", "kind": "short" })),
        block_stop(0),
        block_start(1, search),
        input_delta(1, "{\"query\":"),
        input_delta(1, "\"worms\"}"),
        block_stop(1),
    ]))
    .await;
    let summary =
        json!({ "type": "compaction", "content": "So far.", "sealed": true, "kind": "short" });
    let search = json!({ "type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search",
        "input": { "query": "worms" } });
    assert_eq!(blocks, [Block::Thinking(summary), Block::Thinking(search)]);
}

#[tokio::test]
async fn thinking_goes_back_as_it_came() {
    let start = json!({ "type": "thinking", "thinking": "", "signature": "" });
    let thinking = |text| delta(0, json!({ "type": "thinking_delta", "thinking": text }));
    let blocks = blocks(&answer(vec![
        block_start(0, start),
        thinking("One, "),
        thinking("two."),
        delta(0, json!({ "type": "a_delta_of_tomorrow", "note": "not in the block" })),
        delta(0, json!({ "type": "signature_delta", "signature": "first" })),
        delta(0, json!({ "type": "signature_delta", "signature": "second" })),
        block_stop(0),
    ]))
    .await;
    let kept = json!({ "type": "thinking", "thinking": "One, two.", "signature": "second" });
    assert_eq!(blocks, [Block::Thinking(kept)]);
}

#[tokio::test]
async fn an_answer_cut_off_inside_a_calls_input_keeps_the_text_for_diagnosis() {
    let events = [
        message_start(),
        call_start(0, "write"),
        input_delta(0, "{\"content\": \"half a"),
        block_stop(0),
        message_delta("max_tokens"),
        message_stop(),
    ];
    let answer = outcome(Reply::sse(sse(&events))).await.expect("an answer");
    let input = ToolInput::Malformed("{\"content\": \"half a".to_owned());
    assert_eq!(answer.blocks, [Block::ToolUse { name: "write".to_owned(), input }]);
    assert_eq!(answer.stop, StopReason::MaxTokens);
}

#[tokio::test]
async fn input_that_came_with_its_calls_start_counts_where_no_delta_follows() {
    let call = |input: Value| json!({ "type": "tool_use", "id": "x", "name": "t", "input": input });
    let cases = [
        (call(json!({ "a": 1 })), ToolInput::Object(json!({ "a": 1 }))),
        (call(json!({})), ToolInput::Object(json!({}))),
        (call(Value::Null), ToolInput::Object(json!({}))),
        (json!({ "type": "tool_use", "name": "t" }), ToolInput::Object(json!({}))),
        (call(json!([1])), ToolInput::Malformed("[1]".to_owned())),
    ];
    for (start, input) in cases {
        let got = blocks(&answer(vec![block_start(0, start), block_stop(0)])).await;
        assert_eq!(got, [Block::ToolUse { name: "t".to_owned(), input }]);
    }
}

#[tokio::test]
async fn text_that_came_with_its_blocks_start_is_not_lost() {
    let start = block_start(0, json!({ "type": "text", "text": "Hel" }));
    let got = blocks(&answer(vec![start, text_delta(0, "lo"), block_stop(0)])).await;
    assert_eq!(got, [Block::Text("Hello".to_owned())]);
}

#[tokio::test]
async fn every_reason_to_stop_is_known() {
    let refusal = StopReason::Refusal { category: None, explanation: None };
    let cases = [
        ("end_turn", StopReason::EndTurn),
        ("tool_use", StopReason::ToolUse),
        ("max_tokens", StopReason::MaxTokens),
        ("model_context_window_exceeded", StopReason::MaxTokens),
        ("stop_sequence", StopReason::StopSequence),
        ("pause_turn", StopReason::PauseTurn),
        ("refusal", refusal),
        ("a_reason_of_tomorrow", StopReason::EndTurn),
    ];
    for (name, expected) in cases {
        let events = [message_start(), message_delta(name), message_stop()];
        let answer = outcome(Reply::sse(sse(&events))).await.expect("an answer");
        assert_eq!(answer.stop, expected, "{name}");
    }
}

#[tokio::test]
async fn counts_that_cannot_be_are_cut_to_what_can() {
    let mut events = hello();
    let absurd = json!({ "type": "message_delta", "delta": {}, "usage": {
        "input_tokens": u64::MAX, "output_tokens": 1_u64 << 40 } });
    events.insert(events.len() - 1, absurd);
    let usage = outcome(Reply::sse(sse(&events))).await.expect("an answer").usage;
    let most = u64::from(u32::MAX);
    assert_eq!((usage.input_tokens, usage.output_tokens), (most, most));
    assert_eq!(usage.cache_read_input_tokens, 7);
}

#[tokio::test]
async fn the_last_counts_replace_those_before() {
    let mut events = hello();
    let late = json!({ "type": "message_delta", "delta": {}, "usage": { "input_tokens": 100,
        "cache_read_input_tokens": null, "output_tokens": 50, "output_tokens_details": {} } });
    events.insert(events.len() - 1, late);
    let usage = outcome(Reply::sse(sse(&events))).await.expect("an answer").usage;
    let counts = (usage.input_tokens, usage.output_tokens, usage.cache_read_input_tokens);
    assert_eq!(counts, (100, 50, 7));
    assert_eq!(usage.cache_creation_input_tokens, 5);
}
