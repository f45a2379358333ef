//! The ports: traits behind which everything lives that is not the domain.
//!
//! They return boxed futures and streams and name no runtime, so that a driver may sit on threads,
//! on tokio, or on nothing at all (the simulated world).

pub mod env;
pub mod provider;
pub mod sandbox;
pub mod store;
pub mod tool;

use std::future::Future;
use std::pin::Pin;

/// A boxed future, as every port returns it.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;
/// A boxed stream.
pub type BoxStream<'a, T> = Pin<Box<dyn futures_core::Stream<Item = T> + Send + 'a>>;
