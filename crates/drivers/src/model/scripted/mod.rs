//! The scripted model: an offline provider that plays what a file says.
//!
//! A script is a list of steps. Each says what it expects of the last results and what it answers:
//! text, calls, or both. Which step is next is a pure function of the request's messages: the
//! history is replayed through the script, and every assistant message in it must be what the
//! script says at that place. There is no counter, so nothing can be lost or doubled unseen when a
//! harness dies. Asked to sum up, the model writes down where in the script it is, and goes on from
//! there.

mod error;
mod limits;
mod memo;
mod parse;
mod provider;
mod replay;
mod template;
#[cfg(test)]
mod tests;

pub use error::ScriptError;
pub use parse::Script;
pub use provider::Scripted;
