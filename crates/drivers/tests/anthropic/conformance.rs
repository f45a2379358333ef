//! The port's own suite.

use std::sync::Arc;

use planaria_core::model::StopReason;
use planaria_testkit::provider::conformance::{Case, Failure, Rig, Said};
use planaria_testkit::provider::{End, FakeEndpoint, Reply, conformance};
use serde_json::{Value, json};

use super::support::{
    block_start, block_stop, call_start, delta, input_delta, message_delta, message_start,
    message_stop, provider, sse, text_delta, text_start,
};

#[tokio::test]
async fn the_port_is_kept() {
    let skipped = conformance(|case| async move {
        let endpoint = FakeEndpoint::start().await;
        endpoint.reply(reply(&case));
        let rig = Rig::new(Arc::new(provider(&endpoint)));
        Some(rig.given_up(endpoint.given_up(1)).keeping(endpoint))
    })
    .await;
    assert!(skipped.is_empty(), "{skipped:?}");
}

fn reply(case: &Case) -> Reply {
    match case {
        Case::Answers { said, stop } => {
            let mut events = vec![message_start()];
            events.extend(said.iter().enumerate().flat_map(|(index, said)| block(index, said)));
            events.extend([stopped(stop), message_stop()]);
            Reply::sse(sse(&events))
        }
        Case::Fails(failure) => {
            let (status, kind) = words(*failure);
            Reply::json(status, &error(kind))
        }
        Case::FailsAfter { text, failure } => {
            let mut events = begun(text);
            events.push(error(words(*failure).1));
            Reply::sse(sse(&events))
        }
        Case::BreaksOffAfter { text } => Reply::sse(sse(&begun(text))).ending(End::Closed),
        Case::BreaksOffHavingUsed { usage } => {
            let mut start = message_start();
            start["message"]["usage"] = json!(usage);
            Reply::sse(sse(&[start])).ending(End::Closed)
        }
        Case::StallsAfter { text } => Reply::sse(sse(&begun(text))).ending(End::Stalled),
        other => panic!("a case without a reply: {other:?}"),
    }
}

fn begun(text: &[String]) -> Vec<Value> {
    let mut events = vec![message_start(), text_start(0)];
    events.extend(text.iter().map(|piece| text_delta(0, piece)));
    events
}

fn block(index: usize, said: &Said) -> Vec<Value> {
    let mut events = match said {
        Said::Text(pieces) => {
            let mut events = vec![text_start(index)];
            events.extend(pieces.iter().map(|piece| text_delta(index, piece)));
            events
        }
        Said::Thinking(text) => vec![
            block_start(index, json!({ "type": "thinking", "thinking": "", "signature": "" })),
            delta(index, json!({ "type": "thinking_delta", "thinking": text })),
            delta(index, json!({ "type": "signature_delta", "signature": "c2ln" })),
        ],
        Said::Call { name, input } => {
            let mut events = vec![call_start(index, name)];
            events.extend(input.iter().map(|piece| input_delta(index, piece)));
            events
        }
        other => panic!("a block without events: {other:?}"),
    };
    events.push(block_stop(index));
    events
}

fn stopped(stop: &StopReason) -> Value {
    match stop {
        StopReason::EndTurn => message_delta("end_turn"),
        StopReason::ToolUse => message_delta("tool_use"),
        StopReason::MaxTokens => message_delta("max_tokens"),
        StopReason::Refusal { category, explanation } => {
            let mut event = message_delta("refusal");
            event["delta"]["stop_details"] =
                json!({ "type": "refusal", "category": category, "explanation": explanation });
            event
        }
        other => panic!("a reason to stop without an event: {other:?}"),
    }
}

fn words(failure: Failure) -> (u16, &'static str) {
    match failure {
        Failure::Overloaded => (529, "overloaded_error"),
        Failure::RateLimited => (429, "rate_limit_error"),
        Failure::Unavailable => (500, "api_error"),
        Failure::Rejected => (400, "invalid_request_error"),
        Failure::Unauthorized => (401, "authentication_error"),
        Failure::Billing => (402, "billing_error"),
        other => panic!("a failure without a status: {other:?}"),
    }
}

fn error(kind: &str) -> Value {
    json!({ "type": "error", "error": { "type": kind, "message": "In words." } })
}
