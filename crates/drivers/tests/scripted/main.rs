//! The scripts of the example fleet, played against real files: alone, and with each call reported
//! as unknown, whether it ran or not.

mod conformance;
mod tools;
mod world;

use world::{Fate, play};

/// Plays a session once undisturbed, then once for each of its calls and each way to lose it. Every
/// time its check must pass.
fn survives(session: &str) {
    let calls = play(session, &|_| Fate::Reported).calls;
    assert!(calls >= 5, "{session} makes {calls} calls only");
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
fn every_session_is_right_when_every_seventh_call_is_lost() {
    for session in ["survey", "repair", "inventory", "digest"] {
        for (first, fate) in [(0, Fate::NeverRan), (3, Fate::RanUnseen), (5, Fate::NeverRan)] {
            play(session, &|call| if call % 7 == first { fate } else { Fate::Reported });
        }
    }
}

#[test]
fn calls_that_run_twice_are_seen() {
    for session in ["survey", "repair", "inventory", "digest"] {
        let seen = std::panic::catch_unwind(|| play(session, &|_| Fate::RanTwice)).is_err();
        assert!(seen, "{session} does not notice");
    }
}

#[test]
fn the_format_in_the_readme_is_what_is_played() {
    let readme = std::fs::read_to_string(world::example().join("README.md")).unwrap();
    let block = readme.split("```yaml\n").nth(2).unwrap().split("```").next().unwrap();
    planaria_drivers::model::Script::parse("README.md", block).unwrap_or_else(|e| panic!("{e}"));
}
