//! Many worlds, and no broken invariant in any of them.

use std::panic::{AssertUnwindSafe, catch_unwind};

use planaria_testkit::world::{Coverage, World};

/// Worlds of one test; there are four of them, so that machines with more cores are used.
const SEEDS: u64 = 50;

/// Runs a share of the worlds and counts what happened in them.
fn worlds(share: u64) {
    happened(&hold(share * SEEDS..(share + 1) * SEEDS));
}

/// Judges worlds and says what happened in them.
fn hold(seeds: std::ops::Range<u64>) -> Coverage {
    let mut coverage = Coverage::default();
    let mut failed = Vec::new();
    let count = seeds.end - seeds.start;
    for seed in seeds {
        let checked = catch_unwind(AssertUnwindSafe(|| World::new(seed).check()));
        match checked {
            Ok(report) if report.violations.is_empty() => coverage.add(&report.past),
            Ok(report) => failed.push(report.to_string()),
            Err(_) => failed.push(format!(
                "seed {seed} panics: PLANARIA_SEED={seed} cargo test -p planaria-testkit --test world \
                 one_seed -- --nocapture\n"
            )),
        }
    }
    println!("{coverage}");
    assert!(failed.is_empty(), "{} of {count} worlds failed\n{}", failed.len(), failed.concat());
    coverage
}

/// Invariants that hold where nothing happens say nothing.
fn happened(coverage: &Coverage) {
    let must = [
        "kill-harness",
        "kill-session",
        "kill-sandbox",
        "kill-hand",
        "kill-process",
        "kill-machine",
        "stop-process",
        "held BeforeWrite",
        "held BeforeSync",
        "held BeforeAck",
        "server started again",
        "hand Fault",
        "hand Destroyed",
        "hand Crashed",
        "hand Retired",
        "model Overloaded",
        "model Broken",
        "outcome unknown",
        "claim",
        "session.parked",
        "user.interrupt",
        "user.tool_confirmation",
        "user.custom_tool_result",
    ];
    for what in must {
        assert!(coverage.of(what) > 0, "`{what}` never happened\n{coverage}");
    }
}

#[test]
fn no_invariant_is_broken_in_the_first_fifty_worlds() {
    worlds(0);
}

#[test]
fn no_invariant_is_broken_in_the_second_fifty_worlds() {
    worlds(1);
}

#[test]
fn no_invariant_is_broken_in_the_third_fifty_worlds() {
    worlds(2);
}

#[test]
fn no_invariant_is_broken_in_the_fourth_fifty_worlds() {
    worlds(3);
}

/// `PLANARIA_WORLDS` more of them, for those who have the time; none unless it is set.
#[test]
fn no_invariant_is_broken_in_as_many_more_worlds_as_are_asked_for() {
    let more = std::env::var("PLANARIA_WORLDS").unwrap_or_else(|_| "0".to_owned());
    let more: u64 = more.parse().expect("PLANARIA_WORLDS is a number");
    hold(4 * SEEDS..4 * SEEDS + more);
}

/// The world of `PLANARIA_SEED`, with its history. If something is broken in it: the least that
/// breaks it as well.
#[test]
fn one_seed() {
    let seed = std::env::var("PLANARIA_SEED").unwrap_or_else(|_| "1".to_owned());
    let seed: u64 = seed.parse().expect("PLANARIA_SEED is a number");
    let world = World::new(seed);
    println!("{}", world.options());
    let report = world.check();
    println!("{}", report.past.trace);
    let shrunk = report.broken().first().map(|invariant| world.shrunk(invariant));
    let shrunk = shrunk.map_or_else(String::new, |less| format!("as little is enough: {less}"));
    assert!(report.violations.is_empty(), "{report}{shrunk}");
}
