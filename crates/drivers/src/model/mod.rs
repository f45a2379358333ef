//! Model providers.

mod anthropic;
mod scripted;

pub use anthropic::{Anthropic, AnthropicOptions, AnthropicSetupError};
pub use scripted::{Script, ScriptError, Scripted};
