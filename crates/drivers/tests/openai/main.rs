//! The provider of chat completions, against an endpoint that answers byte by byte what it is told.

mod broken;
mod calls;
mod chance;
mod conformance;
mod cuts;
mod request;
mod secrets;
mod setup;
mod statuses;
mod support;
mod tolerance;
mod translation;
