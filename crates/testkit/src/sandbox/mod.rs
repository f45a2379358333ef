//! The sandbox port: simulated hands and the conformance suite.

mod sim;

pub use sim::{CallFault, Cause, Death, HandFaults, Run, SimHands};
