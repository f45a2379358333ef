//! Snapshots on their way to the database.
//!
//! A snapshot is a cache and nobody waits for it, but its batch goes through the same journal as
//! the records. Two batches that are not synced at the same time would look like damage after a
//! power cut if only the later one had reached the disk, so snapshots are gathered here and written
//! together, in one batch with a sync of its own.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use fjall::OwnedWriteBatch;
use planaria_core::SessionId;

use super::limits::{SNAPSHOTS_EVERY, SNAPSHOTS_WAITING_BYTES};
use super::tables::Tables;

/// The last snapshot of each session that has not been written yet.
#[derive(Debug, Default)]
pub(super) struct Snapshots {
    waiting: BTreeMap<SessionId, Vec<u8>>,
    bytes: usize,
    since: Option<Instant>,
}

impl Snapshots {
    #[allow(clippy::disallowed_methods, reason = "the commit thread is the outside")]
    pub fn add(&mut self, session: SessionId, value: Vec<u8>) {
        self.bytes += value.len();
        if let Some(before) = self.waiting.insert(session, value) {
            self.bytes -= before.len();
        }
        self.since.get_or_insert_with(Instant::now);
    }

    /// How long until they are due; `None` while there are none.
    pub fn due_in(&self) -> Option<Duration> {
        let wait = SNAPSHOTS_EVERY.saturating_sub(self.since?.elapsed());
        Some(if self.bytes >= SNAPSHOTS_WAITING_BYTES { Duration::ZERO } else { wait })
    }

    /// Moves them into a batch; `None` if there are none.
    pub fn fill(&mut self, tables: &Tables) -> Option<OwnedWriteBatch> {
        let waiting = std::mem::take(self).waiting;
        let mut batch = (!waiting.is_empty()).then(|| tables.batch(waiting.len()))?;
        for (session, value) in waiting {
            batch.insert(&tables.snapshots, session.to_bytes(), value);
        }
        Some(batch)
    }
}
