//! What tests of Planaria, and of programs built on it, are made of: simulated parts that can fail,
//! checkers that look from outside, and a conformance suite for every port.
//!
//! Without the feature `sim` only the checkers are there, and the source of chance: what a chaos
//! run on real parts needs. The rest brings tokio's paused clock with it, which does not belong
//! into a program that serves.

pub mod check;
#[cfg(feature = "sim")]
pub mod context;
#[cfg(feature = "sim")]
pub mod env;
#[cfg(feature = "sim")]
pub mod provider;
pub mod rng;
#[cfg(feature = "sim")]
pub mod sandbox;
#[cfg(feature = "sim")]
pub mod store;
#[cfg(feature = "sim")]
pub mod tool;
#[cfg(feature = "sim")]
pub mod world;
