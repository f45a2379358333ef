//! What happens to messages that arrive while a turn is on (contract §6.5).

use expect_test::expect;

use super::{answered, streaming};
use crate::world::*;

#[test]
fn a_queued_message_is_delivered_with_the_results_at_the_next_request() {
    let mut given = answered([call("bash")]);
    given.send([message("and hurry")]).unwrap();
    check(
        given,
        |w| w.result("bash", "done"),
        expect![[r#"
        + agent.tool_result call1 "done"
        + user.message "and hurry"
        + span.model_request_start
        effects: model
    "#]],
    );
}

#[test]
fn a_message_queued_under_an_answer_that_ends_the_turn_starts_the_next_without_going_idle() {
    let mut given = streaming();
    given.send([message("more")]).unwrap();
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
fn queued_messages_are_taken_up_in_their_order_and_together() {
    let mut given = streaming();
    given.send([message("one")]).unwrap();
    given.send([message("two"), system("Be brief.")]).unwrap();
    check(
        given,
        |w| w.answer(says([text("Hi.")])),
        expect![[r#"
        . model.answer
        + agent.message "Hi."
        + span.model_request_end
        + user.message "one"
        + user.message "two"
        + system.message "Be brief."
        + span.model_request_start
        effects: model
    "#]],
    );
}

#[test]
fn a_queued_system_message_alone_does_not_keep_the_turn_going() {
    let mut given = streaming();
    given.send([system("Be brief.")]).unwrap();
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
fn a_message_queued_before_the_model_asks_waits_for_the_answers() {
    let mut given = answered([call("bash"), call("edit")]);
    given.send([message("more")]).unwrap();
    given.result("bash", "done").unwrap();
    let asking = given.call("edit");
    check(
        given,
        |w| w.send([deny(asking, "No.")]),
        expect![[r#"
        + session.status_running
        + session.thread_status_running
        + user.tool_confirmation call2 deny
        + agent.tool_result call2 is_error "The user rejected this tool call. No."
        + user.message "more"
        + span.model_request_start
        effects: model
    "#]],
    );
}
