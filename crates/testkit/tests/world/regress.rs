//! Worlds made by hand for what went wrong once.

use std::time::Duration;

use planaria_runtime::Fault;
use planaria_testkit::sandbox::HandFaults;
use planaria_testkit::store::Point;
use planaria_testkit::world::{Break, Options, Plan, PlannedFault, Trigger, World};

/// The world of a seed with its first session alone, nothing wrong but these faults of it.
fn world(seed: u64, faults: Vec<PlannedFault>) -> World {
    let mut options = Options::new(seed);
    options.scripts.truncate(1);
    options.model_percent = 0;
    options.plan = Plan { faults, hands: vec![HandFaults::default()] };
    World::with(options)
}

/// A session died with an append in flight; its successor read the log before the append was
/// durable, and believed ever after that there was nothing to do.
#[test]
fn an_append_that_outlives_its_session_is_seen_by_the_next() {
    for hold in [Point::BeforeWrite, Point::BeforeSync, Point::BeforeAck] {
        for after in [0, 50, 100, 150, 200, 400] {
            let after = Duration::from_millis(after);
            let fault = PlannedFault {
                trigger: Trigger::Position { session: 0, seq: 1, after },
                hold: Some(hold),
                what: Break::Part { session: 0, fault: Fault::KillSession },
            };
            let report = world(1, vec![fault]).check();
            assert!(report.violations.is_empty(), "{hold:?} {after:?}\n{report}");
            assert_eq!(report.past.fired.len(), 1);
        }
    }
}
