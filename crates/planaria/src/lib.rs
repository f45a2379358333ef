//! Long-running AI agents that survive the death of any of their parts.
//!
//! Every session is an append-only log in a [store](port::store), owned by one actor. What must be
//! in flight (a model request, a tool call, a wait) is a function of that log, so whoever dies, the
//! next one folds the log and goes on. Tools run in processes of their own that outlive this one.
//!
//! This crate is what an embedder adds: the domain and the ports, the [`Runtime`], and the
//! [`drivers`] that come with it. Nothing global is installed, so several runtimes live in one
//! process; the `planaria` command is one such host.
//!
//! ```no_run
//! use planaria::drivers::env::SystemEnv;
//! use planaria::drivers::store::{FjallStore, Options};
//! use planaria::port::provider::Provider;
//! use planaria::Runtime;
//!
//! # async fn start(model: impl Provider + 'static) -> Result<(), Box<dyn std::error::Error>> {
//! let runtime = Runtime::builder()
//!     .store(FjallStore::open("data".as_ref(), Options::default())?)
//!     .env(SystemEnv::new())
//!     .provider(model)
//!     .start()
//!     .await?;
//! # Ok(())
//! # }
//! ```
//!
//! From there on: [`Runtime::create_session`] makes a session of an [`agent::Agent`],
//! [`Runtime::send`] gives it events and answers when they are durable, [`Runtime::idle`] waits for
//! the end of its turn, [`Runtime::follow`] reads what happens, and [`Runtime::end`] tells how the
//! runtime ended. What else a runtime can be given stands at [`Builder`]: the host's own tools, a
//! sandbox for the built-in ones, another choice of context, children of the host's own in the same
//! tree. A program that starts hands must let them run: see [`drivers::hand`].
//!
//! The repository's `examples/` show each of these in one file.
//!
//! Guarantees: what was acknowledged is there after any crash, exactly once; a tool call that may
//! have side effects is started at most once; a session that keeps failing takes no other down.
//!
//! Not here: the command line (`planaria-cli`), and what tests are made of (`planaria-testkit`).

#[cfg(doctest)]
mod docs;

// The roots of these crates are their public API; choosing again here would be a second list.
pub use planaria_core::*;
pub use planaria_runtime::*;

pub use planaria_drivers as drivers;
pub use planaria_fleet as fleet;
pub use planaria_supervisor as supervisor;
