//! Real providers through the real binary, against an endpoint on this machine.

use planaria_testkit::provider::dialect::chat;
use planaria_testkit::provider::{FakeEndpoint, Reply};
use serde_json::{Value, json};

use crate::support::{TestFleet, success};

const KEY: &str = "sk-test-0123456789";

/// A streamed answer of these blocks.
fn answer(blocks: &[Value], stop: &str) -> Reply {
    let mut events = vec![json!({
        "type": "message_start",
        "message": { "id": "msg_1", "type": "message", "role": "assistant", "model": "claude-test",
            "content": [], "stop_reason": null, "usage": { "input_tokens": 12, "output_tokens": 1 } },
    })];
    for (index, block) in blocks.iter().enumerate() {
        let (start, delta) = match block["type"].as_str() {
            Some("text") => (
                json!({ "type": "text", "text": "" }),
                json!({ "type": "text_delta", "text": block["text"] }),
            ),
            _ => (
                json!({ "type": "tool_use", "id": "toolu_1", "name": block["name"], "input": {} }),
                json!({ "type": "input_json_delta", "partial_json": block["input"].to_string() }),
            ),
        };
        events
            .push(json!({ "type": "content_block_start", "index": index, "content_block": start }));
        events.push(json!({ "type": "content_block_delta", "index": index, "delta": delta }));
        events.push(json!({ "type": "content_block_stop", "index": index }));
    }
    events.push(json!({ "type": "message_delta", "delta": { "stop_reason": stop },
        "usage": { "output_tokens": 7 } }));
    events.push(json!({ "type": "message_stop" }));
    let event = |e: &Value| format!("event: {}\ndata: {e}\n\n", e["type"].as_str().unwrap());
    Reply::sse(events.iter().map(event).collect::<String>())
}

fn up(fleet: &TestFleet, endpoint: &FakeEndpoint) -> std::process::Output {
    let mut command = fleet.command(&["up", "fleet", "--provider", "anthropic"]);
    command.env("ANTHROPIC_API_KEY", KEY).env("PLANARIA_ANTHROPIC_BASE_URL", endpoint.base_url());
    command.output().unwrap()
}

async fn endpoint(replies: Vec<Reply>) -> FakeEndpoint {
    let endpoint = FakeEndpoint::start().await;
    replies.into_iter().for_each(|reply| endpoint.reply(reply));
    endpoint
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_agent_files_run_on_the_messages_api_with_a_key() {
    let fleet = TestFleet::of_one("steps: []");
    let call =
        json!({ "type": "tool_use", "name": "bash", "input": { "command": "echo $((6*7))" } });
    let text = json!({ "type": "text", "text": "It is 42." });
    let endpoint = endpoint(vec![answer(&[call], "tool_use"), answer(&[text], "end_turn")]).await;

    let out = success(&up(&fleet, &endpoint));

    assert!(out.contains("It is 42."), "{out}");
    let requests = endpoint.requests();
    assert_eq!(requests.len(), 2);
    let results = &requests[1].json()["messages"][2]["content"][0];
    assert_eq!(results["type"], "tool_result");
    assert_eq!(results["content"][0]["text"].as_str().unwrap().trim(), "42");
    assert_eq!(requests[0].header("x-api-key"), Some(KEY));
    let log = fleet.command(&["events", "job", "--all", "--output", "json"]).output().unwrap();
    assert!(!success(&log).contains(KEY), "no key in the log");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_refuses_the_key_fails_the_session_without_showing_it() {
    let fleet = TestFleet::of_one("steps: []");
    let refusal = json!({ "type": "error",
        "error": { "type": "authentication_error", "message": format!("{KEY} is not valid") } });
    let endpoint = endpoint(vec![Reply::json(401, &refusal)]).await;

    let output = up(&fleet, &endpoint);

    assert_eq!(output.status.code(), Some(1));
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text);
    assert!(text.contains("did not accept our credentials"), "{text}");
    assert!(!text.contains(KEY), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn garbage_from_the_endpoint_is_tried_again_and_the_turn_ends_well() {
    let fleet = TestFleet::of_one("steps: []");
    let text = json!({ "type": "text", "text": "Sorry, here I am." });
    let garbage = Reply::sse("event: message_start\ndata: {\"type\": 12\n\n");
    let endpoint = endpoint(vec![garbage, answer(&[text], "end_turn")]).await;

    let out = success(&up(&fleet, &endpoint));

    assert!(out.contains("Sorry, here I am."), "{out}");
    assert_eq!(endpoint.requests().len(), 2);
    let events = fleet.events("job");
    assert!(events.iter().all(|e| e["type"] != "session.error"), "a short wait stays invisible");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_local_model_behind_chat_completions_needs_no_key_and_sums_up_what_does_not_fit() {
    let fleet = TestFleet::of_one("steps: []");
    let call =
        vec![chat::call_start(0, "bash"), chat::call_more(0, r#"{"command":"echo $((6*7))"}"#)];
    let too_long = json!({ "error": {
        "type": "invalid_request_error", "code": "context_length_exceeded",
        "message": "This model's maximum context length is 100 tokens." } });
    let endpoint = endpoint(vec![
        Reply::sse(chat::answer(call, "tool_calls")),
        Reply::json(400, &too_long),
        Reply::sse(chat::answer(vec![chat::text("They asked; the command said 42.")], "stop")),
        Reply::sse(chat::answer(vec![chat::text("It is 42.")], "stop")),
    ])
    .await;
    fleet.file(
        "fleet.yaml",
        &format!(
            "fleet: test\nproviders:\n  near:\n    driver: openai\n    base_url: {}/v1\n    answer_tokens: 77\nprovider: near\n\
             sessions:\n  job: {{ agent: worker, prompt: go }}\n",
            endpoint.base_url()
        ),
    );

    let out = success(&fleet.command(&["up", "fleet"]).output().unwrap());

    assert!(out.contains("It is 42."), "{out}");
    let requests = endpoint.requests();
    assert_eq!(requests.len(), 4);
    assert_eq!(requests[0].header("authorization"), None);
    assert_eq!(requests[0].json()["max_tokens"], 77);
    let last = requests[3].json();
    assert!(last["messages"].to_string().contains("the command said 42"), "{last}");
    let offered = last["tools"].as_array().unwrap().iter();
    assert!(offered.map(|tool| &tool["function"]["name"]).any(|name| name == "read_log"));
    let events = fleet.events("job");
    assert!(events.iter().any(|e| e["type"] == "agent.thread_context_compacted"));
}

#[test]
fn a_key_in_the_environment_alone_spends_nothing_and_gives_a_hint() {
    let fleet = TestFleet::of_one("steps:\n  - say: scripted answer\n");
    let output = fleet.command(&["up", "fleet"]).env("ANTHROPIC_API_KEY", KEY).output().unwrap();
    assert!(success(&output).contains("scripted answer"));
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(message.contains("hint:") && message.contains("--provider anthropic"), "{message}");
    assert!(!message.contains(KEY));
}

#[test]
fn a_provider_without_its_key_says_which_variable_to_set() {
    let fleet = TestFleet::of_one("steps: []");
    let output = fleet.command(&["up", "fleet", "--provider", "anthropic"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(message.contains("ANTHROPIC_API_KEY"), "{message}");
}
