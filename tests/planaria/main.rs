//! The real binary, real hands, real files, real kills.

#![allow(clippy::disallowed_methods, reason = "tests watch real processes from threads")]

mod bad_files;
mod bad_luck;
mod fleet;
mod models;
mod plan;
mod recovery;
mod support;
mod up;
mod watch;
