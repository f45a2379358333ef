//! Chat completions, as OpenAI defined them and as many others serve them: vLLM, llama.cpp, Ollama,
//! LM Studio, OpenRouter, and whatever stands at a base URL.
//!
//! [`request`] and [`messages`] translate a request, which has the Messages API's shape;
//! [`decoder`] turns the chunks of the stream into deltas and the answer, and is patient with what
//! servers make of the protocol. What lies between them is the same for every dialect: see
//! [`http`](super::http), with its guarantees.
//!
//! What gets lost on the way there:
//! * thinking: no field takes it back;
//! * the place of a text among calls: a message has one text and then its calls;
//! * images and documents in a call's result: only text may stand there, so a note does, and they
//!   follow in a user message;
//! * PDF documents, where the endpoint is not known to take them
//!   ([`OpenAiOptions::documents`]): a note stands in their place.
//!
//! And back: thinking has no signature, so it is kept in the log and not sent again.

mod calls;
mod chunk;
mod client;
mod decoder;
mod limits;
mod media;
mod messages;
mod options;
mod request;
mod usage;

pub use client::OpenAi;
pub use options::{OpenAiOptions, TokenLimit};
