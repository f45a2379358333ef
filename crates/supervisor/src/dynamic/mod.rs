//! The dynamic supervisor: children that are all alike, started one by one from a template (OTP's
//! `simple_one_for_one`). Starts, restarts and stops of different children do not wait for each
//! other.

mod actor;
mod children;
mod exits;
mod handle;
mod requests;
mod spec;
mod stop;

pub(crate) use actor::start;
pub use handle::DynamicRef;
pub use spec::{DynamicSpec, Template};
