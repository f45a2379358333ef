//! What tests of Planaria, and of programs built on it, are made of: simulated parts that can fail,
//! checkers that look from outside, and a conformance suite for every port.

pub mod rng;
pub mod store;
