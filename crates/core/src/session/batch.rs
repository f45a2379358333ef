//! Records in the making, and the state as it will be when they are durable.

use bytes::Bytes;
use serde::Serialize;

use super::Stamp;
use super::evolve::evolve;
use super::state::SessionState;
use crate::id::{EventId, derive};
use crate::record::{Kind, Record, to_payload};

/// Collects the records of one decision. Each is folded into a scratch state at once, so later
/// parts of the decision see what earlier ones did.
pub(super) struct Batch<'a> {
    pub state: SessionState,
    pub stamp: &'a Stamp,
    pub records: Vec<Record>,
}

impl<'a> Batch<'a> {
    pub fn new(state: &SessionState, stamp: &'a Stamp) -> Self {
        Self { state: state.clone(), stamp, records: Vec::new() }
    }

    /// The id that the next pushed record would get.
    pub fn next_id(&self) -> EventId {
        EventId(derive(self.stamp.id_seed, b"event", self.state.seq + 1))
    }

    pub fn push(&mut self, kind: Kind, payload: &impl Serialize) -> EventId {
        let id = self.next_id();
        self.push_as(id, kind, to_payload(payload));
        id
    }

    pub fn push_empty(&mut self, kind: Kind) -> EventId {
        let id = self.next_id();
        self.push_as(id, kind, Bytes::from_static(b"{}"));
        id
    }

    pub fn push_as(&mut self, id: EventId, kind: Kind, payload: Bytes) {
        let record = Record {
            seq: self.state.seq + 1,
            id,
            at_us: self.stamp.now.max(self.state.at_us),
            kind,
            thread: 0,
            epoch: self.state.epoch,
            payload,
        };
        evolve(&mut self.state, &record);
        self.records.push(record);
    }
}
