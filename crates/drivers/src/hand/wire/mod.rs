//! The protocol between a server and a hand: a frozen hello, then frames of JSON.

pub(crate) mod frame;
pub(crate) mod hello;
mod message;

pub(crate) use message::{Answer, Ask, Body, Request, WireCall};
