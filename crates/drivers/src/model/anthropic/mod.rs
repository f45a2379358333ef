//! The Anthropic Messages API, and every endpoint that speaks it.
//!
//! One request is one POST whose answer streams back as server-sent events: [`request`] makes the
//! body, [`client`] sends it, [`status`] reads a refusal, [`stream`] and [`decoder`] turn events
//! into deltas and the answer.
//!
//! Guarantees: the key is in one header and nowhere else, whatever an endpoint echoes; a stream
//! yields one answer or one error; what arrives is bounded before it is kept. Dropping the stream
//! closes the connection.
//!
//! Not here: retries and redirects (a retry that the log does not know about spends money that
//! nobody sees), the watch for silence (the harness has it), limits of rate.

mod block;
mod client;
mod decoder;
mod event;
mod gate;
mod key;
mod limits;
mod options;
mod request;
mod retry_after;
mod status;
mod stream;
mod tls;

pub use client::Anthropic;
pub use options::{AnthropicOptions, AnthropicSetupError};
