//! Statuses and which client event is legal when (contract §6.1, §6.3).

use bytes::Bytes;
use expect_test::expect;
use planaria_core::record::event_json;
use planaria_core::session::{Status, effects, evolve};
use planaria_core::{EventId, Kind, Record};

use super::{answered, streaming};
use crate::world::*;

#[test]
fn a_new_session_has_no_events_and_wants_nothing() {
    let world = World::new();
    assert!(world.log.iter().all(|record| event_json(record).is_none()));
    assert_eq!(world.state.status, Status::New);
    assert_eq!(effects(&world.state), []);
}

#[test]
fn a_message_on_a_new_session_starts_a_turn() {
    check(
        World::new(),
        |w| w.send([message("hello")]),
        expect![[r#"
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
fn an_answer_without_calls_ends_the_turn() {
    check(
        streaming(),
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
fn a_message_on_an_idle_session_starts_the_next_turn() {
    check(
        answered([text("Hi.")]),
        |w| w.send([message("more")]),
        expect![[r#"
        . accepted user.message
        + session.status_running
        + session.thread_status_running
        + user.message "more"
        + span.model_request_start
        effects: model
    "#]],
    );
}

#[test]
fn several_messages_on_an_idle_session_are_taken_up_together() {
    check(
        World::new(),
        |w| w.send([message("one"), message("two")]),
        expect![[r#"
        . accepted user.message
        . accepted user.message
        + session.status_running
        + session.thread_status_running
        + user.message "one"
        + user.message "two"
        + span.model_request_start
        effects: model
    "#]],
    );
}

#[test]
fn a_message_while_the_model_is_asked_is_queued() {
    check(
        streaming(),
        |w| w.send([message("more")]),
        expect![[r#"
        . accepted user.message
        effects: model
    "#]],
    );
}

#[test]
fn a_system_message_on_an_idle_session_waits_for_the_next_turn() {
    check(
        answered([text("Hi.")]),
        |w| w.send([system("Be brief.")]),
        expect![[r#"
        . accepted system.message
        effects: none
    "#]],
    );
}

#[test]
fn a_system_message_that_waited_is_taken_up_with_the_next_message() {
    let mut given = answered([text("Hi.")]);
    given.send([system("Be brief.")]).unwrap();
    check(
        given,
        |w| w.send([message("more")]),
        expect![[r#"
        . accepted user.message
        + session.status_running
        + session.thread_status_running
        + system.message "Be brief."
        + user.message "more"
        + span.model_request_start
        effects: model
    "#]],
    );
}

#[test]
fn a_system_message_may_accompany_a_message() {
    check(
        World::new(),
        |w| w.send([message("hello"), system("Be brief.")]),
        expect![[r#"
        . accepted user.message
        . accepted system.message
        + session.status_running
        + session.thread_status_running
        + user.message "hello"
        + system.message "Be brief."
        + span.model_request_start
        effects: model
    "#]],
    );
}

#[test]
fn a_system_message_that_is_not_the_last_event_is_refused() {
    check(
        World::new(),
        |w| w.send([system("Be brief."), message("hello")]),
        expect![[r#"
        invalid_request_error: Invalid system.message event at events[0]: must be the last event of the request
        effects: none
    "#]],
    );
}

#[test]
fn a_confirmation_or_result_that_nobody_waits_for_is_refused() {
    let given = answered([text("Hi."), call("lookup"), call("edit")]);
    let (custom_call, asking) = (given.call("lookup"), given.call("edit"));
    check(
        given.clone(),
        |w| w.send([allow(custom_call)]),
        expect![[r#"
        invalid_request_error: Invalid user.tool_confirmation event at events[0]: tool_use_id: call1 waits for no confirmation
        effects: none
    "#]],
    );
    check(
        given.clone(),
        |w| w.send([custom(asking, "x")]),
        expect![[r#"
        invalid_request_error: Invalid user.custom_tool_result event at events[0]: custom_tool_use_id: call2 waits for no result
        effects: none
    "#]],
    );
    let mut settled = given;
    settled.send([allow(asking)]).unwrap();
    check(
        settled,
        |w| w.send([allow(asking)]),
        expect![[r#"
        invalid_request_error: Invalid user.tool_confirmation event at events[0]: tool_use_id: call2 waits for no confirmation
        effects: none
    "#]],
    );
}

#[test]
fn an_answer_to_an_idle_session_is_refused() {
    let given = answered([text("Hi.")]);
    for event in [allow(EventId(1)), custom(EventId(1), "x")] {
        assert_eq!(given.clone().send([event]).unwrap_err().api_type(), "invalid_request_error");
    }
}

#[test]
fn one_bad_event_refuses_the_whole_request() {
    let given = answered([call("edit")]);
    let asking = given.call("edit");
    check(
        given,
        |w| w.send([allow(asking), allow(asking)]),
        expect![[r#"
        invalid_request_error: Invalid user.tool_confirmation event at events[1]: tool_use_id: call1 waits for no confirmation
        effects: none
    "#]],
    );
}

#[test]
fn a_terminated_session_takes_no_event() {
    let mut given = answered([call("edit")]);
    let asking = given.call("edit");
    let last = given.log.last().unwrap().clone();
    let payload = Bytes::from_static(b"{}");
    let end = Record { seq: last.seq + 1, kind: Kind::SessionStatusTerminated, payload, ..last };
    evolve(&mut given.state, &end);
    for event in [message("hello"), system("Be brief."), interrupt(), allow(asking)] {
        let refusal = given.send([event]).unwrap_err();
        assert_eq!(refusal.to_string(), "the session is terminated");
        assert_eq!(refusal.api_type(), "invalid_request_error");
    }
}

#[test]
fn a_session_is_created_once_and_before_everything_else() {
    let mut world = World::new();
    let genesis = world.log[0].parse().unwrap();
    let create = planaria_core::session::Command::Create(Box::new(genesis));
    check(
        world.clone(),
        |w| w.command(create),
        expect![[r#"
        invalid_request_error: the session exists already
        effects: none
    "#]],
    );
    world.state = Default::default();
    check(
        world,
        |w| w.send([message("hello")]),
        expect![[r#"
        invalid_request_error: the session does not exist
        effects: none
    "#]],
    );
}
