//! What is bounded says so before it hurts.

use expect_test::expect;
use planaria_core::Kind;
use planaria_core::event::ClientEvent;
use planaria_core::limits::{
    CLIENT_EVENT_BYTES_MAX, QUEUE_BYTES_MAX, QUEUE_EVENTS_MAX, RECORD_BYTES_MAX, SEND_EVENTS_MAX,
    TURN_REQUESTS_MAX,
};
use planaria_core::record::codec::encode;
use planaria_core::record::payload::CustomToolResult;
use planaria_core::session::{Command, Rejection, SessionState, Stamp, decide};
use planaria_core::tool::text_block;

use super::{answered, streaming};
use crate::world::*;

fn fits(world: &World) -> bool {
    world.log.iter().all(|record| encode(SESSION, record).is_ok())
}

#[test]
fn a_request_has_at_least_one_event_and_not_too_many() {
    check(
        World::new(),
        |w| w.send([]),
        expect![[r#"
        invalid_request_error: events: 1 to 50 are allowed
        effects: none
    "#]],
    );
    let events = || (0..=SEND_EVENTS_MAX).map(|_| message("x"));
    check(
        World::new(),
        |w| w.send(events()),
        expect![[r#"
        invalid_request_error: events: 1 to 50 are allowed
        effects: none
    "#]],
    );
    World::new().send(events().skip(1)).unwrap();
}

#[test]
fn a_message_as_large_as_allowed_fits_into_its_records_and_a_larger_one_is_refused() {
    let overhead = r#"{"content":[{"text":"","type":"text"}]}"#.len();
    let mut world = World::new();
    world.send([message(&"x".repeat(CLIENT_EVENT_BYTES_MAX - overhead))]).unwrap();
    assert!(fits(&world));
    let larger = message(&"x".repeat(CLIENT_EVENT_BYTES_MAX - overhead + 1));
    check(
        World::new(),
        |w| w.send([larger]),
        expect![[r#"
        invalid_request_error: Invalid user.message event at events[0]: 1044481 bytes, at most 1044480
        effects: none
    "#]],
    );
}

#[test]
fn a_custom_result_and_a_deny_message_that_are_too_large_are_refused() {
    let given = answered([call("lookup"), call("edit")]);
    let (waits, asking) = (given.call("lookup"), given.call("edit"));
    let huge = "x".repeat(RECORD_BYTES_MAX);
    check(
        given.clone(),
        |w| w.send([custom(waits, &huge)]),
        expect![[r#"
        invalid_request_error: Invalid user.custom_tool_result event at events[0]: 1048685 bytes, at most 1044480
        effects: none
    "#]],
    );
    check(
        given,
        |w| w.send([deny(asking, &huge)]),
        expect![[r#"
        invalid_request_error: Invalid user.tool_confirmation event at events[0]: 1048657 bytes, at most 1044480
        effects: none
    "#]],
    );
}

#[test]
fn the_largest_deny_message_fits_into_its_records() {
    let mut world = answered([call("edit")]);
    let asking = world.call("edit");
    world.send([deny(asking, &"x".repeat(CLIENT_EVENT_BYTES_MAX - 128))]).unwrap();
    assert!(fits(&world));
}

#[test]
fn a_queue_that_is_full_is_refused_as_a_rate_limit_and_empties_at_the_next_request() {
    let mut world = streaming();
    for _ in 0..QUEUE_EVENTS_MAX / SEND_EVENTS_MAX {
        world.send((0..SEND_EVENTS_MAX).map(|_| message("x"))).unwrap();
    }
    check(
        world.clone(),
        |w| w.send([message("one more")]),
        expect![[r#"
        rate_limit_error: 100 events (4000 bytes) wait already; send more when the agent has read them
        effects: model
    "#]],
    );
    world.answer(says([text("Hi.")])).unwrap();
    world.send([message("one more")]).unwrap();
}

#[test]
fn the_bytes_of_a_queue_are_bounded_too() {
    let mut world = streaming();
    let large = "x".repeat(QUEUE_BYTES_MAX / 5);
    let mut accepted = 0;
    let refusal = loop {
        match world.send([message(&large)]) {
            Ok(_) => accepted += 1,
            Err(refusal) => break refusal,
        }
    };
    assert_eq!(accepted, 4);
    assert_eq!(refusal.api_type(), "rate_limit_error");
}

#[test]
fn a_message_wakes_a_session_whose_queue_is_full_of_system_messages() {
    let mut given = World::new();
    for _ in 0..QUEUE_EVENTS_MAX {
        given.send([system("Be brief.")]).unwrap();
    }
    check(
        given.clone(),
        |w| w.send([system("Be brief.")]),
        expect![[r#"
        rate_limit_error: 100 events (4800 bytes) wait already; send more when the agent has read them
        effects: none
    "#]],
    );
    given.send([message("hello")]).unwrap();
    assert_eq!(given.state.queue, []);
    assert!(given.state.model.is_some());
}

#[test]
fn an_interrupt_is_accepted_though_the_queue_is_full() {
    let mut world = streaming();
    for _ in 0..QUEUE_EVENTS_MAX / SEND_EVENTS_MAX {
        world.send((0..SEND_EVENTS_MAX).map(|_| message("x"))).unwrap();
    }
    world.send([interrupt()]).unwrap();
}

/// So many requests were answered with a call, and the next one is open.
fn after_requests(count: u32) -> World {
    let mut world = streaming();
    for _ in 0..count {
        world.answer(says([call("read")])).unwrap();
        world.result("read", "x").unwrap();
    }
    world
}

#[test]
fn a_turn_of_too_many_requests_is_ended_and_the_next_message_starts_afresh() {
    let mut given = after_requests(TURN_REQUESTS_MAX - 1);
    given.answer(says([call("read")])).unwrap();
    check(
        given.clone(),
        |w| w.result("read", "x"),
        expect![[r#"
        + agent.tool_result call200 "x"
        + session.error tool_use_limit_reached_error exhausted
        + session.thread_status_idle retries_exhausted
        + session.usage 2000 in, 200 out
        + session.status_idle retries_exhausted
        effects: none
    "#]],
    );
    given.result("read", "x").unwrap();
    check(
        given,
        |w| w.send([message("go on")]),
        expect![[r#"
        . accepted user.message
        + session.status_running
        + session.thread_status_running
        + user.message "go on"
        + span.model_request_start
        effects: model
    "#]],
    );
}

#[test]
fn a_message_that_joins_the_turn_starts_the_count_afresh() {
    let mut given = after_requests(TURN_REQUESTS_MAX - 1);
    given.answer(says([call("read")])).unwrap();
    given.send([message("go on")]).unwrap();
    check(
        given,
        |w| w.result("read", "x"),
        expect![[r#"
        + agent.tool_result call200 "x"
        + user.message "go on"
        + span.model_request_start
        effects: model
    "#]],
    );
}

#[test]
fn requests_that_died_with_their_harness_do_not_count() {
    let mut given = streaming();
    for _ in 0..=TURN_REQUESTS_MAX {
        given.claim().unwrap();
    }
    given.answer(says([call("read")])).unwrap();
    check(
        given,
        |w| w.result("read", "x"),
        expect![[r#"
        + agent.tool_result call1 "x"
        + span.model_request_start
        effects: model
    "#]],
    );
}

#[test]
fn a_first_record_that_is_too_large_is_refused() {
    let mut genesis =
        World::new().log[0].parse::<planaria_core::record::payload::Genesis>().unwrap();
    genesis.title = Some("x".repeat(RECORD_BYTES_MAX));
    let stamp = Stamp { now: 1, id_seed: 1, jitter: 0 };
    let create = Command::Create(Box::new(genesis));
    let refused = decide(&SessionState::default(), create, &stamp).unwrap_err();
    assert!(matches!(refused, Rejection::Invalid(_)), "{refused}");
}

#[test]
fn a_custom_result_as_large_as_allowed_fits_into_its_record() {
    let mut world = answered([call("lookup")]);
    let custom_tool_use_id = world.call("lookup");
    let content = vec![text_block(&"x".repeat(CLIENT_EVENT_BYTES_MAX - 256))];
    let result = CustomToolResult { custom_tool_use_id, content, is_error: false };
    world.send([ClientEvent::CustomToolResult(result)]).unwrap();
    assert!(fits(&world));
    assert_eq!(world.count(Kind::UserCustomToolResult), 1);
}

#[test]
fn the_reason_of_a_parking_is_cut_to_fit_into_a_record() {
    let mut world = streaming();
    world.park(&"x".repeat(2 * RECORD_BYTES_MAX)).unwrap();
    assert!(fits(&world));
}
