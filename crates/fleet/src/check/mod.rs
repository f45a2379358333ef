//! From what is written to what is meant: names, references, times, secrets.

mod agents;
mod cycle;
mod environments;
mod models;
mod names;
mod prompt;
mod providers;
mod sessions;
mod supervision;

pub(crate) use agents::agents;
pub(crate) use environments::environments;
pub(crate) use models::Models;
pub(crate) use names::check_name;
pub(crate) use providers::{DRIVERS, check_chosen, providers};
pub(crate) use sessions::{Sessions, sessions};
pub(crate) use supervision::supervision;
