//! Stop (contract §6.5, §9.3).

use expect_test::expect;
use planaria_core::event::ClientEvent;
use planaria_core::limits::CANCEL_WAIT;
use planaria_core::port::sandbox::Ended;
use planaria_core::session::{Command, Effect, effects};
use planaria_core::tool::Outcome;

use super::{answered, streaming};
use crate::world::*;

fn interrupted(mut world: World) -> World {
    world.send([interrupt()]).unwrap();
    world
}

#[test]
fn an_interrupt_stops_a_streaming_answer_at_once() {
    check(
        streaming(),
        |w| w.send([interrupt()]),
        expect![[r#"
        . accepted user.interrupt
        + span.model_request_end is_error
        + user.interrupt
        + session.thread_status_idle end_turn
        + session.usage 0 in, 0 out
        + session.status_idle end_turn
        effects: none
    "#]],
    );
}

#[test]
fn an_interrupt_asks_running_calls_to_stop_and_waits_for_them() {
    check(
        answered([call("bash"), call("read")]),
        |w| w.send([interrupt()]),
        expect![[r#"
        . accepted user.interrupt
        effects: stop bash call1, sealed in 10000 ms, stop read call2, sealed in 10000 ms
    "#]],
    );
}

#[test]
fn the_turn_ends_when_the_last_interrupted_call_has_ended() {
    let mut given = interrupted(answered([call("bash"), call("read")]));
    given.ends("read", Ended::Sealed).unwrap();
    check(
        given,
        |w| w.ends("bash", Ended::Sealed),
        expect![[r#"
        + agent.tool_result call1 is_error "Tool execution was interrupted before completion. Please ret"…
        + user.interrupt
        + session.thread_status_idle end_turn
        + session.usage 10 in, 1 out
        + session.status_idle end_turn
        effects: none
    "#]],
    );
}

#[test]
fn a_real_outcome_that_still_arrives_is_recorded() {
    let given = interrupted(answered([call("bash")]));
    check(
        given,
        |w| w.result("bash", "made it"),
        expect![[r#"
        + agent.tool_result call1 "made it"
        + user.interrupt
        + session.thread_status_idle end_turn
        + session.usage 10 in, 1 out
        + session.status_idle end_turn
        effects: none
    "#]],
    );
}

#[test]
fn a_call_that_does_not_stop_until_its_deadline_ends_with_an_unknown_outcome() {
    let mut given = interrupted(answered([call("bash")]));
    let Effect::Tool { cancel_by: Some(by), .. } = effects(&given.state)[0] else { panic!() };
    assert_eq!(by, given.state.at_us + CANCEL_WAIT);
    given.now = by;
    check(
        given,
        |w| w.ends("bash", Ended::Lost),
        expect![[r#"
        + agent.tool_result call1 is_error "The outcome is unknown: the sandbox that ran this call died "…
        + user.interrupt
        + session.thread_status_idle end_turn
        + session.usage 10 in, 1 out
        + session.status_idle end_turn
        effects: none
    "#]],
    );
}

#[test]
fn interrupt_and_message_in_one_request_redirect_a_streaming_answer() {
    check(
        streaming(),
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
fn interrupt_and_message_redirect_when_the_running_call_has_stopped() {
    let mut given = answered([call("bash")]);
    given.send([interrupt(), message("rather this")]).unwrap();
    check(
        given,
        |w| w.ends("bash", Ended::Sealed),
        expect![[r#"
        + agent.tool_result call1 is_error "Tool execution was interrupted before completion. Please ret"…
        + user.interrupt
        + session.thread_status_idle end_turn
        + session.usage 10 in, 1 out
        + session.status_idle end_turn
        + session.status_running
        + session.thread_status_running
        + user.message "rather this"
        + span.model_request_start
        effects: model
    "#]],
    );
}

#[test]
fn a_message_queued_before_the_interrupt_is_kept_and_starts_the_next_turn() {
    let mut given = streaming();
    given.send([message("earlier")]).unwrap();
    check(
        given,
        |w| w.send([interrupt()]),
        expect![[r#"
        . accepted user.interrupt
        + span.model_request_end is_error
        + user.interrupt
        + session.thread_status_idle end_turn
        + session.usage 0 in, 0 out
        + session.status_idle end_turn
        + session.status_running
        + session.thread_status_running
        + user.message "earlier"
        + span.model_request_start
        effects: model
    "#]],
    );
}

#[test]
fn an_interrupt_on_an_idle_session_changes_nothing() {
    check(
        World::new(),
        |w| w.send([interrupt()]),
        expect![[r#"
        + user.interrupt
        effects: none
    "#]],
    );
    check(
        answered([text("Hi.")]),
        |w| w.send([interrupt()]),
        expect![[r#"
        + user.interrupt
        effects: none
    "#]],
    );
}

#[test]
fn an_interrupt_and_a_message_on_an_idle_session_start_a_turn() {
    check(
        World::new(),
        |w| w.send([interrupt(), message("hello")]),
        expect![[r#"
        + user.interrupt
        . accepted user.message
        + session.status_running
        + session.thread_status_running
        + user.message "hello"
        + span.model_request_start
        effects: model
    "#]],
    );
}

#[test]
fn a_second_interrupt_changes_nothing() {
    let given = interrupted(answered([call("bash")]));
    check(
        given,
        |w| w.send([interrupt()]),
        expect![[r#"
        + user.interrupt
        effects: stop bash call1, sealed in 9999 ms
    "#]],
    );
}

#[test]
fn an_interrupt_closes_what_waits_for_the_client_without_asking_the_model() {
    check(
        answered([call("edit"), call("lookup")]),
        |w| w.send([interrupt()]),
        expect![[r#"
        . accepted user.interrupt
        + agent.tool_result call1 is_error "Tool execution was interrupted before completion. Please ret"…
        . call.closed call2 "Tool execution was interrupted before completion. Please retry."
        + user.interrupt
        + session.thread_status_idle end_turn
        + session.usage 10 in, 1 out
        + session.status_idle end_turn
        effects: none
    "#]],
    );
}

#[test]
fn an_interrupt_closes_a_confirmed_call_that_waits_for_others() {
    let mut given = answered([call("edit"), call("lookup")]);
    let asking = given.call("edit");
    given.send([allow(asking)]).unwrap();
    check(
        given,
        |w| w.send([interrupt()]),
        expect![[r#"
        . accepted user.interrupt
        + agent.tool_result call1 is_error "Tool execution was interrupted before completion. Please ret"…
        . call.closed call2 "Tool execution was interrupted before completion. Please retry."
        + user.interrupt
        + session.thread_status_idle end_turn
        + session.usage 10 in, 1 out
        + session.status_idle end_turn
        effects: none
    "#]],
    );
}

#[test]
fn an_interrupt_behind_the_last_answer_closes_the_call_that_it_allowed() {
    let given = answered([call("edit")]);
    let asking = given.call("edit");
    check(
        given,
        |w| w.send([allow(asking), interrupt()]),
        expect![[r#"
        + session.status_running
        + session.thread_status_running
        + user.tool_confirmation call1 allow
        . accepted user.interrupt
        + agent.tool_result call1 is_error "Tool execution was interrupted before completion. Please ret"…
        + user.interrupt
        + session.thread_status_idle end_turn
        + session.usage 10 in, 1 out
        + session.status_idle end_turn
        effects: none
    "#]],
    );
}

#[test]
fn an_interrupt_before_the_idle_event_closes_what_asks_and_stops_what_runs() {
    check(
        answered([call("edit"), call("bash")]),
        |w| w.send([interrupt()]),
        expect![[r#"
        . accepted user.interrupt
        + agent.tool_result call1 is_error "Tool execution was interrupted before completion. Please ret"…
        effects: stop bash call2, sealed in 10000 ms
    "#]],
    );
}

#[test]
fn answers_to_calls_that_the_interrupt_closed_are_refused() {
    let given = answered([call("edit"), call("bash")]);
    let asking = given.call("edit");
    check(
        interrupted(given),
        |w| w.send([allow(asking)]),
        expect![[r#"
        invalid_request_error: Invalid user.tool_confirmation event at events[0]: tool_use_id: call1 waits for no confirmation
        effects: stop bash call2, sealed in 9999 ms
    "#]],
    );
}

#[test]
fn an_interrupt_while_rescheduling_ends_the_turn_and_the_wait() {
    let mut given = streaming();
    given.fail(retry_after(5_000_000)).unwrap();
    check(
        given,
        |w| w.send([interrupt()]),
        expect![[r#"
        . accepted user.interrupt
        + user.interrupt
        + session.thread_status_idle end_turn
        + session.usage 0 in, 0 out
        + session.status_idle end_turn
        effects: none
    "#]],
    );
}

#[test]
fn an_answer_that_arrives_after_the_interrupt_is_stale() {
    let mut given = streaming();
    let (effect, attempt) = (given.model_effect(), given.state.attempt);
    given.send([interrupt()]).unwrap();
    let answer = Box::new(says([text("Too late.")]));
    let harness = ("test".to_owned(), 1);
    let late = Command::ModelAnswered { effect, attempt, digest: String::new(), harness, answer };
    check(
        given,
        |w| w.command(late),
        expect![[r#"
        invalid_request_error: stale report: effect 6 under attempt 0 is not open
        effects: none
    "#]],
    );
}

#[test]
fn an_interrupt_may_name_the_primary_thread_and_no_other() {
    let primary = Some(SESSION.primary_thread().to_string());
    let event = ClientEvent::Interrupt { session_thread_id: primary };
    check(
        streaming(),
        |w| w.send([event]),
        expect![[r#"
        . accepted user.interrupt
        + span.model_request_end is_error
        + user.interrupt
        + session.thread_status_idle end_turn
        + session.usage 0 in, 0 out
        + session.status_idle end_turn
        effects: none
    "#]],
    );
    let other = Some("sthr_011111111111111111111112".to_owned());
    let event = ClientEvent::Interrupt { session_thread_id: other };
    check(
        streaming(),
        |w| w.send([event]),
        expect![[r#"
        invalid_request_error: Invalid user.interrupt event at events[0]: session_thread_id: no such thread
        effects: model
    "#]],
    );
}

#[test]
fn after_an_interrupt_the_model_sees_a_result_for_every_call() {
    let mut given = interrupted(answered([call("bash"), call("edit")]));
    given.ends("bash", Ended::Outcome(Outcome::error("Killed."))).unwrap();
    given.send([message("go on")]).unwrap();
    let request = given.context.request().unwrap();
    let last = request.messages.last().unwrap();
    let kinds: Vec<&str> = last.content.iter().map(|b| b["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["tool_result", "tool_result", "text"]);
}
