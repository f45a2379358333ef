//! The simulated world: a whole runtime in one thread under paused time, clients that talk to it,
//! and everything that can go wrong, all of it a function of one seed.
//!
//! ```
//! # use planaria_testkit::world::World;
//! let report = World::new(7).check();
//! assert!(report.violations.is_empty(), "{report}");
//! ```
//! A world is run twice, with its faults and without, and judged from outside: by the logs, by what
//! the store acknowledged, by what the clients heard, and by what the hands were seen to do.

mod breaker;
mod client;
mod judge;
mod life;
mod limits;
mod normal;
mod observed;
mod options;
mod past;
mod plan;
mod report;
mod shrink;
mod trace;
mod verdict;
mod workload;

use std::sync::Arc;

use planaria_core::port::sandbox::Driver;
use planaria_core::port::store::Store;

pub use client::Memory;
pub use judge::INVARIANTS;
pub use options::Options;
pub use past::Past;
pub use plan::{Break, Plan, PlannedFault, Trigger};
pub use report::{Coverage, Report};
pub use trace::Trace;
pub use workload::{Race, Say, Script};

use crate::sandbox::SimHands;
use crate::store::SimStore;

/// A world that can be run, again and again, with the same history each time.
pub struct World {
    options: Options,
    wrap_store: Box<life::WrapStore>,
    wrap_driver: Box<life::WrapDriver>,
}

impl World {
    /// The world of a seed.
    pub fn new(seed: u64) -> Self {
        Self::with(Options::new(seed))
    }

    /// A world of one's own making.
    pub fn with(options: Options) -> Self {
        Self {
            options,
            wrap_store: Box::new(|store| store),
            wrap_driver: Box::new(|hands| Arc::new(hands)),
        }
    }

    /// Puts something around the store of every server, to see what the checkers say.
    #[must_use]
    pub fn wrap_store(mut self, wrap: impl Fn(Arc<SimStore>) -> Arc<dyn Store> + 'static) -> Self {
        self.wrap_store = Box::new(wrap);
        self
    }

    /// Puts something around the hands, to see what the checkers say.
    #[must_use]
    pub fn wrap_driver(mut self, wrap: impl Fn(SimHands) -> Arc<dyn Driver> + 'static) -> Self {
        self.wrap_driver = Box::new(wrap);
        self
    }

    /// What its seed means.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// Runs it once, with its faults.
    pub fn run(&self) -> Past {
        past::run(self.options.clone(), &self.wrap_store, &self.wrap_driver)
    }

    /// Runs it with its faults and without, and judges what happened.
    pub fn check(&self) -> Report {
        self.check_with(self.options.clone())
    }

    /// The same world with as little in it as still breaks `invariant`: faults that are not needed
    /// are left out one after the other. What is left may be less than what happened, never more.
    pub fn shrunk(&self, invariant: &str) -> Options {
        shrink::shrink(self.options.clone(), |options| {
            self.check_with(options.clone()).broken().contains(&invariant)
        })
    }

    fn check_with(&self, options: Options) -> Report {
        let calm = options.without_faults();
        let past = past::run(options, &self.wrap_store, &self.wrap_driver);
        let calm = past::run(calm, &self.wrap_store, &self.wrap_driver);
        let violations = judge::judge(&past, &calm);
        Report::new(past, violations)
    }
}
