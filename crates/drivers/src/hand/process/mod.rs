//! Processes: knowing one again, and killing all that belong together.

mod known;
mod proc_table;
mod recorded;
mod sweep;

pub(crate) use known::Process;
pub(crate) use recorded::{Recorder, read, record};
pub(crate) use sweep::{Quarry, sweep};
