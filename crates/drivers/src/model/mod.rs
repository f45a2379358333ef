//! Model providers.

mod anthropic;
mod http;
mod input;
mod openai;
mod scripted;

pub use anthropic::{Anthropic, AnthropicOptions};
pub use http::SetupError;
pub use openai::{OpenAi, OpenAiOptions, TokenLimit};
pub use scripted::{Script, ScriptError, Scripted};
