//! The provider of the Messages API, against an endpoint that answers byte by byte what it is told.

mod broken;
mod conformance;
mod connection;
mod cuts;
mod request;
mod secrets;
mod setup;
mod statuses;
mod support;
mod tolerance;
