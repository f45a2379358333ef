//! What the log holds. API events are a projection of it.
//!
//! A record is a small binary header and a JSON payload. Private records are for us; public ones
//! are events of the Managed Agents API, whose `id`, `type` and `processed_at` stand in the header.

pub mod codec;
mod kind;
pub mod payload;
mod project;

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::id::EventId;

pub use kind::{Kind, Visibility};
pub use project::{event_json, queued_json, timestamp};

/// One entry of a session's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Position in the session's log: dense, from 1.
    pub seq: u64,
    /// The event's id; private records have one too.
    pub id: EventId,
    /// Microseconds since the Unix epoch, never less than the record before.
    pub at_us: u64,
    /// What happened.
    pub kind: Kind,
    /// The thread it belongs to; 0 is the primary one.
    pub thread: u32,
    /// The writer's epoch.
    pub epoch: u64,
    /// JSON object: for public records the event without `id`, `type` and `processed_at`.
    pub payload: Bytes,
}

/// A payload that is not what its kind promises.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("payload of {kind} record {seq}: {problem}")]
pub struct PayloadError {
    /// The record's kind.
    pub kind: String,
    /// The record's position.
    pub seq: u64,
    /// What serde said.
    pub problem: String,
}

impl Record {
    /// The payload as `T`, which need only name the fields that its reader wants.
    ///
    /// # Errors
    /// When the payload lacks them.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, PayloadError> {
        serde_json::from_slice(&self.payload).map_err(|problem| PayloadError {
            kind: self.kind.name().into_owned(),
            seq: self.seq,
            problem: problem.to_string(),
        })
    }
}

/// A payload as bytes.
///
/// # Panics
/// When `value` cannot be JSON, which is a bug of its type.
pub fn to_payload(value: &impl Serialize) -> Bytes {
    Bytes::from(serde_json::to_vec(value).expect("payload types are plain JSON"))
}
