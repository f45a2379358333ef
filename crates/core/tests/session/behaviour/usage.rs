//! Tokens and time.

use planaria_core::Kind;
use planaria_core::limits::{RECORD_BYTES_MAX, SECOND};
use planaria_core::model::{Answer, Usage};
use planaria_core::record::payload::ModelRequestEnd;
use planaria_core::session::ModelFailure;
use serde_json::{Value, json};

use super::{answered, streaming};
use crate::world::*;

fn last(world: &World, kind: Kind) -> Value {
    let record = world.log.iter().rev().find(|r| r.kind == kind).unwrap();
    serde_json::from_slice(&record.payload).unwrap()
}

#[test]
fn tokens_are_those_of_all_answers() {
    let mut world = streaming();
    let usage = Usage {
        input_tokens: 1,
        output_tokens: 2,
        cache_creation_input_tokens: 3,
        cache_read_input_tokens: 4,
    };
    world.answer(Answer { usage, ..says([call("read")]) }).unwrap();
    assert_eq!(last(&world, Kind::ModelRequestEnd)["model_usage"], json!(usage));
    world.result("read", "x").unwrap();
    world.answer(Answer { usage, ..says([text("Hi.")]) }).unwrap();
    let usage = last(&world, Kind::SessionUsage);
    assert_eq!(usage["usage"]["input_tokens"], 2);
    assert_eq!(usage["usage"]["output_tokens"], 4);
    assert_eq!(usage["usage"]["cache_creation"]["ephemeral_5m_input_tokens"], 6);
    assert_eq!(usage["usage"]["cache_read_input_tokens"], 8);
    assert_eq!(usage["budget"], Value::Null);
    assert!(usage["usage"]["list_cost"]["amount"].is_string());
    assert_eq!(world.state.usage.total(), 20);
}

#[test]
fn counts_beyond_all_measure_do_not_break_the_sums() {
    let mut world = streaming();
    let most = u64::MAX;
    let usage = Usage {
        input_tokens: most,
        output_tokens: most,
        cache_creation_input_tokens: most,
        cache_read_input_tokens: most,
    };
    world.answer(Answer { usage, ..says([call("read")]) }).unwrap();
    world.result("read", "x").unwrap();
    world.answer(Answer { usage, ..says([text("Hi.")]) }).unwrap();
    assert_eq!(world.state.usage, usage);
    assert_eq!(world.state.usage.total(), most);
    assert_eq!(last(&world, Kind::SessionUsage)["usage"]["input_tokens"], most);
}

#[test]
fn an_answer_that_was_too_large_to_keep_still_cost_its_tokens() {
    let mut world = streaming();
    world.answer(says([text(&"x".repeat(RECORD_BYTES_MAX))])).unwrap();
    let end: ModelRequestEnd = serde_json::from_value(last(&world, Kind::ModelRequestEnd)).unwrap();
    assert!(end.is_error);
    assert_eq!(end.model_usage.input_tokens, 10);
    assert_eq!(world.state.usage.input_tokens, 10);
}

#[test]
fn a_request_without_an_answer_cost_nothing_that_we_know_of() {
    let mut world = streaming();
    world.send([interrupt()]).unwrap();
    assert_eq!(last(&world, Kind::ModelRequestEnd)["model_usage"], json!(Usage::default()));
    assert_eq!(world.state.usage.total(), 0);
}

fn last_end(world: &World) -> (bool, u64, u64) {
    let end: ModelRequestEnd = serde_json::from_value(last(world, Kind::ModelRequestEnd)).unwrap();
    (end.is_error, end.model_usage.input_tokens, end.model_usage.output_tokens)
}

#[test]
fn answers_that_broke_off_within_a_request_are_part_of_what_it_cost() {
    let mut world = streaming();
    world.fail(broke_off()).unwrap();
    world.fail(broke_off()).unwrap();
    world.answer(says([text("Hi.")])).unwrap();
    assert_eq!(world.count(Kind::ModelRequestEnd), 1);
    assert_eq!(last_end(&world), (false, 30, 3));
    assert_eq!(world.state.usage.input_tokens, 30);
    world.send([message("more")]).unwrap();
    world.answer(says([text("Hi.")])).unwrap();
    assert_eq!(last_end(&world), (false, 10, 1));
    assert_eq!(world.state.usage.input_tokens, 40);
}

#[test]
fn an_answer_that_broke_off_for_longer_cost_what_it_had_used() {
    let mut world = streaming();
    world.fail(broke_off()).unwrap();
    world.fail(ModelFailure { retry_after: Some(5 * SECOND), ..broke_off() }).unwrap();
    assert_eq!(last_end(&world), (true, 20, 2));
    assert_eq!(world.state.usage.input_tokens, 20);
    world.timer().unwrap();
    world.answer(says([text("Hi.")])).unwrap();
    assert_eq!(last_end(&world), (false, 10, 1));
    assert_eq!(world.state.usage.input_tokens, 30);
}

#[test]
fn a_turn_given_up_cost_what_its_attempts_had_used() {
    let mut world = streaming();
    world.fail(broke_off()).unwrap();
    world.fail(ModelFailure { retryable: false, ..broke_off() }).unwrap();
    assert_eq!(last_end(&world), (true, 20, 2));
    assert_eq!(last(&world, Kind::SessionUsage)["usage"]["input_tokens"], 20);
}

#[test]
fn an_interrupt_and_a_claim_do_not_forget_what_attempts_had_used() {
    let mut world = streaming();
    world.fail(broke_off()).unwrap();
    world.claim().unwrap();
    assert_eq!(last_end(&world), (true, 10, 1));
    world.fail(broke_off()).unwrap();
    world.send([interrupt()]).unwrap();
    assert_eq!(last_end(&world), (true, 10, 1));
    assert_eq!(world.state.usage.input_tokens, 20);
}

#[test]
fn only_time_spent_running_is_active() {
    let mut world = streaming();
    let started = world.state.running_since.unwrap();
    world.now = started + 10 * SECOND - 1_000;
    world.answer(says([call("edit")])).unwrap();
    assert_eq!(last(&world, Kind::SessionUsage)["usage"]["active_seconds"], 10.0);
    world.now += 500 * SECOND;
    let asking = world.call("edit");
    world.send([allow(asking)]).unwrap();
    world.now += 5 * SECOND - 1_000;
    world.fail_tool_and_reschedule();
    world.now += 500 * SECOND;
    world.timer().unwrap();
    world.now += SECOND - 1_000;
    world.answer(says([text("Hi.")])).unwrap();
    assert_eq!(last(&world, Kind::SessionUsage)["usage"]["active_seconds"], 16.0);
}

impl World {
    /// The confirmed call ends now and the request after it has to wait.
    fn fail_tool_and_reschedule(&mut self) {
        self.result("edit", "done").unwrap();
        self.now -= 1_000;
        self.fail(retry_after(5 * SECOND)).unwrap();
    }
}

#[test]
fn times_never_go_back_even_if_the_clock_does() {
    let mut world = answered([call("bash")]);
    world.now -= 3_600 * SECOND;
    world.result("bash", "done").unwrap();
    world.answer(says([text("Hi.")])).unwrap();
    assert!(world.log.windows(2).all(|pair| pair[0].at_us <= pair[1].at_us));
    assert!(last(&world, Kind::SessionUsage)["usage"]["active_seconds"].as_f64().unwrap() >= 0.0);
}
