//! The domain of Planaria: records, the session machine and the ports.
//!
//! Nothing here does I/O, reads a clock, draws a random number or is `async`: time, ids and jitter
//! come in as values, and the outside world is reached through the traits of [`port`].
//!
//! Read in this order: [`session`] (`decide`, `evolve`, `effects`), [`record`] (what the log holds
//! and how it becomes API events), [`context`] (how the log becomes a model request), [`port`].

pub mod agent;
pub mod context;
pub mod event;
pub mod id;
pub mod limits;
pub mod model;
pub mod port;
pub mod record;
pub mod session;
pub mod tool;

pub use id::{EventId, SessionId};
pub use record::{Kind, Record};
