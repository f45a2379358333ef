//! The provider port: a scripted model, a fake endpoint, and the conformance suite.

pub mod conformance;
pub mod dialect;
mod endpoint;
mod sim;
mod sketch;

pub use conformance::conformance;
pub use endpoint::{End, FakeEndpoint, Received, Reply};
pub use sim::{ASK_USER, Asked, ModelFault, REFUSE, SimModel};
pub use sketch::sketch;
