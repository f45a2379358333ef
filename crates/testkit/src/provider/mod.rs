//! The provider port: a scripted model and the conformance suite.

pub mod conformance;
mod endpoint;
mod sim;

pub use conformance::conformance;
pub use endpoint::{End, FakeEndpoint, Received, Reply};
pub use sim::{ASK_USER, Asked, ModelFault, REFUSE, SimModel};
