//! From what is written to what is meant: names, references, times, secrets.

mod agents;
mod names;
mod prompt;
mod providers;
mod sessions;
mod supervision;

pub(crate) use agents::agents;
pub(crate) use names::check_name;
pub(crate) use providers::{DRIVERS, chosen, environments, providers};
pub(crate) use sessions::{Sessions, sessions};
pub(crate) use supervision::supervision;
