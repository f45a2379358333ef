//! Adapters of the ports of Planaria: stores, model providers, sandboxes, time.
//!
//! Each driver is one slice; none sees the runtime. What blocks, reads clocks or starts processes
//! lives here and nowhere else.

#![allow(
    clippy::disallowed_methods,
    reason = "drivers are the outside: clocks, threads, processes"
)]

pub mod env;
pub mod hand;
pub mod model;
pub mod sandbox;
pub mod store;
