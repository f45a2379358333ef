//! The static supervisor: children in order.
//!
//! One operation is under way at a time: a start, a stop, or none. Both run beside the mailbox and
//! come back as messages, so requests and deaths are heard meanwhile and wait in a queue of their
//! own.

mod actor;
mod exits;
mod family;
mod handle;
mod operations;
mod place;
mod requests;
mod start;
mod stop;

pub(crate) use family::Key;
pub use handle::{Child, Count, Handle, SupervisorRef};
pub(crate) use place::{Place, living_of, put};
pub use start::{start, start_nested};
