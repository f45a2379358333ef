//! What a plan says, as a function of what is known and what is wanted.

use std::collections::BTreeSet;

use planaria_fleet::{Change, Current, Fleet, Inputs, Known, plan};

use crate::World;

const FLEET: &str = "fleet: f\nsessions:\n  last: { agent: scribe, prompt: x, after: [middle] }\n  middle: { agent: scribe, prompt: x, after: [first] }\n  first: { agent: scribe, prompt: x }\n  inbox: { agent: scribe }\n";

fn fleet(yaml: &str) -> Fleet {
    World::new(yaml).load().unwrap_or_else(|e| panic!("{e}"))
}

/// All sessions of a fleet, as if `up` had worked through them.
fn done(fleet: &Fleet) -> Current {
    let known = |session: &planaria_fleet::Session| Known {
        id: format!("sesn_{}", session.name),
        run: 1,
        begun: true,
        inputs: Some(Inputs::of(fleet, session)),
        state: "done".to_owned(),
    };
    let sessions = fleet.sessions.iter().map(|s| (s.name.clone(), known(s))).collect();
    Current { sessions }
}

fn changes(current: &Current, desired: &Fleet) -> Vec<(String, Change, String)> {
    let plan = plan(current, desired, &BTreeSet::new());
    plan.steps.into_iter().map(|step| (step.name, step.change, step.why)).collect()
}

fn named(changes: &[(String, Change, String)]) -> Vec<(&str, Change)> {
    changes.iter().map(|(name, change, _)| (name.as_str(), *change)).collect()
}

#[test]
fn what_was_done_is_not_done_again() {
    let desired = fleet(FLEET);
    let plan = plan(&done(&desired), &desired, &BTreeSet::new());
    assert!(!plan.has_changes());
    assert_eq!(plan.to_string(), "f: 4 unchanged");
    // Another directory with the same files is the same fleet.
    assert!(!changes(&done(&fleet(FLEET)), &desired).iter().any(|c| c.1 != Change::Unchanged));
}

#[test]
fn whoever_comes_after_a_changed_session_is_run_anew_as_well() {
    let before = fleet(FLEET);
    let after = fleet(
        &FLEET.replace("first: { agent: scribe, prompt: x", "first: { agent: scribe, prompt: y"),
    );
    let changes = changes(&done(&before), &after);
    use Change::{Rerun, Unchanged};
    let expected = [("last", Rerun), ("middle", Rerun), ("first", Rerun), ("inbox", Unchanged)];
    assert_eq!(named(&changes), expected);
    assert_eq!(changes[0].2, "`middle` is run anew");
    assert_eq!(changes[2].2, "prompt changed");
}

#[test]
fn a_standing_session_keeps_its_agent_unless_somebody_asks() {
    let before = fleet(FLEET);
    let world = World::new(FLEET);
    world.file("agents/scribe.md", "---\nname: Scribe\nmodel: m\n---\nOther.\n");
    let after = world.load().unwrap();
    let current = done(&before);
    let changes = changes(&current, &after);
    assert_eq!(named(&changes)[3], ("inbox", Change::Keep));
    assert!(
        changes[3].2.contains("agent changed; it keeps what it began with"),
        "{}",
        changes[3].2
    );
    let asked = BTreeSet::from(["inbox".to_owned()]);
    let asked = plan(&current, &after, &asked);
    assert_eq!(asked.steps[3].change, Change::Rerun);
}

#[test]
fn a_session_that_has_not_begun_takes_what_the_file_says() {
    let before = fleet(FLEET);
    let mut current = done(&before);
    for known in current.sessions.values_mut() {
        known.begun = false;
    }
    let after = fleet(&FLEET.replace("prompt: x }", "prompt: y }"));
    assert!(changes(&current, &after).iter().all(|c| c.1 == Change::Unchanged));
    let world = World::new(FLEET);
    world.file("agents/scribe.md", "---\nname: Scribe\nmodel: m\n---\nOther.\n");
    let changes = changes(&current, &world.load().unwrap());
    assert!(changes.iter().all(|c| c.1 == Change::Rerun), "{changes:?}");
    assert!(changes[0].2.ends_with("and it has not begun"), "{}", changes[0].2);
}

#[test]
fn a_session_that_begins_or_ceases_to_stand_is_another_one() {
    let before = fleet(FLEET);
    let after = fleet(
        &FLEET.replace("inbox: { agent: scribe", "inbox: { agent: scribe, prompt: x").replace(
            "first: { agent: scribe, prompt: x }",
            "first: { agent: scribe, prompt: x, check: \"true\" }",
        ),
    );
    let there = changes(&done(&before), &after);
    assert_eq!(named(&there)[3], ("inbox", Change::Rerun));
    assert_eq!(named(&there)[2], ("first", Change::Unchanged), "a check judges each time");
    assert_eq!(named(&changes(&done(&after), &before))[3], ("inbox", Change::Rerun));
}

#[test]
fn sessions_of_an_older_version_and_of_older_files_are_left_alone() {
    let desired = fleet(FLEET);
    let mut current = done(&desired);
    for known in current.sessions.values_mut() {
        known.inputs = None;
    }
    let forgotten = current.sessions["inbox"].clone();
    current.sessions.insert("forgotten".to_owned(), forgotten);
    let changes = changes(&current, &desired);
    assert!(changes[..4].iter().all(|c| c.1 == Change::Unchanged), "{changes:?}");
    assert_eq!(named(&changes)[4], ("forgotten", Change::Remove));
}

#[test]
fn digests_are_written_and_read_back() {
    let desired = fleet(FLEET);
    let current = done(&desired);
    let text = serde_json::to_string(&current).unwrap();
    assert_eq!(serde_json::from_str::<Current>(&text).unwrap(), current);
    assert!("a b c".parse::<Inputs>().is_err() && "x y z w".parse::<Inputs>().is_err());
}
