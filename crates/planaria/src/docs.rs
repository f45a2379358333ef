//! The Rust of the documents, as tests.

#[doc = include_str!("../../../docs/guides/embed.md")]
mod embed {}

#[doc = include_str!("../../../docs/guides/write-a-tool.md")]
mod write_a_tool {}
