//! A model that does not answer (contract §8.6, §9.4).

use expect_test::expect;
use planaria_core::limits::{MODEL_ATTEMPTS_MAX, RECORD_BYTES_MAX, SECOND};
use planaria_core::session::{Command, ModelFailure};

use super::{answered, streaming};
use crate::world::*;

/// The last attempt is on.
fn at_the_last_attempt() -> World {
    let mut world = streaming();
    for _ in 1..MODEL_ATTEMPTS_MAX {
        world.fail(retry_after(0)).unwrap();
    }
    world
}

#[test]
fn a_short_wait_stays_invisible_and_inside_the_request() {
    check(
        streaming(),
        |w| w.fail(overloaded()),
        expect![[r#"
        . model.attempt model_overloaded_error
        effects: model in 125 ms
    "#]],
    );
}

#[test]
fn a_report_of_the_attempt_before_is_stale() {
    let mut given = streaming();
    let (effect, attempt) = (given.model_effect(), given.state.attempt);
    given.fail(overloaded()).unwrap();
    let late = Command::ModelFailed { effect, attempt, failure: overloaded() };
    check(
        given,
        |w| w.command(late),
        expect![[r#"
        invalid_request_error: stale report: effect 6 under attempt 0 is not open
        effects: model in 124 ms
    "#]],
    );
}

#[test]
fn an_answer_after_hidden_attempts_looks_as_if_there_had_been_none() {
    let mut given = streaming();
    given.fail(overloaded()).unwrap();
    given.fail(overloaded()).unwrap();
    check(
        given,
        |w| w.answer(says([text("Hi.")])),
        expect![[r#"
        . model.answer
        + agent.message "Hi."
        + span.model_request_end
        + session.thread_status_idle end_turn
        + session.usage 10 in, 1 out
        + session.status_idle end_turn
        effects: none
    "#]],
    );
}

#[test]
fn waits_grow_until_they_show() {
    let mut given = streaming();
    for _ in 0..3 {
        given.fail(overloaded()).unwrap();
    }
    check(
        given,
        |w| w.fail(overloaded()),
        expect![[r#"
        + span.model_request_end is_error
        + session.error model_overloaded_error retrying
        . model.attempt model_overloaded_error
        + session.thread_status_rescheduled
        + session.status_rescheduled
        effects: timer in 1000 ms
    "#]],
    );
}

#[test]
fn a_wait_that_the_endpoint_asks_for_shows_when_it_is_long() {
    check(
        streaming(),
        |w| w.fail(retry_after(SECOND - 1)),
        expect![[r#"
        . model.attempt model_overloaded_error
        effects: model in 999 ms
    "#]],
    );
    check(
        streaming(),
        |w| w.fail(retry_after(SECOND)),
        expect![[r#"
        + span.model_request_end is_error
        + session.error model_overloaded_error retrying
        . model.attempt model_overloaded_error
        + session.thread_status_rescheduled
        + session.status_rescheduled
        effects: timer in 1000 ms
    "#]],
    );
    check(
        streaming(),
        |w| w.fail(retry_after(u64::MAX)),
        expect![[r#"
        + span.model_request_end is_error
        + session.error model_overloaded_error retrying
        . model.attempt model_overloaded_error
        + session.thread_status_rescheduled
        + session.status_rescheduled
        effects: timer in 300000 ms
    "#]],
    );
}

#[test]
fn when_the_wait_is_over_the_session_runs_and_asks_again() {
    let mut given = streaming();
    given.fail(retry_after(5 * SECOND)).unwrap();
    check(
        given,
        |w| w.timer(),
        expect![[r#"
        + session.status_running
        + session.thread_status_running
        + span.model_request_start
        effects: model
    "#]],
    );
}

#[test]
fn a_message_during_the_wait_is_queued_and_taken_up_at_its_end() {
    let mut given = streaming();
    given.fail(retry_after(5 * SECOND)).unwrap();
    check(
        given.clone(),
        |w| w.send([message("more")]),
        expect![[r#"
        . accepted user.message
        effects: timer in 4999 ms
    "#]],
    );
    given.send([message("more")]).unwrap();
    check(
        given,
        |w| w.timer(),
        expect![[r#"
        + session.status_running
        + session.thread_status_running
        + user.message "more"
        + span.model_request_start
        effects: model
    "#]],
    );
}

#[test]
fn an_interrupt_ends_a_hidden_wait_and_the_next_turn_starts_at_once() {
    let mut given = streaming();
    given.fail(retry_after(SECOND / 2)).unwrap();
    check(
        given,
        |w| w.send([interrupt(), message("rather this")]),
        expect![[r#"
        . accepted user.interrupt
        + span.model_request_end is_error
        + user.interrupt
        + session.thread_status_idle end_turn
        + session.usage 0 in, 0 out
        + session.status_idle end_turn
        . accepted user.message
        + session.status_running
        + session.thread_status_running
        + user.message "rather this"
        + span.model_request_start
        effects: model
    "#]],
    );
}

#[test]
fn a_timer_that_nobody_waits_for_is_stale() {
    let mut given = streaming();
    given.fail(retry_after(5 * SECOND)).unwrap();
    let effect = planaria_core::session::effects(&given.state)[0].id();
    given.timer().unwrap();
    check(
        given,
        |w| w.command(Command::TimerDue { effect }),
        expect![[r#"
        invalid_request_error: stale report: effect 11 under attempt 0 is not open
        effects: model
    "#]],
    );
}

#[test]
fn a_failure_that_cannot_pass_ends_the_turn_at_once() {
    check(
        streaming(),
        |w| w.fail(refused()),
        expect![[r#"
        + span.model_request_end is_error
        + session.error model_request_failed_error exhausted
        + session.thread_status_idle retries_exhausted
        + session.usage 0 in, 0 out
        + session.status_idle retries_exhausted
        effects: none
    "#]],
    );
}

#[test]
fn the_last_attempt_ends_the_turn_and_flushes_the_queue() {
    let mut given = at_the_last_attempt();
    given.send([message("more"), system("Be brief.")]).unwrap();
    check(
        given,
        |w| w.fail(overloaded()),
        expect![[r#"
        + span.model_request_end is_error
        + session.error model_overloaded_error exhausted
        + user.message "more"
        + system.message "Be brief."
        + session.thread_status_idle retries_exhausted
        + session.usage 0 in, 0 out
        + session.status_idle retries_exhausted
        effects: none
    "#]],
    );
}

#[test]
fn after_an_exhausted_turn_the_next_message_starts_afresh() {
    let mut given = at_the_last_attempt();
    given.fail(overloaded()).unwrap();
    given.send([message("again")]).unwrap();
    assert_eq!(given.state.failures, 0);
    check(
        given,
        |w| w.fail(overloaded()),
        expect![[r#"
        . model.attempt model_overloaded_error
        effects: model in 125 ms
    "#]],
    );
}

#[test]
fn an_answer_forgives_earlier_failures() {
    let mut given = at_the_last_attempt();
    given.answer(says([call("bash")])).unwrap();
    given.result("bash", "done").unwrap();
    check(
        given,
        |w| w.fail(overloaded()),
        expect![[r#"
        . model.attempt model_overloaded_error
        effects: model in 125 ms
    "#]],
    );
}

#[test]
fn the_request_after_a_failed_turn_holds_both_messages() {
    let mut given = answered([text("Hi.")]);
    given.send([message("one")]).unwrap();
    given.fail(refused()).unwrap();
    given.send([message("two")]).unwrap();
    let request = given.context.request().unwrap();
    let last = request.messages.last().unwrap();
    assert_eq!(last.content.len(), 2);
}

#[test]
fn the_words_of_an_endpoint_are_cut_to_fit_into_a_record() {
    let message = "x".repeat(2 * RECORD_BYTES_MAX);
    let mut world = streaming();
    world.fail(ModelFailure { message: message.clone(), ..overloaded() }).unwrap();
    world.fail(ModelFailure { message, ..refused() }).unwrap();
    assert!(world.log.iter().all(|record| record.payload.len() < RECORD_BYTES_MAX / 2));
}
