//! What every provider at an HTTP endpoint needs, whatever dialect it speaks: one POST whose answer
//! streams back as server-sent events.
//!
//! [`Target`] checks the base URL, [`Endpoint`] sends a request, [`status`] and [`Refusal`] read
//! what comes instead of an answer, and [`deltas`](stream::deltas) feeds the events to the
//! dialect's [`Decode`].
//!
//! Guarantees: the key is in one header and nowhere else, whatever an endpoint echoes; it goes to
//! the configured place only, as redirects are refused; a stream yields one answer or one error;
//! what arrives is bounded before it is kept. Dropping the stream closes the connection.
//!
//! Not here: retries and redirects (a retry that the log does not know about spends money that
//! nobody sees), the watch for silence (the harness has it), limits of rate.

mod class;
mod endpoint;
mod error;
mod gate;
mod key;
mod limits;
mod refusal;
mod retry_after;
mod status;
mod stream;
mod target;
mod tls;

pub(super) use endpoint::{Endpoint, Settings};
pub use error::SetupError;
pub(super) use key::Key;
pub(super) use limits::{CONNECT_WAIT, HEADER_WAIT, TOKENS_MAX};
pub(super) use refusal::Refusal;
pub(super) use stream::{Decode, Fault};
pub(super) use target::{Route, Target, shown};
