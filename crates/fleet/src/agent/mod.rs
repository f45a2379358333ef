//! Agents' files, as `ant apply` has them.

mod contract;
mod read;

pub(crate) use read::{EXTENSIONS, read};
