//! Parts that are broken on purpose, each found by the invariant that is there for it: checkers
//! that cannot fail are no evidence.

mod hands;
mod snapshots;
mod stores;

use std::time::Duration;

use planaria_testkit::world::{INVARIANTS, Race, World};

/// Worlds that are tried until one shows the mistake.
const SEEDS: u64 = 60;

/// Whether `invariant` is broken in one of the worlds, as `mutate` makes them.
fn assert_caught_by(invariant: &str, mutate: impl Fn(World) -> World) {
    let mut others = Vec::new();
    for seed in 0..SEEDS {
        let report = mutate(World::new(seed)).check();
        if report.broken().contains(&invariant) {
            return;
        }
        others.extend(report.broken());
    }
    panic!("`{invariant}` was not broken in {SEEDS} worlds; these were: {others:?}");
}

#[test]
fn a_store_that_acknowledges_before_it_writes_is_caught() {
    assert_caught_by("acknowledged", |world| world.wrap_store(stores::early));
}

#[test]
fn a_client_whose_message_is_acknowledged_and_lost_is_heard() {
    assert_caught_by("sent", |world| world.wrap_store(stores::early));
}

#[test]
fn a_store_that_forgets_which_sessions_are_open_is_caught() {
    assert_caught_by("alive", |world| world.wrap_store(stores::forgetful));
}

#[test]
fn a_store_that_leaves_out_a_record_is_caught() {
    assert_caught_by("followed", |world| world.wrap_store(stores::skips));
}

#[test]
fn a_store_that_writes_something_else_is_caught() {
    assert_caught_by("folds", |world| world.wrap_store(stores::garbles));
}

#[test]
fn a_store_that_refuses_answers_for_nothing_is_caught() {
    assert_caught_by("spend", |world| world.wrap_store(stores::refuses));
}

#[test]
fn a_session_that_dies_under_its_clients_is_heard() {
    assert_caught_by("undisturbed", |world| world.wrap_store(stores::refuses_late));
}

#[test]
fn a_snapshot_of_another_fold_that_is_believed_is_caught() {
    assert_caught_by("shown", |world| world.wrap_store(snapshots::of_another_fold));
}

#[test]
fn a_snapshot_whose_tail_is_not_read_is_caught() {
    // A session that has lost its tail turns in circles for as long as it is let.
    assert_caught_by("shown", |world| {
        let mut options = world.options().clone();
        options.patience = Duration::from_secs(60);
        World::with(options).wrap_store(snapshots::without_tail)
    });
}

#[test]
fn a_sandbox_that_keeps_its_session_awake_is_caught() {
    // One session, whose client stops its only job before the hand is there.
    assert_caught_by("rests", |world| {
        let mut options = world.options().without_faults();
        options.scripts.truncate(1);
        options.plan.hands.truncate(1);
        options.model_percent = 0;
        options.fickle = true;
        let says = &mut options.scripts[0].says;
        says.truncate(1);
        says[0].race = Some(Race { after: Duration::from_secs(20), text: None });
        World::with(options).wrap_driver(hands::dawdles)
    });
}

#[test]
fn a_hand_that_runs_a_call_twice_is_caught() {
    assert_caught_by("at-most-once", |world| world.wrap_driver(hands::twice));
}

#[test]
fn a_hand_that_runs_what_nobody_called_for_is_caught() {
    assert_caught_by("dispatched", |world| world.wrap_driver(hands::runs_unasked));
}

#[test]
fn a_driver_that_starts_another_hand_than_it_says_is_caught() {
    assert_caught_by("dispatched", |world| world.wrap_driver(hands::renumbers));
}

#[test]
fn a_hand_that_loses_an_outcome_is_caught() {
    assert_caught_by("honest", |world| world.wrap_driver(hands::loses));
}

#[test]
fn a_hand_that_calls_a_killed_call_sealed_is_caught() {
    assert_caught_by("sealed", |world| world.wrap_driver(hands::seals));
}

#[test]
fn a_hand_that_mixes_up_its_outcomes_is_caught() {
    assert_caught_by("place", |world| world.wrap_driver(hands::mixes));
}

#[test]
fn a_hand_that_invents_an_outcome_is_caught() {
    assert_caught_by("ran", |world| world.wrap_driver(hands::invents));
}

#[test]
fn a_hand_that_tells_of_a_fault_in_its_outcomes_is_caught() {
    assert_caught_by("transcript", |world| world.wrap_driver(hands::gossips));
}

#[test]
fn a_hand_that_tells_of_the_faults_of_others_is_caught() {
    assert_caught_by("bystander", |world| world.wrap_driver(hands::gossips));
}

#[test]
fn a_driver_that_only_says_that_it_has_ended_a_hand_is_caught() {
    assert_caught_by("left", |world| world.wrap_driver(hands::spares));
}

#[test]
fn a_driver_that_says_of_a_living_hand_that_it_is_dead_is_caught() {
    assert_caught_by("replaced", |world| world.wrap_driver(hands::buries));
}

#[test]
fn every_invariant_of_a_world_is_shown_to_fail() {
    let tests = include_str!("mutants.rs");
    for (name, _) in INVARIANTS {
        assert!(tests.contains(&format!("assert_caught_by(\"{name}\"")), "nothing breaks `{name}`");
    }
}

#[test]
fn a_broken_world_shrinks_to_what_breaks_it() {
    let broken = |seed| {
        let world = World::new(seed).wrap_store(stores::early);
        let faults = world.options().plan.faults.len();
        (faults > 3 && world.check().broken().contains(&"acknowledged")).then_some(world)
    };
    let world = (0..SEEDS).find_map(broken).expect("a world with some faults is broken");
    let shrunk = world.shrunk("acknowledged");
    assert_eq!(shrunk.plan.faults.len(), 1, "{shrunk}");
    let again = World::with(shrunk).wrap_store(stores::early).check();
    assert!(again.broken().contains(&"acknowledged"), "{again}");
}
