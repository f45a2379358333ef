//! The runtime from outside: what its host sees when parts of it, or of the world, fail.

mod endings;
mod follow;
mod parking;
mod support;
mod unreadable;
mod used;
