//! Sandbox drivers: they start hands and find them again.

mod client;
mod limits;
mod local;
mod remains;
mod start;

pub use local::{LocalDriver, LocalOptions};
