//! A store under observation: what it acknowledges is noted outside of it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use planaria_core::port::BoxFuture;
use planaria_core::port::store::{Error, Head, Refusal, Snapshot, Store, Txn};
use planaria_core::record::codec;
use planaria_core::{Record, SessionId};
use tokio::sync::Notify;
use tokio::sync::futures::Notified;

use super::trace::Trace;
use crate::env::SimClock;
use crate::store::Layer;

/// Everything that stores of one world have acknowledged, in order. Clones are the same book.
#[derive(Debug, Clone, Default)]
pub(super) struct Acknowledged {
    book: Arc<Book>,
}

#[derive(Debug, Default)]
struct Book {
    records: Mutex<BTreeMap<SessionId, Vec<Record>>>,
    /// Snapshots that were kept, and those that were found again.
    kept: AtomicU64,
    found: AtomicU64,
    /// Wakes those who wait in the order in which they came, which a watch channel would not.
    more: Notify,
}

impl Acknowledged {
    pub fn records(&self) -> BTreeMap<SessionId, Vec<Record>> {
        self.book().clone()
    }

    /// The next acknowledgement of any session. Those that come before this is awaited count.
    pub fn more(&self) -> Notified<'_> {
        self.book.more.notified()
    }

    /// How many snapshots were kept, and how many found.
    pub fn snapshots(&self) -> (u64, u64) {
        (self.book.kept.load(Ordering::Relaxed), self.book.found.load(Ordering::Relaxed))
    }

    /// Waits until a position of a session was acknowledged.
    pub async fn reached(&self, session: SessionId, seq: u64) {
        loop {
            let more = self.more();
            let last = self.book().get(&session).and_then(|log| log.last()).map_or(0, |r| r.seq);
            if last >= seq {
                return;
            }
            more.await;
        }
    }

    fn book(&self) -> MutexGuard<'_, BTreeMap<SessionId, Vec<Record>>> {
        self.book.records.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, txn: &Txn) {
        self.book().entry(txn.session).or_default().extend(txn.records.iter().cloned());
        self.book.more.notify_waiters();
    }
}

/// The outermost layer around a world's store.
pub(super) struct Observed {
    pub inner: Arc<dyn Store>,
    pub acknowledged: Acknowledged,
    pub clock: SimClock,
    pub trace: Trace,
    /// Names of sessions in the trace.
    pub names: Arc<BTreeMap<SessionId, String>>,
}

impl Observed {
    fn note(&self, txn: &Txn) {
        self.acknowledged.note(txn);
        let name = self.names.get(&txn.session).map(String::as_str).unwrap_or("unknown");
        for record in &txn.records {
            let bytes = codec::encode(txn.session, record).unwrap_or_default();
            let crc = bytes.last_chunk::<4>().copied().map(u32::from_le_bytes).unwrap_or_default();
            let kind = record.kind.name();
            let line = format!("{name} {} {kind} epoch {} {crc:08x}", record.seq, record.epoch);
            self.trace.note(self.clock.now(), line);
        }
    }
}

impl Layer for Observed {
    fn behind(&self) -> &dyn Store {
        self.inner.as_ref()
    }

    fn commit(&self, group: Vec<Txn>) -> BoxFuture<'_, Result<Vec<Result<Head, Refusal>>, Error>> {
        Box::pin(async move {
            let outcomes = self.inner.commit(group.clone()).await?;
            for (txn, outcome) in group.iter().zip(&outcomes) {
                match outcome {
                    Ok(_) => self.note(txn),
                    Err(refusal) => {
                        let line = format!("{} refused: {refusal}", txn.session);
                        self.trace.note(self.clock.now(), line);
                    }
                }
            }
            Ok(outcomes)
        })
    }

    fn save_snapshot(
        &self,
        session: SessionId,
        seq: u64,
        bytes: Vec<u8>,
    ) -> BoxFuture<'_, Result<(), Error>> {
        self.acknowledged.book.kept.fetch_add(1, Ordering::Relaxed);
        self.inner.save_snapshot(session, seq, bytes)
    }

    fn snapshot(&self, session: SessionId) -> BoxFuture<'_, Result<Option<Snapshot>, Error>> {
        Box::pin(async move {
            let snapshot = self.inner.snapshot(session).await?;
            let found = u64::from(snapshot.is_some());
            self.acknowledged.book.found.fetch_add(found, Ordering::Relaxed);
            Ok(snapshot)
        })
    }
}
