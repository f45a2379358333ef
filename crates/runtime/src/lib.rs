//! The actor tree of Planaria: journal, sessions, harnesses, sandboxes.
//!
//! The host builds a [`Runtime`] from a store, a source of time, a sandbox driver and a choice of
//! model providers. The runtime installs nothing global: no subscriber, no signal handler, no actor
//! name; several live in one process.

#[cfg(panic = "abort")]
compile_error!("supervision needs unwinding: build with panic = \"unwind\"");

mod builder;
mod error;
mod fault;
mod follow;
mod harness;
mod journal;
mod limits;
mod load;
mod node;
mod options;
mod passivate;
mod policy;
mod providers;
mod quiet;
mod registry;
mod runtime;
mod sandbox;
mod session;
mod slot;
mod tools;
mod tree;
mod view;
mod waker;

pub use builder::Builder;
pub use error::{End, Error};
pub use fault::Fault;
pub use follow::Follower;
pub use node::Node;
pub use options::Supervision;
pub use planaria_supervisor::StartError;
pub use providers::Route;
pub use runtime::{Runtime, Sent};
pub use view::{Condition, Preview, View};
