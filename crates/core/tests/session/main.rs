//! The session machine from outside: what goes in, what is recorded, what must be in flight.
//!
//! `behaviour` has one sentence per test. `kill` takes a harness, or its hands too, at every append
//! of whole scenarios. `property` lets everything happen in any order and checks what must always
//! hold.

mod behaviour;
mod kill;
mod property;
mod world;
