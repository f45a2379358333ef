//! Agents' files, as `ant apply` has them.

mod read;

pub(crate) use read::read;
