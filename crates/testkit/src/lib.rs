//! What tests of Planaria, and of programs built on it, are made of: simulated parts that can fail,
//! checkers that look from outside, and a conformance suite for every port.

pub mod check;
pub mod env;
pub mod provider;
pub mod rng;
pub mod sandbox;
pub mod store;
pub mod world;
