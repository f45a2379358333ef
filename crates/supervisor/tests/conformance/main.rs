//! OTP's rules of supervision, each as a test that is named after its id or after OTP's own case.
//!
//! Time is virtual: `idle` moves the clock on only when every task waits, so that nothing here
//! depends on how fast a machine is.

mod admin;
mod corners;
mod dynamic;
mod dynamic_corners;
mod extra;
mod intensity;
mod reports;
mod restart_failures;
mod restart_types;
mod scale;
mod significant;
mod start;
mod stop;
mod strategies;
mod stress;
mod support;
mod table;
