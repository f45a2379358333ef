//! Records and transactions to test with.

use bytes::Bytes;
use planaria_core::port::store::Txn;
use planaria_core::{EventId, Kind, Record, SessionId};

/// A record whose content follows from where it stands, so that a wrong one is recognised.
pub fn record(session: SessionId, epoch: u64, seq: u64) -> Record {
    let payload = format!(r#"{{"content":[{{"type":"text","text":"{session} {seq}"}}]}}"#);
    sized(session, epoch, seq, Bytes::from(payload))
}

/// A record with that payload.
pub fn sized(session: SessionId, epoch: u64, seq: u64, payload: Bytes) -> Record {
    Record {
        seq,
        id: EventId(planaria_core::id::derive(session.0, b"sample", seq)),
        at_us: 1_764_000_000_000_000 + seq,
        kind: Kind::AgentMessage,
        thread: 0,
        epoch,
        payload,
    }
}

/// A transaction that appends `count` records after `expected`, and nothing else.
pub fn txn(session: SessionId, epoch: u64, expected: u64, count: u64) -> Txn {
    Txn {
        session,
        epoch,
        expected_seq: expected,
        records: (expected + 1..=expected + count).map(|seq| record(session, epoch, seq)).collect(),
        puts: Vec::new(),
        absent: Vec::new(),
        open: false,
    }
}
