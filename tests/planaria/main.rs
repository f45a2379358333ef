//! The real binary, real hands, real files, real kills.

#![allow(clippy::disallowed_methods, reason = "tests watch real processes from threads")]

mod bad_files;
mod bad_luck;
mod chaos;
mod control;
mod docs;
mod doctor;
mod events;
mod fleet;
mod help;
mod models;
mod plan;
mod recovery;
mod support;
mod transfer;
mod tree;
mod up;
mod watch;
