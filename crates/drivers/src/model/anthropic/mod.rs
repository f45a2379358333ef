//! The Anthropic Messages API, and every endpoint that speaks it.
//!
//! [`request`] makes the body, with the [`cache`]'s breakpoints in it; [`decoder`] turns the events
//! of the stream into deltas and the answer. What lies between them is the same for every dialect:
//! see [`http`](super::http), with its guarantees.

mod block;
mod cache;
mod client;
mod decoder;
mod event;
mod options;
mod request;

pub use client::Anthropic;
pub use options::AnthropicOptions;
