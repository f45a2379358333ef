//! Calls of one answer, side by side.

use expect_test::expect;
use planaria_core::Kind;
use planaria_core::limits::ANSWER_CALLS_MAX;
use planaria_core::port::sandbox::Ended;
use planaria_core::session::effects;
use planaria_core::tool::Outcome;
use serde_json::json;

use super::{answered, streaming};
use crate::world::*;

#[test]
fn calls_of_one_answer_run_side_by_side() {
    check(
        streaming(),
        |w| w.answer(says([call("bash"), call("read")])),
        expect![[r#"
        . model.answer
        + agent.tool_use bash call1 allow
        + agent.tool_use read call2 allow
        + span.model_request_end
        . tool.dispatch call1
        . tool.dispatch call2
        effects: bash call1, read call2
    "#]],
    );
}

#[test]
fn results_are_recorded_as_they_come_and_the_model_waits_for_all() {
    let mut given = answered([call("bash"), call("read")]);
    check(
        given.clone(),
        |w| w.result("read", "first"),
        expect![[r#"
        + agent.tool_result call2 "first"
        effects: bash call1
    "#]],
    );
    given.result("read", "first").unwrap();
    check(
        given,
        |w| w.result("bash", "second"),
        expect![[r#"
        + agent.tool_result call1 "second"
        + span.model_request_start
        effects: model
    "#]],
    );
}

#[test]
fn the_model_reads_results_in_the_order_of_its_calls() {
    let mut given = answered([call("bash"), call("read")]);
    given.result("read", "first").unwrap();
    given.result("bash", "second").unwrap();
    let request = given.context.request().unwrap();
    let texts = request.messages[2].content.iter().map(|b| b["content"][0]["text"].clone());
    assert_eq!(texts.collect::<Vec<_>>(), [json!("second"), json!("first")]);
}

#[test]
fn calls_beyond_the_bound_of_one_answer_get_an_error_at_once() {
    let mut given = streaming();
    given.answer(says((0..ANSWER_CALLS_MAX + 3).map(|_| call("read")))).unwrap();
    assert_eq!(effects(&given.state).len(), ANSWER_CALLS_MAX);
    assert_eq!(given.count(Kind::AgentToolUse), ANSWER_CALLS_MAX + 3);
    assert_eq!(given.count(Kind::AgentToolResult), 3);
    for _ in 1..ANSWER_CALLS_MAX {
        given.result("read", "x").unwrap();
    }
    check(
        given,
        |w| w.result("read", "the last"),
        expect![[r#"
        + agent.tool_result call64 "the last"
        + span.model_request_start
        effects: model
    "#]],
    );
}

#[test]
fn a_custom_call_beyond_the_bound_is_not_asked_of_the_client() {
    let mut given = streaming();
    let calls = (0..ANSWER_CALLS_MAX).map(|_| call("read")).chain([call("lookup")]);
    given.answer(says(calls)).unwrap();
    assert_eq!(given.state.pending().count(), 0);
}

#[test]
fn input_that_is_not_an_object_gets_an_error_that_shows_its_beginning() {
    check(
        streaming(),
        |w| w.answer(says([malformed("bash", "{\"command\": ")])),
        expect![[r#"
        . model.answer
        + agent.tool_use bash call1 deny
        + span.model_request_end
        + agent.tool_result call1 is_error "The input of this call is not a JSON object, so it was not r"…
        + span.model_request_start
        effects: model
    "#]],
    );
    check(
        streaming(),
        |w| w.answer(says([malformed("lookup", "[")])),
        expect![[r#"
        . model.answer
        + agent.tool_use lookup call1 deny
        + span.model_request_end
        + agent.tool_result call1 is_error "The input of this call is not a JSON object, so it was not r"…
        + span.model_request_start
        effects: model
    "#]],
    );
}

#[test]
fn a_failed_call_is_a_result_like_any_other() {
    let failed = Ended::Outcome(Outcome::error("exit status 1"));
    check(
        answered([call("bash")]),
        |w| w.ends("bash", failed),
        expect![[r#"
        + agent.tool_result call1 is_error "exit status 1"
        + span.model_request_start
        effects: model
    "#]],
    );
}

#[test]
fn a_call_whose_hand_died_is_reported_as_unknown() {
    check(
        answered([call("bash")]),
        |w| w.ends("bash", Ended::Lost),
        expect![[r#"
        + agent.tool_result call1 is_error "The outcome is unknown: the sandbox that ran this call died "…
        + span.model_request_start
        effects: model
    "#]],
    );
}

#[test]
fn a_result_too_large_for_a_record_is_a_clear_error() {
    let given = answered([call("bash")]);
    let huge = "x".repeat(planaria_core::limits::RECORD_BYTES_MAX);
    check(
        given,
        |w| w.result("bash", &huge),
        expect![[r#"
        + agent.tool_result call1 is_error "The call ended, but its result has 1048678 bytes and at most"…
        + span.model_request_start
        effects: model
    "#]],
    );
}
