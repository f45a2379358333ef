//! Requests that the model's API accepts, whatever the model and the tools said before.

use planaria_core::event::ClientEvent;
use planaria_core::model::{Block, Request, Role, StopReason, UNSIGNED};
use planaria_core::port::sandbox::Ended;
use planaria_core::record::payload::CustomToolResult;
use planaria_core::tool::Outcome;
use serde_json::{Value, json};

use super::{answered, streaming};
use crate::world::*;

/// The roles and the types of blocks, one line per message.
fn shape(request: &Request) -> Vec<String> {
    let line = |m: &planaria_core::model::Message| {
        let role = if m.role == Role::User { "user" } else { "assistant" };
        let kinds: Vec<&str> = m.content.iter().map(|b| b["type"].as_str().unwrap()).collect();
        format!("{role}: {}", kinds.join(" "))
    };
    request.messages.iter().map(line).collect()
}

fn next_request(mut world: World) -> Request {
    world.send([message("go on")]).unwrap();
    world.context.request().unwrap()
}

#[test]
fn a_pause_and_what_follows_are_one_message() {
    let mut world = streaming();
    world.answer(stops([text("One.")], StopReason::PauseTurn)).unwrap();
    assert_eq!(shape(&world.context.request().unwrap()), ["user: text", "assistant: text"]);
    world.answer(says([text("Two."), call("bash")])).unwrap();
    world.result("bash", "done").unwrap();
    let shape = shape(&world.context.request().unwrap());
    assert_eq!(shape, ["user: text", "assistant: text text tool_use", "user: tool_result"]);
}

#[test]
fn a_message_never_ends_with_thinking() {
    let cut = stops([text("Well."), thinking(), thinking()], StopReason::MaxTokens);
    let mut world = streaming();
    world.answer(cut).unwrap();
    let after = next_request(world);
    assert_eq!(shape(&after), ["user: text", "assistant: text", "user: text"]);
    let mut world = streaming();
    world.answer(stops([thinking()], StopReason::MaxTokens)).unwrap();
    assert_eq!(shape(&next_request(world)), ["user: text text"]);
}

#[test]
fn thinking_stays_in_front_of_what_it_led_to() {
    let mut world = answered([thinking(), call("bash")]);
    world.result("bash", "done").unwrap();
    let request = world.context.request().unwrap();
    assert_eq!(request.messages[1].content[0]["signature"], "s");
}

#[test]
fn blank_text_of_the_model_is_not_sent_back() {
    let mut world = answered([text("\n\n"), call("bash")]);
    world.result("bash", "done").unwrap();
    let shape = shape(&world.context.request().unwrap());
    assert_eq!(shape, ["user: text", "assistant: tool_use", "user: tool_result"]);
}

fn content_of_result(content: Vec<Value>, is_error: bool) -> Value {
    let mut world = answered([call("bash")]);
    world.ends("bash", Ended::Outcome(Outcome { content, is_error })).unwrap();
    world.context.request().unwrap().messages[2].content[0]["content"].clone()
}

#[test]
fn a_result_without_text_is_sent_without_blocks() {
    assert_eq!(content_of_result(vec![json!({ "type": "text", "text": "" })], false), json!([]));
    assert_eq!(content_of_result(vec![], false), json!([]));
}

#[test]
fn a_failure_without_text_says_that_there_is_none() {
    let content = content_of_result(vec![json!({ "type": "text", "text": " " })], true);
    assert!(!content[0]["text"].as_str().unwrap().trim().is_empty());
}

fn png() -> Value {
    let source = json!({ "type": "base64", "media_type": "image/png", "data": "AA==" });
    json!({ "type": "image", "source": source })
}

#[test]
fn a_failure_has_only_text_and_names_what_is_left_out() {
    let content = vec![png(), json!({ "type": "text", "text": "It broke." }), png()];
    let note = "[An image was left out here: a failed call can only return text.]";
    let kept = json!([
        { "type": "text", "text": note },
        { "type": "text", "text": "It broke." },
        { "type": "text", "text": note },
    ]);
    assert_eq!(content_of_result(content.clone(), true), kept);
    assert_eq!(content_of_result(content.clone(), false), json!(content));
}

#[test]
fn a_failed_custom_result_has_only_text_too() {
    let mut world = answered([call("lookup")]);
    let custom_tool_use_id = world.call("lookup");
    let content = vec![png()];
    let failed = CustomToolResult { custom_tool_use_id, content, is_error: true };
    world.send([ClientEvent::CustomToolResult(failed)]).unwrap();
    let request = world.context.request().unwrap();
    assert_eq!(request.messages[2].content[0]["content"][0]["type"], "text");
}

#[test]
fn thinking_that_no_endpoint_has_signed_is_not_sent() {
    let signed = thinking();
    for signature in [json!(UNSIGNED), json!(""), Value::Null] {
        let raw = json!({ "type": "thinking", "thinking": "Hm.", "signature": signature });
        let unsigned = Block::Thinking(raw);
        let mut world = answered([unsigned, signed.clone(), call("bash")]);
        world.result("bash", "done").unwrap();
        let request = world.context.request().unwrap();
        assert_eq!(shape(&request)[1], "assistant: thinking tool_use", "{signature}");
        assert_eq!(request.messages[1].content[0]["signature"], "s");
    }
    let redacted = Block::Thinking(json!({ "type": "redacted_thinking", "data": "x" }));
    let request = next_request(answered([redacted, text("Hi.")]));
    assert_eq!(shape(&request)[1], "assistant: redacted_thinking text");
}

#[test]
fn an_answer_without_blocks_leaves_no_message() {
    let mut world = streaming();
    world.answer(says(Vec::<Block>::new())).unwrap();
    assert_eq!(shape(&next_request(world)), ["user: text text"]);
}

#[test]
fn results_stand_before_the_words_of_the_user() {
    let mut world = answered([call("bash"), call("lookup")]);
    world.send([message("by the way")]).unwrap();
    world.result("bash", "done").unwrap();
    let waits = world.call("lookup");
    world.send([custom(waits, "42")]).unwrap();
    let shape = shape(&world.context.request().unwrap());
    assert_eq!(shape[2], "user: tool_result tool_result text");
}

#[test]
fn a_system_message_is_marked_as_such() {
    let mut world = streaming();
    world.send([system("Be brief.")]).unwrap();
    world.answer(says([text("Hi.")])).unwrap();
    let request = next_request(world);
    assert_eq!(request.messages[2].content[0]["text"], "<system>Be brief.</system>");
}

#[test]
fn a_replaced_sandbox_is_mentioned_once_with_the_next_result() {
    let mut world = World::new();
    world.send([message("hello")]).unwrap();
    world.bind_hand(1).unwrap();
    world.answer(says([call("bash")])).unwrap();
    world.bind_hand(2).unwrap();
    world.ends("bash", Ended::Lost).unwrap();
    world.answer(says([call("bash")])).unwrap();
    world.result("bash", "done").unwrap();
    let request = world.context.request().unwrap();
    assert_eq!(request.messages[2].content[0]["content"].as_array().unwrap().len(), 2);
    assert_eq!(request.messages[4].content[0]["content"].as_array().unwrap().len(), 1);
}

#[test]
fn the_same_records_give_the_same_request() {
    let mut world = answered([thinking(), text("Hm."), call("bash"), call("lookup")]);
    world.result("bash", "done").unwrap();
    let waits = world.call("lookup");
    world.send([custom(waits, "42"), system("Be brief.")]).unwrap();
    let mut again = planaria_core::context::Context::default();
    world.log.iter().for_each(|record| again.push(record).unwrap());
    let (one, two) = (world.context.request().unwrap(), again.request().unwrap());
    assert_eq!(one, two);
    assert_eq!(one.digest(), two.digest());
    assert_eq!(again.seq(), world.state.seq);
}
