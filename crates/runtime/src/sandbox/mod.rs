//! Sandboxes: one actor per session that uses one, holding the connection to its hand.
//!
//! A hand is started on first use, bound durably before its first call, and found again by its
//! locator after any death on our side. A new one is started only when the old one is proved dead.

mod actor;
mod connect;
mod none;
mod sandboxes;

pub(crate) use actor::{BoundHand, SandboxActor, SandboxDeps, SandboxMsg};
pub(crate) use none::NoSandbox;
pub(crate) use sandboxes::Sandboxes;
