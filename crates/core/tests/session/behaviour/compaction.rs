//! The context runs full: a summary takes the place of what came before.

use planaria_core::context::{COMPACT_PROMPT, SUMMARY_START};
use planaria_core::limits::{COMPACTION_LEVEL_MAX, COMPACTIONS_MAX};
use planaria_core::model::{Request, Role};
use planaria_core::session::{Command, Effect, EffectId, Rejection, Status, effects};
use planaria_core::{Kind, Record};
use serde_json::Value;

use super::streaming;
use crate::property::requests;
use crate::world::*;

/// A session of three answered calls with long results, whose fourth request is open.
fn long() -> World {
    let mut world = streaming();
    for step in 0..3 {
        world.answer(says([text(&format!("Step {step}.")), call("bash")])).unwrap();
        let long = format!("result {step} {}", "x".repeat(20_000));
        world.result("bash", if step < 2 { &long } else { "short" }).unwrap();
    }
    world
}

fn kinds(records: &[Record]) -> Vec<Kind> {
    records.iter().map(|record| record.kind).collect()
}

fn texts(request: &Request) -> String {
    let json = |m: &planaria_core::model::Message| Value::Array(m.content.clone()).to_string();
    request.messages.iter().map(json).collect()
}

fn wanted_level(world: &World) -> Option<u32> {
    match effects(&world.state).as_slice() {
        [Effect::Model { compact, .. }] => *compact,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_full_context_asks_for_a_summary_within_the_same_request() {
    let mut world = long();
    let start = world.state.model.unwrap().start;
    assert_eq!(kinds(&world.full().unwrap()), [Kind::CompactionWanted]);
    assert_eq!(wanted_level(&world), Some(0));
    let done = world.summary("What happened.").unwrap();
    assert_eq!(kinds(&done), [Kind::Compacted, Kind::ThreadContextCompacted]);
    assert_eq!(world.state.model.unwrap().start, start);
    assert_eq!(wanted_level(&world), None);
    let done = world.answer(says([text("Done.")])).unwrap();
    assert!(kinds(&done).contains(&Kind::ModelRequestEnd));
    assert_eq!(world.count(Kind::ModelRequestStart), world.count(Kind::ModelRequestEnd));
}

#[test]
fn what_a_summary_costs_is_part_of_its_request() {
    let mut world = long();
    let before = world.state.usage.total();
    world.full().unwrap();
    world.summary("What happened.").unwrap();
    world.answer(says([text("Done.")])).unwrap();
    assert_eq!(world.state.usage.total(), before + 2 * 11);
}

#[test]
fn the_request_goes_on_from_the_summary_and_the_newest_steps() {
    let mut world = long();
    world.full().unwrap();
    world.summary("What happened.").unwrap();
    let request = world.context.request().unwrap();
    requests::check(&request);
    let all = texts(&request);
    assert!(all.contains(SUMMARY_START) && all.contains("What happened."), "{all}");
    assert!(!all.contains("result 1 "), "what was summed up is gone");
    assert!(all.contains("Step 2.") && all.contains("short"), "the last step stays: {all}");
    assert_eq!(request.messages[0].role, Role::User);
}

#[test]
fn a_summary_is_asked_for_with_the_messages_that_it_stands_for() {
    let world = long();
    let whole = world.context.request().unwrap();
    let compaction = world.context.compaction(0).unwrap();
    requests::check(&compaction.request);
    let asked = &compaction.request.messages;
    let last = asked.len() - 1;
    assert_eq!(asked[..last], whole.messages[..last], "the provider's cache serves them");
    let word = asked[last].content.last().unwrap();
    assert_eq!(word["text"], COMPACT_PROMPT);
    assert_eq!(
        (&compaction.request.tools, &compaction.request.system),
        (&whole.tools, &whole.system)
    );
}

#[test]
fn the_log_can_be_read_once_a_summary_stands_for_part_of_it() {
    let offers = |world: &World| {
        let tools = world.context.request().unwrap().tools;
        tools.iter().any(|tool| tool.name == "read_log")
    };
    let mut world = long();
    assert!(!offers(&world));
    world.full().unwrap();
    world.summary("What happened.").unwrap();
    assert!(offers(&world));
    world.answer(says([call("read_log")])).unwrap();
    assert_eq!(world.state.calls.len(), 1, "it runs without asking");
    world.result("read_log", "found").unwrap();
    requests::check(&world.context.request().unwrap());
}

#[test]
fn a_second_summary_takes_in_the_first() {
    let mut world = long();
    world.full().unwrap();
    world.summary("The first.").unwrap();
    for _ in 0..3 {
        world.answer(says([call("bash")])).unwrap();
        world.result("bash", &"y".repeat(20_000)).unwrap();
    }
    world.full().unwrap();
    assert!(texts(&world.context.compaction(0).unwrap().request).contains("The first."));
    world.summary("The second.").unwrap();
    let all = texts(&world.context.request().unwrap());
    assert!(all.contains("The second.") && !all.contains("The first."), "{all}");
}

#[test]
fn what_does_not_fit_even_to_be_summed_up_is_shortened_level_by_level() {
    let mut world = long();
    let mut before = usize::MAX;
    for level in 0..=COMPACTION_LEVEL_MAX {
        world.full().unwrap();
        assert_eq!(wanted_level(&world), Some(level));
        let compaction = world.context.compaction(level).unwrap();
        requests::check(&compaction.request);
        let bytes = texts(&compaction.request).len();
        assert!(bytes < before, "level {level} has {bytes} bytes");
        before = bytes;
    }
}

#[test]
fn summaries_that_do_not_help_end_the_turn() {
    let mut world = long();
    for _ in 0..COMPACTIONS_MAX {
        world.full().unwrap();
        world.summary("As long as before.").unwrap();
    }
    let done = world.full().unwrap();
    let error = done.iter().find(|r| r.kind == Kind::SessionError).unwrap();
    let error: Value = error.parse().unwrap();
    assert_eq!(error["error"]["type"], "compaction_limit_reached_error");
    assert!(matches!(world.state.status, Status::Idle(_)));
    world.send([message("again")]).unwrap();
    assert_eq!(world.state.status, Status::Running);
}

#[test]
fn a_harness_that_takes_over_finds_out_anew_that_the_context_is_full() {
    let mut world = long();
    world.full().unwrap();
    world.claim().unwrap();
    assert_eq!(wanted_level(&world), None);
    world.full().unwrap();
    world.summary("What happened.").unwrap();
    world.answer(says([text("Done.")])).unwrap();
    assert!(matches!(world.state.status, Status::Idle(_)));
}

#[test]
fn a_summary_that_comes_too_late_is_refused() {
    let mut world = long();
    world.full().unwrap();
    let mut late = world.clone();
    world.send([interrupt()]).unwrap();
    late.summary("Late.").unwrap();
    let stale = late.log.last().unwrap().clone();
    assert_eq!(stale.kind, Kind::ThreadContextCompacted);
    let report = Command::Compacted {
        effect: EffectId(late.log[late.log.len() - 3].seq),
        attempt: world.state.attempt,
        compacted: Box::new(late.log[late.log.len() - 2].parse().unwrap()),
    };
    assert!(matches!(world.command(report), Err(Rejection::Stale { .. })));
}

#[test]
fn a_first_message_that_is_too_long_is_summed_up_too() {
    let mut world = World::new();
    world.send([message(&"long ".repeat(50_000))]).unwrap();
    world.full().unwrap();
    world.full().unwrap();
    let request = world.context.compaction(1).unwrap().request;
    requests::check(&request);
    assert!(texts(&request).len() < 20_000);
    world.summary("They said much.").unwrap();
    requests::check(&world.context.request().unwrap());
}

#[test]
fn a_context_that_nobody_counts_runs_full_all_the_same() {
    use planaria_core::context::{ContextPolicy, WholeLog};
    let mut world = streaming();
    for step in 0..3 {
        let mut answer = says([text(&format!("Step {step}.")), call("bash")]);
        answer.usage = planaria_core::model::Usage::default();
        world.answer(answer).unwrap();
        world.result("bash", &"x".repeat(90_000)).unwrap();
    }
    let bytes = texts(&world.context.request().unwrap()).len() as u64;
    assert!(world.context.tokens() * 5 > bytes, "{} tokens, {bytes} bytes", world.context.tokens());
    assert!(WholeLog { compact_at: 40_000 }.is_full(&world.context));
}

#[test]
fn a_summary_that_ends_anywhere_leaves_a_request() {
    let world = long();
    for upto in 1..world.state.seq {
        let mut context = world.context.clone();
        let compacted = serde_json::json!({
            "upto": upto, "summary": "s", "level": 0, "digest": "", "harness": ["own", 1],
            "model": "m", "usage": planaria_core::model::Usage::default(),
        });
        let payload = planaria_core::record::to_payload(&compacted);
        let record = Record {
            seq: world.state.seq + 1,
            id: planaria_core::EventId(1),
            at_us: 0,
            kind: Kind::Compacted,
            thread: 0,
            epoch: 1,
            payload,
        };
        context.push(&record).unwrap();
        let checked = context.request().unwrap().check();
        assert_eq!(checked, Ok(()), "summed up to {upto}");
    }
}
