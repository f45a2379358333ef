//! The persistent shell.

mod control;
mod running;
mod slot;

pub(super) use slot::{Ran, ShellSlot, Turn};
