//! Many worlds, and no broken invariant in any of them.

use std::panic::{AssertUnwindSafe, catch_unwind};

use planaria_testkit::world::{Coverage, World};

/// Worlds in which everything that can happen must happen, in shares that run at the same time.
const SEEDS: u64 = 200;
const SHARES: u64 = 4;

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
                "seed {seed} panics: PLANARIA_SEED={seed} cargo test -p planaria-testkit \
                 --test world one_seed -- --nocapture\n"
            )),
        }
    }
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
        "fail-write",
        "fail-sync",
        "fill-disk",
        "flip-bit",
        "held BeforeWrite",
        "held BeforeSync",
        "held BeforeAck",
        "server started again",
        "snapshot kept",
        "snapshot found",
        "hand Fault",
        "hand Destroyed",
        "hand Crashed",
        "hand Retired",
        "agent.thread_context_compacted",
        "model TooLong",
        "model Overloaded",
        "model Broken",
        "destroy failed",
        "outcome unknown",
        "claim",
        "session.parked",
        "parked with a running call",
        "user.interrupt",
        "user.tool_confirmation",
        "user.custom_tool_result",
    ];
    for what in must {
        assert!(coverage.of(what) > 0, "`{what}` never happened\n{coverage}");
    }
}

#[test]
fn no_invariant_is_broken_in_two_hundred_worlds_and_everything_happens_in_them() {
    let share = SEEDS / SHARES;
    let mut coverage = Coverage::default();
    std::thread::scope(|scope| {
        let hold = |nth| scope.spawn(move || hold(nth * share..(nth + 1) * share));
        let shares: Vec<_> = (0..SHARES).map(hold).collect();
        for share in shares {
            match share.join() {
                Ok(happened) => coverage.add_all(&happened),
                Err(failed) => std::panic::resume_unwind(failed),
            }
        }
    });
    println!("{coverage}");
    happened(&coverage);
}

/// `PLANARIA_WORLDS` more of them, for those who have the time; none unless it is set.
#[test]
fn no_invariant_is_broken_in_as_many_more_worlds_as_are_asked_for() {
    let more = std::env::var("PLANARIA_WORLDS").unwrap_or_else(|_| "0".to_owned());
    let more: u64 = more.parse().expect("PLANARIA_WORLDS is a number");
    println!("{}", hold(SEEDS..SEEDS + more));
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
