//! A harness dies after every append of whole scenarios, with or without its hands, and the next
//! one goes on. Appends are all or nothing, so between them there is nothing to die at.

mod scenarios;
mod transcript;

use planaria_core::Kind;
use planaria_core::record::payload::ToolUse;
use planaria_core::session::{OUTCOME_UNKNOWN, Status};

use crate::property::{audit, requests};
use crate::world::*;
use scenarios::{Scenario, Step};
use transcript::{as_the_client_sees_it, as_the_model_sees_it, same};

fn play(scenario: &Scenario, crash: Option<Crash>) -> Harness {
    let lifo = scenario.lifo;
    let order: Order = Box::new(move |ready| if lifo { ready - 1 } else { 0 });
    let mut harness = Harness::new(World::new(), scenario.model.clone()).order(order);
    harness.crash = crash;
    for step in &scenario.steps {
        harness.hold = None;
        match step {
            Step::Run => harness.run(),
            Step::Until(tool) => {
                harness.hold = Some(tool);
                harness.run();
            }
            Step::Send(events) => {
                let events = events(&harness.world);
                let sent = harness.command(planaria_core::session::Command::Send(events));
                sent.unwrap_or_else(|e| panic!("{}: {e}", scenario.name));
                harness.reconcile();
            }
        }
    }
    audit::check(&harness.world);
    harness.requests.iter().for_each(requests::check);
    assert!(matches!(harness.world.state.status, Status::Idle(_)), "{}", scenario.name);
    harness
}

/// How often each call was started, against what its class allows.
fn check_ledger(harness: &Harness, hands_die: bool, what: &str) {
    for record in harness.world.log.iter().filter(|r| r.kind == Kind::AgentToolUse) {
        let starts = harness.hands.starts.get(&record.id).copied().unwrap_or(0);
        let name = record.parse::<ToolUse>().unwrap().name;
        let most = if hands_die && may_run_twice(&name) { 2 } else { 1 };
        assert!(starts <= most, "{what}: {name} was started {starts} times");
    }
}

fn deaths(scenario: &Scenario, appends: usize) -> Vec<Crash> {
    let mut deaths = Vec::new();
    for after in 2..=appends {
        for moment in [Moment::Durable, Moment::Started, Moment::Ended] {
            // A call that is to be interrupted must not have ended.
            if moment == Moment::Ended && scenario.holds() {
                continue;
            }
            for hands_die in [false, true] {
                deaths.push(Crash { after, moment, hands_die });
            }
        }
    }
    deaths
}

fn survives_every_death(scenario: &Scenario) {
    let whole = play(scenario, None);
    let (client, model) = (as_the_client_sees_it(&whole.world), as_the_model_sees_it(&whole.world));
    for crash in deaths(scenario, whole.world.appends.len()) {
        let what = format!("{} {crash:?}", scenario.name);
        let harness = play(scenario, Some(crash));
        assert!(harness.crash.is_none(), "{what}: did not happen");
        check_ledger(&harness, crash.hands_die, &what);
        let unknown = harness.world.log.iter().any(|record| {
            record.kind == Kind::AgentToolResult
                && String::from_utf8_lossy(&record.payload).contains(OUTCOME_UNKNOWN)
        });
        assert!(!unknown || crash.hands_die, "{what}: unknown though its hand lived");
        if unknown && scenario.holds() {
            // The call that was to be interrupted ended with its hand: another story from there.
            continue;
        }
        same(&client, &as_the_client_sees_it(&harness.world), &what);
        same(&model, &as_the_model_sees_it(&harness.world), &what);
    }
}

#[test]
fn a_turn_with_calls_survives_every_death() {
    survives_every_death(&scenarios::calls());
}

#[test]
fn calls_that_end_in_another_order_survive_every_death() {
    survives_every_death(&scenarios::calls_backwards());
}

#[test]
fn questions_to_the_client_survive_every_death() {
    survives_every_death(&scenarios::questions());
}

#[test]
fn an_interrupted_answer_survives_every_death() {
    survives_every_death(&scenarios::interrupted_answer());
}

#[test]
fn an_interrupted_call_survives_every_death() {
    survives_every_death(&scenarios::interrupted_call());
}

#[test]
fn a_message_that_joins_a_turn_survives_every_death() {
    survives_every_death(&scenarios::steered());
}

#[test]
fn retries_hidden_and_visible_survive_every_death() {
    survives_every_death(&scenarios::retries());
}

#[test]
fn an_exhausted_turn_survives_every_death() {
    survives_every_death(&scenarios::exhausted());
}

#[test]
fn refused_calls_a_pause_and_a_refusal_survive_every_death() {
    survives_every_death(&scenarios::oddities());
}

#[test]
fn any_number_of_deaths_in_a_row_starts_no_call_twice() {
    let mut scenario = scenarios::calls();
    scenario.steps.truncate(2);
    let mut harness = Harness::new(World::new(), scenario.model.clone());
    harness.command(planaria_core::session::Command::Send(vec![message("hello")])).unwrap();
    for round in 0.. {
        harness.die([Moment::Durable, Moment::Started, Moment::Ended][round % 3], false);
        harness.die(Moment::Started, false);
        if !harness.step() {
            break;
        }
    }
    check_ledger(&harness, false, "deaths in a row");
    let whole = play(&scenario, None);
    let whole = as_the_client_sees_it(&whole.world);
    same(&whole, &as_the_client_sees_it(&harness.world), "deaths in a row");
}
