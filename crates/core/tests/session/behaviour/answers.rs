//! How an answer ends the turn, or does not.

use expect_test::expect;
use planaria_core::limits::RECORD_BYTES_MAX;
use planaria_core::model::StopReason;
use planaria_core::record::payload::Idle;
use planaria_core::session::evolve;
use serde_json::{Value, json};

use super::{answered, streaming};
use crate::world::*;

fn refusal() -> StopReason {
    StopReason::Refusal { category: Some("cyber".to_owned()), explanation: None }
}

#[test]
fn thinking_text_and_calls_become_events_in_the_contracts_order() {
    let blocks = [text("Let me "), thinking(), text("see."), call("bash")];
    check(
        streaming(),
        |w| w.answer(says(blocks)),
        expect![[r#"
        . model.answer
        + agent.thinking
        + agent.message "Let me " "see."
        + agent.tool_use bash call1 allow
        + span.model_request_end
        . tool.dispatch call1
        effects: bash call1
    "#]],
    );
}

#[test]
fn an_answer_without_any_block_ends_the_turn() {
    check(
        streaming(),
        |w| w.answer(says([])),
        expect![[r#"
        . model.answer
        + span.model_request_end
        + session.thread_status_idle end_turn
        + session.usage 10 in, 1 out
        + session.status_idle end_turn
        effects: none
    "#]],
    );
}

#[test]
fn a_refusal_ends_the_turn_with_its_details() {
    let given = streaming();
    check(
        given.clone(),
        |w| w.answer(stops([text("No.")], refusal())),
        expect![[r#"
        . model.answer
        + agent.message "No."
        + span.model_request_end
        + session.thread_status_idle refusal
        + session.usage 10 in, 1 out
        + session.status_idle refusal
        effects: none
    "#]],
    );
    let mut after = given;
    after.answer(stops([], refusal())).unwrap();
    let idle: Value = serde_json::from_slice(&after.log.last().unwrap().payload).unwrap();
    let details = json!({ "type": "refusal", "category": "cyber", "explanation": null });
    assert_eq!(idle["stop_details"], details);
}

#[test]
fn a_message_after_a_refusal_continues() {
    let mut given = streaming();
    given.answer(stops([], refusal())).unwrap();
    given.send([message("Then this.")]).unwrap();
    check(
        given,
        |w| w.answer(says([text("Gladly.")])),
        expect![[r#"
        . model.answer
        + agent.message "Gladly."
        + span.model_request_end
        + session.thread_status_idle end_turn
        + session.usage 20 in, 2 out
        + session.status_idle end_turn
        effects: none
    "#]],
    );
}

#[test]
fn an_answer_cut_off_by_its_token_limit_ends_the_turn() {
    let cut = stops([text("And then")], StopReason::MaxTokens);
    check(
        streaming(),
        |w| w.answer(cut),
        expect![[r#"
        . model.answer
        + agent.message "And then"
        + span.model_request_end
        + session.thread_status_idle end_turn
        + session.usage 10 in, 1 out
        + session.status_idle end_turn
        effects: none
    "#]],
    );
}

#[test]
fn a_call_cut_off_by_the_token_limit_gets_an_error_and_the_model_goes_on() {
    let cut = stops([malformed("bash", "{\"comm")], StopReason::MaxTokens);
    check(
        streaming(),
        |w| w.answer(cut),
        expect![[r#"
        . model.answer
        + agent.tool_use bash call1 deny
        + span.model_request_end
        + agent.tool_result call1 is_error "The input of this call is not a JSON object, so it was not r"…
        + span.model_request_start
        effects: model
    "#]],
    );
}

#[test]
fn a_pause_is_followed_by_another_request() {
    let pause = stops([text("Still at it.")], StopReason::PauseTurn);
    check(
        streaming(),
        |w| w.answer(pause),
        expect![[r#"
        . model.answer
        + agent.message "Still at it."
        + span.model_request_end
        + span.model_request_start
        effects: model
    "#]],
    );
}

#[test]
fn an_answer_too_large_for_a_record_ends_the_turn_with_an_error() {
    let huge = "x".repeat(RECORD_BYTES_MAX);
    check(
        streaming(),
        |w| w.answer(says([text(&huge)])),
        expect![[r#"
        + span.model_request_end is_error
        + session.error model_request_failed_error exhausted
        + session.thread_status_idle retries_exhausted
        + session.usage 10 in, 1 out
        + session.status_idle retries_exhausted
        effects: none
    "#]],
    );
}

#[test]
fn an_answer_whose_events_would_not_fit_into_records_ends_the_turn_with_an_error() {
    // Each block is small in the answer's record and larger in the message's.
    let blocks = (0..60_000).map(|_| text("x"));
    check(
        streaming(),
        |w| w.answer(says(blocks)),
        expect![[r#"
        + span.model_request_end is_error
        + session.error model_request_failed_error exhausted
        + session.thread_status_idle retries_exhausted
        + session.usage 10 in, 1 out
        + session.status_idle retries_exhausted
        effects: none
    "#]],
    );
}

#[test]
fn the_reason_of_the_last_turn_is_not_the_reason_of_the_next() {
    let mut world = streaming();
    world.answer(stops([], refusal())).unwrap();
    world.send([message("again")]).unwrap();
    world.send([interrupt()]).unwrap();
    let idle: Idle = world.log.last().unwrap().parse().unwrap();
    assert_eq!(idle.stop_details, None);
}

#[test]
fn the_last_message_is_the_sessions_answer() {
    let mut world = answered([text("One."), call("bash")]);
    let first = world.state.last_message.unwrap();
    world.result("bash", "done").unwrap();
    world.answer(says([text("Two.")])).unwrap();
    let second = world.state.last_message.unwrap();
    assert!(second > first);
    assert_eq!(world.state.steps, 1);
    let mut again = planaria_core::session::SessionState::default();
    world.log.iter().for_each(|record| evolve(&mut again, record));
    assert_eq!(again, world.state);
}
