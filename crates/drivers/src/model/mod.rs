//! Model providers.

mod anthropic;
mod scripted;
