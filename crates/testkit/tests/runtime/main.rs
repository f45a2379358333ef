//! The runtime from outside: what its host sees when parts of it, or of the world, fail.

mod clock;
mod context;
mod endings;
mod follow;
mod hands;
mod host;
mod interrupts;
mod parking;
mod shell;
mod sleeping;
mod strangers;
mod support;
mod unreadable;
mod used;
mod watching;
