//! Calls that the server itself runs.

use planaria_core::port::sandbox::Ended;
use planaria_core::session::{CALLER_LOST, Effect, effects};
use planaria_core::tool::{EffectClass, Runner};
use planaria_core::{Kind, Record};
use serde_json::Value;

use crate::world::*;

fn calling(tools: &[&str]) -> World {
    let mut world = World::with(agent_with_host());
    world.send([message("hello")]).unwrap();
    world.answer(says(tools.iter().map(|tool| call(tool)))).unwrap();
    world
}

fn running(world: &World) -> Vec<String> {
    let tool = |effect: Effect| match effect {
        Effect::Tool { name, .. } => Some(name),
        _ => None,
    };
    effects(&world.state).into_iter().filter_map(tool).collect()
}

fn results(records: &[Record]) -> Vec<String> {
    let is_result = |record: &&Record| record.kind == Kind::AgentToolResult;
    let text = |record: &Record| record.parse::<Value>().unwrap()["content"][0]["text"].clone();
    let results = records.iter().filter(is_result);
    results.map(|record| text(record).as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_hosts_tool_is_the_servers_to_run_and_has_its_own_class() {
    let world = calling(&["pay", "peek", "bash"]);
    let runs = |effect: Effect| match effect {
        Effect::Tool { name, runner, class, .. } => (name, runner, class),
        other => panic!("{other:?}"),
    };
    let found: Vec<_> = effects(&world.state).into_iter().map(runs).collect();
    let expected = [
        ("pay", Runner::Server, EffectClass::AtMostOnce),
        ("peek", Runner::Server, EffectClass::Read),
        ("bash", Runner::Hand, EffectClass::AtMostOnce),
    ];
    assert_eq!(found, expected.map(|(name, runner, class)| (name.to_owned(), runner, class)));
}

#[test]
fn a_call_that_died_with_its_harness_is_not_run_again_unless_that_is_harmless() {
    let mut world = calling(&["pay", "peek", "bash"]);
    let records = world.claim().unwrap();
    assert_eq!(results(&records), [CALLER_LOST]);
    assert_eq!(running(&world), ["peek", "bash"]);
}

#[test]
fn the_turn_goes_on_when_the_only_call_was_lost() {
    let mut world = calling(&["pay"]);
    let records = world.claim().unwrap();
    assert_eq!(results(&records), [CALLER_LOST]);
    assert!(records.iter().any(|record| record.kind == Kind::ModelRequestStart));
}

#[test]
fn a_call_that_was_dropped_says_that_nobody_knows_its_outcome() {
    let mut world = calling(&["pay"]);
    world.send([interrupt()]).unwrap();
    let records = world.ends("pay", Ended::Lost).unwrap();
    assert_eq!(results(&records), [CALLER_LOST]);
}

#[test]
fn parking_says_that_the_outcome_of_a_running_call_is_unknown() {
    let mut world = calling(&["pay"]);
    let records = world.park("it failed too often").unwrap();
    assert_eq!(results(&records), [CALLER_LOST]);
}
