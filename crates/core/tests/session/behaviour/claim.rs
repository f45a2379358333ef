//! Another harness takes over.

use expect_test::expect;
use planaria_core::limits::SECOND;
use planaria_core::port::sandbox::Ended;
use planaria_core::session::Command;

use super::{answered, streaming};
use crate::world::*;

#[test]
fn a_claim_closes_the_open_request_as_an_error_and_asks_anew() {
    check(
        streaming(),
        |w| w.claim(),
        expect![[r#"
        . claim attempt 1
        + span.model_request_end is_error
        + span.model_request_start
        effects: model
    "#]],
    );
}

#[test]
fn a_claim_keeps_running_calls() {
    check(
        answered([call("bash"), call("read")]),
        |w| w.claim(),
        expect![[r#"
        . claim attempt 1
        effects: bash call1, read call2
    "#]],
    );
}

#[test]
fn a_claim_keeps_calls_that_are_to_stop() {
    let mut given = answered([call("bash")]);
    given.send([interrupt()]).unwrap();
    check(
        given,
        |w| w.claim(),
        expect![[r#"
        . claim attempt 1
        effects: stop bash call1, sealed in 9999 ms
    "#]],
    );
}

#[test]
fn a_claim_keeps_the_wait_before_a_retry() {
    let mut given = streaming();
    given.fail(retry_after(5 * SECOND)).unwrap();
    check(
        given,
        |w| w.claim(),
        expect![[r#"
        . claim attempt 1
        effects: timer in 4999 ms
    "#]],
    );
}

#[test]
fn a_claim_keeps_a_hidden_wait_too() {
    let mut given = streaming();
    given.fail(retry_after(SECOND / 2)).unwrap();
    check(
        given,
        |w| w.claim(),
        expect![[r#"
        . claim attempt 1
        + span.model_request_end is_error
        + span.model_request_start
        effects: model in 499 ms
    "#]],
    );
}

#[test]
fn a_claim_where_nothing_is_open_records_nothing() {
    check(
        World::new(),
        |w| w.claim(),
        expect![[r#"
        effects: none
    "#]],
    );
    check(
        answered([text("Hi.")]),
        |w| w.claim(),
        expect![[r#"
        effects: none
    "#]],
    );
    check(
        answered([call("edit")]),
        |w| w.claim(),
        expect![[r#"
        effects: none
    "#]],
    );
}

#[test]
fn queued_messages_survive_a_claim_and_wait_for_the_next_request() {
    let mut given = streaming();
    given.send([message("more")]).unwrap();
    given.claim().unwrap();
    check(
        given,
        |w| w.answer(says([text("Hi.")])),
        expect![[r#"
        . model.answer
        + agent.message "Hi."
        + span.model_request_end
        + user.message "more"
        + span.model_request_start
        effects: model
    "#]],
    );
}

#[test]
fn reports_of_the_harness_before_are_refused() {
    let mut given = answered([call("bash")]);
    let (effect, attempt) = (given.tool_effect("bash"), given.state.attempt);
    given.claim().unwrap();
    let late = Command::ToolEnded { effect, attempt, ended: Ended::Lost };
    check(
        given.clone(),
        |w| w.command(late),
        expect![[r#"
        invalid_request_error: stale report: effect 10 under attempt 0 is not open
        effects: bash call1
    "#]],
    );
    given.result("bash", "collected").unwrap();
}

#[test]
fn a_call_that_ended_cannot_end_again() {
    let mut given = answered([call("bash"), call("read")]);
    let (effect, attempt) = (given.tool_effect("bash"), given.state.attempt);
    given.result("bash", "done").unwrap();
    let again = Command::ToolEnded { effect, attempt, ended: Ended::Sealed };
    check(
        given,
        |w| w.command(again),
        expect![[r#"
        invalid_request_error: stale report: effect 11 under attempt 0 is not open
        effects: read call2
    "#]],
    );
}

#[test]
fn failures_before_a_claim_still_count() {
    let mut given = streaming();
    given.fail(overloaded()).unwrap();
    given.claim().unwrap();
    assert_eq!(given.state.failures, 1);
}
