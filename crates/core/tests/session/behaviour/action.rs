//! Waiting for a client, and its answers (contract §6.3, §6.4, §9.2).

use expect_test::expect;
use planaria_core::event::ClientEvent;
use planaria_core::id::EventId;
use planaria_core::record::payload::{Confirmation, CustomToolResult, Verdict};

use super::{answered, streaming};
use crate::world::*;

#[test]
fn a_call_that_asks_makes_the_session_wait() {
    check(
        streaming(),
        |w| w.answer(says([call("edit")])),
        expect![[r#"
        . model.answer
        + agent.tool_use edit call1 ask
        + span.model_request_end
        + session.thread_status_idle requires_action call1
        + session.usage 10 in, 1 out
        + session.status_idle requires_action call1
        effects: none
    "#]],
    );
}

#[test]
fn a_confirmed_call_runs() {
    let given = answered([call("edit")]);
    let asking = given.call("edit");
    check(
        given,
        |w| w.send([allow(asking)]),
        expect![[r#"
        + session.status_running
        + session.thread_status_running
        + user.tool_confirmation call1 allow
        . tool.dispatch call1
        effects: edit call1
    "#]],
    );
}

#[test]
fn a_denied_call_does_not_run_and_the_model_reads_why() {
    let given = answered([call("edit")]);
    let asking = given.call("edit");
    check(
        given,
        |w| w.send([deny(asking, "Not in production.")]),
        expect![[r#"
        + session.status_running
        + session.thread_status_running
        + user.tool_confirmation call1 deny
        + agent.tool_result call1 is_error "The user rejected this tool call. Not in production."
        + span.model_request_start
        effects: model
    "#]],
    );
}

#[test]
fn a_denied_call_without_a_message_says_that_it_was_rejected() {
    let given = answered([call("edit")]);
    let (tool_use_id, result) = (given.call("edit"), Verdict::Deny);
    let no = ClientEvent::Confirmation(Confirmation { tool_use_id, result, deny_message: None });
    check(
        given,
        |w| w.send([no]),
        expect![[r#"
        + session.status_running
        + session.thread_status_running
        + user.tool_confirmation call1 deny
        + agent.tool_result call1 is_error "The user rejected this tool call."
        + span.model_request_start
        effects: model
    "#]],
    );
}

#[test]
fn a_deny_message_with_allow_is_refused() {
    let given = answered([call("edit")]);
    let (tool_use_id, result) = (given.call("edit"), Verdict::Allow);
    let deny_message = Some("No.".to_owned());
    let both = ClientEvent::Confirmation(Confirmation { tool_use_id, result, deny_message });
    check(
        given,
        |w| w.send([both]),
        expect![[r#"
        invalid_request_error: Invalid user.tool_confirmation event at events[0]: deny_message: only allowed with `deny`
        effects: none
    "#]],
    );
}

#[test]
fn a_custom_result_is_the_record_of_its_call() {
    let given = answered([call("lookup")]);
    let waits = given.call("lookup");
    check(
        given,
        |w| w.send([custom(waits, "42")]),
        expect![[r#"
        + session.status_running
        + session.thread_status_running
        + user.custom_tool_result call1 "42"
        + span.model_request_start
        effects: model
    "#]],
    );
}

#[test]
fn a_custom_result_may_be_empty() {
    let given = answered([call("lookup")]);
    let result = CustomToolResult {
        custom_tool_use_id: given.call("lookup"),
        content: Vec::new(),
        is_error: true,
    };
    check(
        given,
        |w| w.send([ClientEvent::CustomToolResult(result)]),
        expect![[r#"
        + session.status_running
        + session.thread_status_running
        + user.custom_tool_result call1 is_error 
        + span.model_request_start
        effects: model
    "#]],
    );
}

#[test]
fn allowed_calls_run_before_the_session_waits() {
    let given = streaming();
    check(
        given,
        |w| w.answer(says([call("lookup"), call("edit"), call("bash")])),
        expect![[r#"
            . model.answer
            + agent.custom_tool_use lookup call1
            + agent.tool_use edit call2 ask
            + agent.tool_use bash call3 allow
            + span.model_request_end
            . tool.dispatch call3
            effects: bash call3
        "#]],
    );
}

#[test]
fn the_session_waits_when_the_last_running_call_has_ended() {
    let given = answered([call("lookup"), call("edit"), call("bash")]);
    check(
        given,
        |w| w.result("bash", "done"),
        expect![[r#"
        + agent.tool_result call3 "done"
        + session.thread_status_idle requires_action call1 call2
        + session.usage 10 in, 1 out
        + session.status_idle requires_action call1 call2
        effects: none
    "#]],
    );
}

#[test]
fn a_partial_answer_names_what_is_left() {
    let given = answered([call("lookup"), call("edit")]);
    let waits = given.call("lookup");
    check(
        given,
        |w| w.send([custom(waits, "42")]),
        expect![[r#"
        + user.custom_tool_result call1 "42"
        + session.thread_status_idle requires_action call2
        + session.usage 10 in, 1 out
        + session.status_idle requires_action call2
        effects: none
    "#]],
    );
}

#[test]
fn a_confirmed_call_waits_for_the_other_answers_and_then_runs() {
    let mut given = answered([call("lookup"), call("edit")]);
    let (waits, asking) = (given.call("lookup"), given.call("edit"));
    check(
        given.clone(),
        |w| w.send([allow(asking)]),
        expect![[r#"
        + user.tool_confirmation call2 allow
        + session.thread_status_idle requires_action call1
        + session.usage 10 in, 1 out
        + session.status_idle requires_action call1
        effects: none
    "#]],
    );
    given.send([allow(asking)]).unwrap();
    check(
        given,
        |w| w.send([custom(waits, "42")]),
        expect![[r#"
        + session.status_running
        + session.thread_status_running
        + user.custom_tool_result call1 "42"
        . tool.dispatch call2
        effects: edit call2
    "#]],
    );
}

#[test]
fn all_answers_in_one_request_set_the_session_running_once() {
    let given = answered([call("lookup"), call("edit"), call("grep")]);
    let (waits, edit, grep) = (given.call("lookup"), given.call("edit"), given.call("grep"));
    let events = [allow(grep), custom(waits, "42"), deny(edit, "No.")];
    check(
        given,
        |w| w.send(events),
        expect![[r#"
        + session.status_running
        + session.thread_status_running
        + user.tool_confirmation call3 allow
        + user.custom_tool_result call1 "42"
        + user.tool_confirmation call2 deny
        + agent.tool_result call2 is_error "The user rejected this tool call. No."
        . tool.dispatch call3
        effects: grep call3
    "#]],
    );
}

#[test]
fn an_answer_before_the_idle_event_is_accepted_and_shortens_the_wait() {
    let given = answered([call("bash"), call("lookup"), call("edit")]);
    let waits = given.call("lookup");
    check(
        given.clone(),
        |w| w.send([custom(waits, "42")]),
        expect![[r#"
        + user.custom_tool_result call2 "42"
        effects: bash call1
    "#]],
    );
    let mut early = given;
    early.send([custom(waits, "42")]).unwrap();
    check(
        early,
        |w| w.result("bash", "done"),
        expect![[r#"
        + agent.tool_result call1 "done"
        + session.thread_status_idle requires_action call3
        + session.usage 10 in, 1 out
        + session.status_idle requires_action call3
        effects: none
    "#]],
    );
}

#[test]
fn a_session_whose_questions_were_all_answered_early_never_waits() {
    let mut given = answered([call("bash"), call("edit")]);
    let asking = given.call("edit");
    check(
        given.clone(),
        |w| w.send([allow(asking)]),
        expect![[r#"
        + user.tool_confirmation call2 allow
        . tool.dispatch call2
        effects: bash call1, edit call2
    "#]],
    );
    given.send([allow(asking)]).unwrap();
    given.result("bash", "done").unwrap();
    check(
        given,
        |w| w.result("edit", "done"),
        expect![[r#"
        + agent.tool_result call2 "done"
        + span.model_request_start
        effects: model
    "#]],
    );
}

#[test]
fn a_message_while_blocked_is_refused_in_the_words_that_clients_match() {
    let given = answered([call("lookup"), call("edit")]);
    check(
        given.clone(),
        |w| w.send([message("hello?")]),
        expect![[r#"
        invalid_request_error: Invalid user.message event at events[0]: waiting on responses to events [call1, call2]; only `user.tool_confirmation`, `user.custom_tool_result`, `user.tool_result`, or `user.interrupt` may be sent
        effects: none
    "#]],
    );
    check(
        given,
        |w| w.send([system("Be brief.")]),
        expect![[r#"
        invalid_request_error: Invalid system.message event at events[0]: waiting on responses to events [call1, call2]; only `user.tool_confirmation`, `user.custom_tool_result`, `user.tool_result`, or `user.interrupt` may be sent
        effects: none
    "#]],
    );
}

#[test]
fn a_message_behind_a_partial_answer_is_refused_with_its_position() {
    let given = answered([call("lookup"), call("edit")]);
    let waits = given.call("lookup");
    check(
        given,
        |w| w.send([custom(waits, "42"), message("hello?")]),
        expect![[r#"
        invalid_request_error: Invalid user.message event at events[1]: waiting on responses to events [call2]; only `user.tool_confirmation`, `user.custom_tool_result`, `user.tool_result`, or `user.interrupt` may be sent
        effects: none
    "#]],
    );
}

#[test]
fn a_message_behind_the_last_answer_joins_the_turn() {
    let given = answered([call("lookup")]);
    let waits = given.call("lookup");
    check(
        given,
        |w| w.send([custom(waits, "42"), message("hello?")]),
        expect![[r#"
        + session.status_running
        + session.thread_status_running
        + user.custom_tool_result call1 "42"
        . accepted user.message
        + user.message "hello?"
        + span.model_request_start
        effects: model
    "#]],
    );
}

#[test]
fn while_blocked_a_system_message_may_only_follow_a_tool_result() {
    let given = answered([call("lookup"), call("edit"), call("grep")]);
    let (waits, asking) = (given.call("lookup"), given.call("edit"));
    let events = [custom(waits, "42"), system("Be brief.")];
    check(
        given.clone(),
        |w| w.send(events),
        expect![[r#"
        + user.custom_tool_result call1 "42"
        . accepted system.message
        + session.thread_status_idle requires_action call2 call3
        + session.usage 10 in, 1 out
        + session.status_idle requires_action call2 call3
        effects: none
    "#]],
    );
    check(
        given,
        |w| w.send([allow(asking), system("Be brief.")]),
        expect![[r#"
        invalid_request_error: Invalid system.message event at events[1]: waiting on responses to events [call1, call3]; only `user.tool_confirmation`, `user.custom_tool_result`, `user.tool_result`, or `user.interrupt` may be sent
        effects: none
    "#]],
    );
}

#[test]
fn an_id_that_was_never_given_out_is_refused() {
    let given = answered([call("lookup")]);
    check(
        given.clone(),
        |w| w.send([allow(EventId(1))]),
        expect![[r#"
        invalid_request_error: Invalid user.tool_confirmation event at events[0]: tool_use_id: sevt_011111111111111111111112 waits for no confirmation
        effects: none
    "#]],
    );
    check(
        given,
        |w| w.send([custom(EventId(1), "x")]),
        expect![[r#"
        invalid_request_error: Invalid user.custom_tool_result event at events[0]: custom_tool_use_id: sevt_011111111111111111111112 waits for no result
        effects: none
    "#]],
    );
}
