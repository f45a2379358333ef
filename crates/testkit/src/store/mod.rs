//! The store port: a simulated store, a ledger of what was acknowledged, and the conformance suite.
//!
//! A driver's author runs the suite against an own store in three lines; see [`conformance()`].

pub mod conformance;
mod disk;
mod layer;
mod ledger;
mod sample;
mod sim;
#[cfg(test)]
mod tests;

pub use conformance::conformance;
pub use disk::SimDisk;
pub use layer::{Layer, Layered};
pub use ledger::{Broken, Ledger, whole};
pub use sample::{record, sized, txn};
pub use sim::{Failure, Point, SimStore};
