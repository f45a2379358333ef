//! Whatever comes, a stream keeps to the port.

use planaria_core::model::Block;
use planaria_core::port::provider::{BlockKind, Delta, Error};
use planaria_testkit::provider::Reply;
use planaria_testkit::rng::Rng;
use serde_json::{Value, json};

use super::support::{DONE, items, sse};

/// Streams that are tried; each takes about a millisecond.
const STREAMS: u64 = 400;

/// A chunk of chance: usual parts, parts that are missing, and parts that are of another type.
fn chunk(rng: &mut Rng) -> Value {
    let strange = [Value::Null, json!(""), json!([]), json!({})];
    let texts = [json!("a"), json!(" "), json!("ü{}"), json!([{ "type": "text", "text": "b" }])];
    let mut delta = json!({});
    for field in ["content", "reasoning", "reasoning_content"] {
        match rng.below(6) {
            0 => delta[field] = rng.pick(&strange).clone(),
            1 | 2 => delta[field] = rng.pick(&texts).clone(),
            _ => {}
        }
    }
    if rng.chance(40) {
        let count = rng.below(3);
        delta["tool_calls"] = (0..count).map(|_| call(rng)).collect();
    }
    let finish = [Value::Null, json!("stop"), json!("tool_calls"), json!("length"), json!("odd")];
    let finish = if rng.chance(80) { &Value::Null } else { rng.pick(&finish) };
    let delta = if rng.chance(5) { Value::Null } else { delta };
    let mut chunk = json!({ "choices": [{ "delta": delta, "finish_reason": finish }] });
    match rng.below(20) {
        0 => chunk["choices"] = json!([]),
        1 => chunk["usage"] = json!({ "prompt_tokens": rng.below(9), "completion_tokens": null }),
        2 => chunk["usage"] = rng.pick(&strange).clone(),
        3 => chunk["error"] = rng.pick(&strange).clone(),
        _ => {}
    }
    chunk
}

fn call(rng: &mut Rng) -> Value {
    let mut call = json!({});
    let indices = [Value::Null, json!(0), json!(0), json!(1), json!(7), json!("x")];
    let ids = [Value::Null, json!(""), json!("x"), json!("y")];
    let names = [Value::Null, json!(""), json!("read"), json!("read"), json!("list")];
    let inputs =
        [Value::Null, json!(""), json!("{}"), json!("{\"a\":"), json!("1}"), json!({ "a": 1 })];
    call["index"] = rng.pick(&indices).clone();
    call["id"] = rng.pick(&ids).clone();
    call["function"] = json!({ "name": rng.pick(&names), "arguments": rng.pick(&inputs) });
    call
}

/// Checks what a stream has yielded; whether it was an answer.
fn kept(items: &[Result<Delta, Error>], body: &str) -> bool {
    let mut kinds = Vec::new();
    let mut texts: Vec<String> = Vec::new();
    let (last, before) = items.split_last().expect("a stream has an end");
    for item in before {
        match item.as_ref().expect("an error is the end") {
            Delta::Start { index, kind } => {
                assert_eq!(*index, kinds.len(), "{body}");
                kinds.push(*kind);
                texts.push(String::new());
            }
            Delta::Text { index, text } => {
                assert_eq!(kinds[*index], BlockKind::Text, "{body}");
                texts[*index].push_str(text);
            }
            Delta::Done(_) => panic!("an answer is the end: {body}"),
            _ => {}
        }
    }
    let answer = match last {
        Ok(Delta::Done(answer)) => answer,
        Ok(other) => panic!("{other:?} is no end: {body}"),
        Err(_) => return false,
    };
    assert_eq!(answer.blocks.len(), kinds.len(), "{body}");
    for (index, block) in answer.blocks.iter().enumerate() {
        let kind = match block {
            Block::Text(text) => {
                assert_eq!(*text, texts[index], "{body}");
                BlockKind::Text
            }
            Block::ToolUse { name, .. } => {
                assert!(!name.is_empty(), "{body}");
                BlockKind::ToolUse
            }
            _ => BlockKind::Thinking,
        };
        assert_eq!(kind, kinds[index], "{body}");
    }
    true
}

#[tokio::test]
async fn any_chunks_in_any_order_are_an_answer_or_an_error_that_keeps_to_the_port() {
    let mut answers = 0;
    for seed in 0..STREAMS {
        let mut rng = Rng::new(seed);
        let count = 1 + rng.below(12);
        let chunks: Vec<Value> = (0..count).map(|_| chunk(&mut rng)).collect();
        let mut body = sse(&chunks);
        if rng.chance(50) {
            body.push_str(DONE);
        }
        let items = items(Reply::sse(body.clone())).await;
        answers += u64::from(kept(&items, &body));
    }
    assert!((STREAMS / 10..STREAMS).contains(&answers), "{answers} of {STREAMS} were answers");
}
