//! A session that failed too often.

use expect_test::expect;
use planaria_core::limits::SECOND;

use super::{answered, streaming};
use crate::world::*;

#[test]
fn parking_ends_a_streaming_turn_visibly() {
    check(
        streaming(),
        |w| w.park("it fell over"),
        expect![[r#"
        . session.parked
        + span.model_request_end is_error
        + session.error unknown_error exhausted
        + session.thread_status_idle retries_exhausted
        + session.usage 0 in, 0 out
        + session.status_idle retries_exhausted
        effects: none
    "#]],
    );
}

#[test]
fn parking_says_of_running_calls_that_nobody_knows_and_of_others_that_they_did_not_run() {
    let given = answered([call("bash"), call("edit"), call("lookup")]);
    check(
        given,
        |w| w.park("it fell over"),
        expect![[r#"
        . session.parked
        + agent.tool_result call1 is_error "The outcome is unknown: the sandbox that ran this call died "…
        + agent.tool_result call2 is_error "Tool execution was interrupted before completion. Please ret"…
        . call.closed call3 "Tool execution was interrupted before completion. Please retry."
        + session.error unknown_error exhausted
        + session.thread_status_idle retries_exhausted
        + session.usage 10 in, 1 out
        + session.status_idle retries_exhausted
        effects: none
    "#]],
    );
}

#[test]
fn parking_flushes_the_queue_and_settles_an_interrupt() {
    let mut given = answered([call("bash")]);
    given.send([interrupt(), message("more")]).unwrap();
    check(
        given,
        |w| w.park("it fell over"),
        expect![[r#"
        . session.parked
        + agent.tool_result call1 is_error "The outcome is unknown: the sandbox that ran this call died "…
        + session.error unknown_error exhausted
        + user.interrupt
        + user.message "more"
        + session.thread_status_idle retries_exhausted
        + session.usage 10 in, 1 out
        + session.status_idle retries_exhausted
        effects: none
    "#]],
    );
}

#[test]
fn parking_ends_the_wait_before_a_retry() {
    let mut given = streaming();
    given.fail(retry_after(5 * SECOND)).unwrap();
    check(
        given,
        |w| w.park("it fell over"),
        expect![[r#"
        . session.parked
        + session.error unknown_error exhausted
        + session.thread_status_idle retries_exhausted
        + session.usage 0 in, 0 out
        + session.status_idle retries_exhausted
        effects: none
    "#]],
    );
}

#[test]
fn a_session_that_waits_for_somebody_is_not_parked() {
    check(
        World::new(),
        |w| w.park("it fell over"),
        expect![[r#"
        effects: none
    "#]],
    );
    check(
        answered([text("Hi.")]),
        |w| w.park("it fell over"),
        expect![[r#"
        effects: none
    "#]],
    );
    check(
        answered([call("edit")]),
        |w| w.park("it fell over"),
        expect![[r#"
        effects: none
    "#]],
    );
}

#[test]
fn a_message_wakes_a_parked_session() {
    let mut given = answered([call("bash")]);
    given.park("it fell over").unwrap();
    check(
        given,
        |w| w.send([message("again")]),
        expect![[r#"
        . accepted user.message
        + session.status_running
        + session.thread_status_running
        + user.message "again"
        + span.model_request_start
        effects: model
    "#]],
    );
}
