//! What servers make of the protocol otherwise.

use planaria_core::model::{Block, StopReason, UNSIGNED, Usage};
use planaria_testkit::provider::{End, Reply};
use serde_json::{Value, json};

use super::support::{
    DONE, answer, call_start, chunk, finish, hello, outcome, reasoning, role, sse, text, tool_use,
    used, whole,
};

fn said(text: &str) -> Block {
    Block::Text(text.to_owned())
}

#[tokio::test]
async fn an_answer_needs_neither_usage_nor_done() {
    let chunks = [role(), text("Hello"), finish("stop")];
    for body in [sse(&chunks), sse(&chunks) + DONE, sse(&chunks[1..])] {
        let answer = whole(body).await;
        assert_eq!(answer.blocks, [said("Hello")]);
        assert_eq!((answer.stop, answer.usage), (StopReason::EndTurn, Usage::default()));
    }
}

#[tokio::test]
async fn an_answer_that_has_its_reason_to_stop_is_whole_even_if_the_connection_is_lost() {
    for end in [End::Closed, End::Reset] {
        let body = sse(&[role(), text("Hello"), finish("stop")]);
        let answer = outcome(Reply::sse(body).ending(end)).await.expect("an answer");
        assert_eq!(answer.blocks, [said("Hello")]);
    }
}

#[tokio::test]
async fn what_was_used_may_come_with_any_chunk() {
    let counts = |prompt: u64, completion: u64| json!({ "prompt_tokens": prompt, "completion_tokens": completion });
    let mut with_text = text("Hello");
    with_text["usage"] = counts(5, 1);
    let mut at_the_end = finish("stop");
    at_the_end["usage"] = counts(5, 3);
    let usage = whole(sse(&[with_text, at_the_end])).await.usage;
    assert_eq!((usage.input_tokens, usage.output_tokens), (5, 3));
}

#[tokio::test]
async fn nothing_but_the_text_and_the_end_has_to_be_there() {
    let chunks = [
        json!({ "choices": [{ "delta": { "content": "Hello" } }] }),
        json!({}),
        json!({ "choices": null, "usage": null, "error": null }),
        json!({ "choices": [] }),
        json!({ "choices": [{ "index": 0, "delta": null, "finish_reason": null }] }),
        json!({ "choices": [{ "delta": { "content": null, "tool_calls": null } }] }),
        json!({ "choices": [{ "delta": { "tool_calls": [] }, "finish_reason": "" }] }),
        json!({ "choices": [{ "finish_reason": "stop" }] }),
        json!({ "model": "", "choices": [{ "delta": {} }], "a_field_of_tomorrow": [1] }),
    ];
    let answer = whole(sse(&chunks)).await;
    assert_eq!(answer.blocks, [said("Hello")]);
    assert_eq!(answer.model, "chat-test", "the one that was asked for");
}

#[tokio::test]
async fn a_second_choice_is_not_ours() {
    let mut other = text("other");
    other["choices"][0]["index"] = json!(1);
    assert_eq!(whole(answer(vec![text("ours"), other], "stop")).await.blocks, [said("ours")]);
}

#[tokio::test]
async fn comments_names_and_blanks_around_an_event_are_passed_over() {
    let body = hello().replace("data: ", ": keep-alive\nevent: message\nid: 7\ndata:  ");
    let odd = whole(format!("\u{feff}{body}")).await;
    assert_eq!(odd, whole(hello()).await);
    let unnamed = Reply::status(200).body(hello());
    assert_eq!(outcome(unnamed).await, Ok(odd));
}

#[tokio::test]
async fn thinking_is_kept_unsigned_by_either_name_and_not_twice() {
    let chunks = [
        reasoning("One, "),
        chunk(json!({ "reasoning": "two", "content": "" })),
        chunk(json!({ "reasoning_content": ".", "reasoning": "." })),
        text("Said."),
    ];
    let thinking = json!({ "type": "thinking", "thinking": "One, two.", "signature": UNSIGNED });
    let answer = whole(answer(chunks.to_vec(), "stop")).await;
    assert_eq!(answer.blocks, [Block::Thinking(thinking), said("Said.")]);
}

#[tokio::test]
async fn a_content_of_parts_is_read() {
    let thought = json!({ "type": "thinking", "thinking": [{ "type": "text", "text": "Hm." }] });
    let parts = |parts: Value| chunk(json!({ "content": parts }));
    let text = json!([{ "type": "text", "text": "Hel" }, { "type": "text", "text": "lo" }]);
    let answer = whole(answer(vec![parts(json!([thought])), parts(text)], "stop")).await;
    let thinking = json!({ "type": "thinking", "thinking": "Hm.", "signature": UNSIGNED });
    assert_eq!(answer.blocks, [Block::Thinking(thinking), said("Hello")]);
}

#[tokio::test]
async fn every_reason_to_stop_is_known() {
    let filtered =
        StopReason::Refusal { category: Some("content_filter".to_owned()), explanation: None };
    let cases = [
        ("stop", StopReason::EndTurn),
        ("tool_calls", StopReason::EndTurn),
        ("length", StopReason::MaxTokens),
        ("model_length", StopReason::MaxTokens),
        ("content_filter", filtered),
        ("a_reason_of_tomorrow", StopReason::EndTurn),
    ];
    for (name, expected) in cases {
        assert_eq!(whole(answer(vec![text("So")], name)).await.stop, expected, "{name}");
    }
}

#[tokio::test]
async fn a_call_is_waited_for_whatever_the_reason_to_stop_says() {
    for reason in ["stop", "tool_calls", "function_call", "a_reason_of_tomorrow"] {
        let answer = whole(answer(vec![call_start(0, "list")], reason)).await;
        assert_eq!(answer.blocks, [tool_use("list", json!({}))]);
        assert_eq!(answer.stop, StopReason::ToolUse, "{reason}");
    }
    let cut = whole(answer(vec![call_start(0, "list")], "length")).await;
    assert_eq!(cut.stop, StopReason::MaxTokens);
}

#[tokio::test]
async fn the_last_reason_to_stop_counts_and_what_comes_after_it_is_not_lost() {
    let chunks = [finish("tool_calls"), text("Late."), finish("length"), used(&Usage::default())];
    let answer = whole(sse(&chunks) + DONE).await;
    assert_eq!((answer.blocks, answer.stop), (vec![said("Late.")], StopReason::MaxTokens));
}

#[tokio::test]
async fn the_models_own_refusal_is_the_explanation() {
    let refusal = |text: &str| chunk(json!({ "refusal": text }));
    let answer = whole(answer(vec![refusal("I can"), refusal("not.")], "stop")).await;
    let explanation = Some("I cannot.".to_owned());
    assert_eq!(answer.stop, StopReason::Refusal { category: None, explanation });
}

#[tokio::test]
async fn what_follows_done_is_of_no_consequence() {
    for rest in ["data: garbage\n\n", "garbage\n\n", "data: {\"error\":\"late\"}\n\n"] {
        assert_eq!(whole(hello() + rest).await, whole(hello()).await, "{rest:?}");
    }
}
