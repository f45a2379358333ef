//! Calls, however servers cut and label their pieces.

use planaria_core::model::{Block, StopReason, ToolInput};
use serde_json::{Value, json};

use super::support::{answer, broken, call_piece, chunk, text, tool_use, whole};

/// The two calls that most of these streams mean.
fn expected() -> [Block; 2] {
    [tool_use("read", json!({ "path": "a" })), tool_use("list", json!({ "path": "b" }))]
}

async fn blocks(pieces: Vec<Value>) -> Vec<Block> {
    let chunks = pieces.into_iter().map(call_piece).collect();
    let answer = whole(answer(chunks, "tool_calls")).await;
    assert_eq!(answer.stop, StopReason::ToolUse);
    answer.blocks
}

fn function(name: &str, arguments: &str) -> Value {
    json!({ "name": name, "arguments": arguments })
}

#[tokio::test]
async fn a_piece_needs_no_index() {
    for index in [Value::Null, json!(-1), json!("0"), json!(0.5)] {
        let pieces = vec![
            json!({ "index": index, "id": "x", "function": function("read", "") }),
            json!({ "index": index, "function": { "arguments": "{\"path\":" } }),
            json!({ "function": { "arguments": "\"a\"}" } }),
            json!({ "id": "y", "function": function("list", "{\"path\":") }),
            json!({ "index": index, "function": { "arguments": "\"b\"}" } }),
        ];
        assert_eq!(blocks(pieces).await, expected(), "{index}");
    }
}

/// How a server labels the pieces of call `number`: the first one, and those after it.
type Labels = fn(u64, &str) -> [Value; 2];

#[tokio::test]
async fn an_input_may_be_cut_anywhere_whatever_the_labels() {
    let schemes: &[Labels] = &[
        |number, id| [json!({ "index": number, "id": id }), json!({ "index": number })],
        |number, id| [json!({ "index": number, "id": id }), json!({ "index": number, "id": id })],
        |_, id| [json!({ "index": 0, "id": id }), json!({ "index": 0 })],
        |_, id| [json!({ "id": id }), json!({ "id": id })],
        |_, id| [json!({ "id": id }), json!({})],
        |number, _| [json!({ "index": number }), json!({ "index": number })],
        |_, _| [json!({ "index": 0 }), json!({ "index": 0 })],
        |_, _| [json!({}), json!({})],
    ];
    let calls = [("read", "{\"path\":\"a\"}"), ("list", "{\"path\":\"b\"}")];
    for (scheme, labels) in schemes.iter().enumerate() {
        for place in 0..=calls[0].1.len() {
            let mut pieces = Vec::new();
            for (number, (name, input)) in (0..).zip(calls) {
                let [mut first, mut more] = labels(number, name);
                first["function"] = function(name, &input[..place]);
                more["function"] = json!({ "arguments": &input[place..] });
                pieces.extend([first, more]);
            }
            assert_eq!(blocks(pieces).await, expected(), "scheme {scheme}, cut at {place}");
        }
    }
}

#[tokio::test]
async fn a_piece_may_repeat_the_id_and_the_name() {
    let piece = |index: Value, id: &str, name: &str, arguments: &str| {
        let function = function(name, arguments);
        json!({ "index": index, "id": id, "type": "function", "function": function })
    };
    for indices in [[json!(0), json!(1)], [Value::Null, Value::Null]] {
        let [one, other] = indices;
        let pieces = vec![
            piece(one.clone(), "x", "read", "{\"pa"),
            piece(one.clone(), "x", "read", "th\":\"a\""),
            piece(one.clone(), "x", "read", "}"),
            piece(one, "x", "read", ""),
            piece(other.clone(), "y", "list", "{\"path\":\"b\"}"),
            piece(other, "y", "list", "\n"),
        ];
        assert_eq!(blocks(pieces).await, expected());
    }
}

#[tokio::test]
async fn only_the_first_piece_needs_an_id_and_a_name() {
    let pieces = vec![
        json!({ "index": 0, "id": "x", "function": { "name": "read" } }),
        json!({ "index": 1, "id": "y", "function": { "name": "list" } }),
        json!({ "index": 0, "id": "", "function": function("", "{\"path\":\"a") }),
        json!({ "index": 1, "id": null, "function": { "name": null, "arguments": "{\"path\":" } }),
        json!({ "index": 0, "function": { "arguments": "\"}" } }),
        json!({ "index": 1, "function": { "arguments": "\"b\"}" } }),
        json!({ "index": 1 }),
        json!({ "index": 1, "function": null }),
    ];
    assert_eq!(blocks(pieces).await, expected());
}

#[tokio::test]
async fn a_call_may_come_whole_whatever_its_index_and_its_id() {
    let labels = [
        [json!({ "index": 0, "id": "x" }), json!({ "index": 1, "id": "y" })],
        [json!({ "index": 0, "id": "x" }), json!({ "index": 1, "id": "x" })],
        [json!({ "index": 0, "id": "x" }), json!({ "index": 0, "id": "y" })],
        [json!({ "index": 0, "id": "x" }), json!({ "index": 0, "id": "x" })],
        [json!({ "index": 0 }), json!({ "index": 1 })],
        [json!({ "index": 0 }), json!({ "index": 0 })],
        [json!({ "id": "x" }), json!({ "id": "y" })],
        [json!({ "id": "x" }), json!({ "id": "x" })],
        [json!({ "id": "" }), json!({ "id": "" })],
        [json!({}), json!({})],
    ];
    for [mut one, mut other] in labels {
        let label = format!("{one} {other}");
        one["function"] = function("read", "{\"path\":\"a\"}");
        other["function"] = function("list", "{\"path\":\"b\"}");
        assert_eq!(blocks(vec![one.clone(), other.clone()]).await, expected(), "{label}");
        let together = chunk(json!({ "tool_calls": [one, other] }));
        let answer = whole(answer(vec![together], "tool_calls")).await;
        assert_eq!(answer.blocks, expected(), "{label}, in one chunk");
    }
}

#[tokio::test]
async fn calls_without_an_input_are_told_apart_by_their_ids() {
    let call =
        |id: &str, name: &str| json!({ "index": 0, "id": id, "function": function(name, "") });
    let expected = ["read", "list"].map(|name| tool_use(name, json!({})));
    assert_eq!(blocks(vec![call("x", "read"), call("y", "list")]).await, expected);
}

#[tokio::test]
async fn pieces_without_any_label_go_by_their_place_in_the_chunk() {
    let piece = |pieces: [Value; 2]| chunk(json!({ "tool_calls": pieces }));
    let more = |text: &str| json!({ "function": { "arguments": text } });
    let begun = [
        json!({ "function": function("read", "{\"path\":") }),
        json!({ "function": function("list", "{\"path\":") }),
    ];
    let chunks = vec![piece(begun), piece([more("\"a\"}"), more("\"b\"}")])];
    assert_eq!(whole(answer(chunks, "tool_calls")).await.blocks, expected());
}

#[tokio::test]
async fn the_same_tool_twice_is_two_calls() {
    let call =
        |path: &str| json!({ "function": { "name": "read", "arguments": { "path": path } } });
    let expected = ["a", "b"].map(|path| tool_use("read", json!({ "path": path })));
    assert_eq!(blocks(vec![call("a"), call("b")]).await, expected);
}

#[tokio::test]
async fn an_index_that_nothing_begins_with_belongs_to_the_open_call() {
    let pieces = vec![
        json!({ "index": 0, "id": "x", "function": function("read", "{\"path\":") }),
        json!({ "index": 1, "function": { "arguments": "\"a\"}" } }),
        json!({ "index": 2, "id": "y", "function": function("list", "{\"path\":\"b\"}") }),
    ];
    assert_eq!(blocks(pieces).await, expected());
}

#[tokio::test]
async fn a_piece_that_says_nothing_begins_no_call() {
    let nothing = [
        json!({}),
        json!({ "index": 3 }),
        json!({ "index": 4, "id": "", "function": function("", " ") }),
    ];
    let call = json!({ "index": 0, "id": "x", "function": function("read", "{\"path\":\"a\"}") });
    let pieces = nothing.iter().chain([&call]).chain(&nothing).cloned();
    assert_eq!(blocks(pieces.collect()).await, expected()[..1]);
}

#[tokio::test]
async fn a_new_id_without_a_name_goes_on_with_the_call_of_its_index() {
    let pieces = vec![
        json!({ "index": 0, "id": "x-1", "function": function("read", "{\"path\":") }),
        json!({ "index": 0, "id": "x-2", "function": { "arguments": "\"a\"}" } }),
        json!({ "index": 1, "id": "y-1", "function": function("list", "{\"path\":\"b\"}") }),
    ];
    assert_eq!(blocks(pieces).await, expected());
}

#[tokio::test]
async fn a_name_may_come_late_or_in_pieces() {
    let pieces = vec![
        json!({ "id": "x", "function": { "arguments": "{\"path\":" } }),
        json!({ "id": "x", "function": { "name": "read" } }),
        json!({ "id": "x", "function": { "arguments": "\"a\"}" } }),
        json!({ "index": 7, "id": "y", "function": { "name": "li" } }),
        json!({ "index": 7, "function": { "name": "st" } }),
        json!({ "index": 7, "function": { "arguments": "{\"path\":\"b\"}" } }),
    ];
    assert_eq!(blocks(pieces).await, expected());
}

#[tokio::test]
async fn an_input_may_be_missing_empty_or_the_object_itself() {
    let cases = [
        (json!({ "name": "t" }), json!({})),
        (json!({ "name": "t", "arguments": null }), json!({})),
        (json!({ "name": "t", "arguments": "" }), json!({})),
        (json!({ "name": "t", "arguments": " \n" }), json!({})),
        (json!({ "name": "t", "arguments": {} }), json!({})),
        (json!({ "name": "t", "arguments": { "a": [1, "ü"] } }), json!({ "a": [1, "ü"] })),
        (json!({ "name": "t", "arguments": " {\"a\": 1}\n" }), json!({ "a": 1 })),
    ];
    for (function, input) in cases {
        let piece = json!({ "index": 0, "id": "x", "function": function });
        assert_eq!(blocks(vec![piece]).await, [tool_use("t", input)]);
    }
}

#[tokio::test]
async fn an_input_that_is_no_object_keeps_its_text_for_diagnosis() {
    for (arguments, kept) in [(json!([1]), "[1]"), (json!(7), "7"), (json!("{\"a\""), "{\"a\"")] {
        let piece = json!({ "index": 0, "function": { "name": "t", "arguments": arguments } });
        let input = ToolInput::Malformed(kept.to_owned());
        assert_eq!(blocks(vec![piece]).await, [Block::ToolUse { name: "t".to_owned(), input }]);
    }
}

#[tokio::test]
async fn text_among_the_pieces_of_a_call_does_not_disturb_it() {
    let chunks = vec![
        text("First."),
        call_piece(json!({ "index": 0, "id": "x", "function": function("read", "{\"path\":") })),
        text("Then."),
        call_piece(json!({ "index": 0, "function": { "arguments": "\"a\"}" } })),
    ];
    let said = |text: &str| Block::Text(text.to_owned());
    let expected = [said("First."), expected()[0].clone(), said("Then.")];
    assert_eq!(whole(answer(chunks, "tool_calls")).await.blocks, expected);
}

#[tokio::test]
async fn a_call_without_a_name_is_broken() {
    let piece = json!({ "index": 0, "id": "x", "function": { "arguments": "{}" } });
    let message = broken(answer(vec![call_piece(piece)], "tool_calls")).await;
    assert!(message.ends_with("tool call 0 has no name"), "{message}");
}
