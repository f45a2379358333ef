//! The scripts of the example fleet, played against real files: alone, and with every call that may
//! have happened or not reported as unknown.

mod conformance;
mod tools;
mod world;

use world::{Fate, play};

/// Plays a session once undisturbed, then once for each of its calls that may be lost and each way
/// to lose it. Every time its check must pass.
fn survives(session: &str) {
    let calls = play(session, &|_| Fate::Reported).risky_calls;
    assert!(calls >= 2, "{session} has {calls} calls that can be lost");
    for lost in 0..calls {
        for fate in [Fate::NeverRan, Fate::RanUnseen] {
            play(session, &|call| if call == lost { fate } else { Fate::Reported });
        }
    }
}

#[test]
fn the_survey_is_right_whatever_call_is_lost() {
    survives("survey");
}

#[test]
fn the_repair_is_right_whatever_call_is_lost() {
    survives("repair");
}

#[test]
fn the_inventory_is_right_whatever_call_is_lost() {
    survives("inventory");
}

#[test]
fn the_digest_is_right_whatever_call_is_lost() {
    survives("digest");
}

#[test]
fn every_session_is_right_when_every_third_call_is_lost() {
    for session in ["survey", "repair", "inventory", "digest"] {
        for (first, fate) in [(0, Fate::NeverRan), (1, Fate::RanUnseen), (2, Fate::RanUnseen)] {
            play(session, &|call| if call % 3 == first { fate } else { Fate::Reported });
        }
    }
}

#[test]
fn a_call_that_runs_twice_is_seen_by_the_checks() {
    for session in ["survey", "repair", "inventory", "digest"] {
        let first_bash = |call| if call == 0 { Fate::RanTwice } else { Fate::Reported };
        let failed = std::panic::catch_unwind(|| play(session, &first_bash)).unwrap_err();
        let message = failed.downcast_ref::<String>().expect("a message");
        assert!(message.contains("check"), "{session}: {message}");
    }
}

#[test]
fn the_format_in_the_readme_is_what_is_played() {
    let readme = std::fs::read_to_string(world::example().join("README.md")).unwrap();
    let block = readme.split("```yaml\n").nth(2).unwrap().split("```").next().unwrap();
    planaria_drivers::model::Script::parse("README.md", block).unwrap_or_else(|e| panic!("{e}"));
}
