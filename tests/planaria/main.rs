//! The real binary, real hands, real files, real kills.

mod bad_luck;
mod recovery;
mod support;
mod up;
