//! Who decides whether a call runs (contract §8.1).

use expect_test::expect;
use planaria_core::record::payload::ToolUse;
use planaria_core::{Kind, Record};
use serde_json::{Value, json};

use super::{answered, streaming};
use crate::world::*;

fn evaluation(world: &World) -> Value {
    let is_use = |r: &&Record| r.kind == Kind::AgentToolUse;
    let tool_use: ToolUse = world.log.iter().rev().find(is_use).unwrap().parse().unwrap();
    json!([tool_use.evaluated_permission, tool_use.evaluation])
}

#[test]
fn the_event_says_how_the_verdict_came_about() {
    let of = |name| evaluation(&answered([call(name)]));
    assert_eq!(of("bash"), json!(["allow", { "type": "always_allow" }]));
    assert_eq!(of("edit"), json!(["ask", { "type": "always_ask" }]));
    let indeterminate = json!({ "type": "ask", "reason_code": "indeterminate" });
    let auto = json!({ "type": "auto", "evaluated_permission": indeterminate });
    assert_eq!(of("grep"), json!(["ask", auto]));
}

#[test]
fn a_call_that_was_refused_before_a_policy_applied_has_no_evaluation() {
    for name in ["glob", "rm"] {
        assert_eq!(evaluation(&answered([call(name)])), json!(["deny", null]), "{name}");
    }
    let world = answered([call("rm")]);
    let record = world.log.iter().find(|r| r.kind == Kind::AgentToolUse).unwrap();
    assert!(!String::from_utf8_lossy(&record.payload).contains("\"evaluation\""));
}

#[test]
fn a_call_of_an_unknown_tool_gets_an_error_and_the_turn_goes_on() {
    check(
        streaming(),
        |w| w.answer(says([call("rm")])),
        expect![[r#"
        . model.answer
        + agent.tool_use rm call1 deny
        + span.model_request_end
        + agent.tool_result call1 is_error "There is no tool `rm`."
        + span.model_request_start
        effects: model
    "#]],
    );
}

#[test]
fn a_call_of_a_tool_that_is_switched_off_gets_an_error() {
    check(
        streaming(),
        |w| w.answer(says([call("glob"), call("bash")])),
        expect![[r#"
        . model.answer
        + agent.tool_use glob call1 deny
        + agent.tool_use bash call2 allow
        + span.model_request_end
        + agent.tool_result call1 is_error "There is no tool `glob`."
        . tool.dispatch call2
        effects: bash call2
    "#]],
    );
}

#[test]
fn without_tools_every_call_is_refused() {
    let mut given = World::with(agent_with(json!([])));
    given.send([message("hello")]).unwrap();
    check(
        given,
        |w| w.answer(says([call("bash")])),
        expect![[r#"
        . model.answer
        + agent.tool_use bash call1 deny
        + span.model_request_end
        + agent.tool_result call1 is_error "There is no tool `bash`."
        + span.model_request_start
        effects: model
    "#]],
    );
}
