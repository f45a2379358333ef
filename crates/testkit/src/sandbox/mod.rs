//! The sandbox port: simulated hands and the conformance suite.

pub mod conformance;
mod sim;

pub use sim::{CallFault, Cause, Death, HandFaults, Run, SimHands};
