//! The commit thread: the one writer, and the place where compare-and-append is decided.
//!
//! A group is judged, written as one batch and synced once, and only then answered and seen by
//! readers. After a failed write or sync nothing more is accepted: the kernel drops pages that it
//! could not write and calls the next sync a success.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::thread::JoinHandle;

use fjall::{OwnedWriteBatch, PersistMode};
use planaria_core::SessionId;
use planaria_core::port::store::{Error, Head, Refusal, Txn};
use tokio::sync::{oneshot, watch};

use super::error;
use super::fault::{Fault, Faults};
use super::group::Group;
use super::heads::Heads;
use super::health::Health;
use super::high_water::HighWater;
use super::layout::{Layout, replace, sync_names};
use super::lock::Lock;
use super::queue::{Queue, Queued};
use super::reader::Job;
use super::snapshots::Snapshots;
use super::tables::Tables;

/// What became of a group.
pub(super) type Outcomes = Result<Vec<Result<Head, Refusal>>, Error>;

/// An order to the commit thread.
pub(super) enum Order {
    Commit {
        group: Vec<Txn>,
        reply: oneshot::Sender<Outcomes>,
    },
    /// Keep a snapshot: when there is time, and without a word.
    Snapshot {
        session: SessionId,
        value: Vec<u8>,
    },
    Stop,
}

/// The reading threads, which must have let go of the database before it can be closed.
pub(super) struct Readers {
    pub queue: Queue<Job>,
    pub threads: Vec<JoinHandle<()>>,
}

/// The state of the commit thread.
pub(super) struct Writer {
    pub layout: Layout,
    pub tables: Tables,
    pub heads: Heads,
    pub high_water: HighWater,
    pub snapshots: Snapshots,
    pub health: Arc<Health>,
    pub faults: Faults,
    pub readers: Readers,
    pub lock: Lock,
    /// Told when everything is released.
    pub done: watch::Sender<bool>,
}

impl Writer {
    /// Serves until it is told to stop or nobody can ask any more, then closes the store.
    pub fn run(mut self, orders: Receiver<Queued<Order>>) {
        loop {
            let due = [self.high_water.due_in(), self.snapshots.due_in()];
            let order = match due.into_iter().flatten().min() {
                Some(wait) => orders.recv_timeout(wait),
                None => orders.recv().map_err(|_| RecvTimeoutError::Disconnected),
            };
            match order.map(|queued| queued.request) {
                Ok(Order::Commit { group, reply }) => {
                    // A caller that has gone will read its log.
                    let _ = reply.send(self.commit(group));
                }
                Ok(Order::Snapshot { session, value }) => self.snapshots.add(session, value),
                Ok(Order::Stop) | Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => {}
            }
            // After the answer, so that the mark's sync is not in its way.
            if self.high_water.due_in().is_some_and(|wait| wait.is_zero()) {
                self.high_water.write(self.tables.last_batch());
            }
            if self.snapshots.due_in().is_some_and(|wait| wait.is_zero()) {
                self.write_snapshots();
            }
        }
        // Whoever is still in the queue learns from its reply being dropped.
        drop(orders);
        self.close();
    }

    fn commit(&mut self, txns: Vec<Txn>) -> Outcomes {
        self.health.check()?;
        self.attempt("a group", |writer| writer.try_commit(txns))
    }

    /// A journal that failed a snapshot would fail a record, or has it behind a torn batch.
    fn write_snapshots(&mut self) {
        let batch = self.snapshots.fill(&self.tables);
        if let (Some(batch), Ok(())) = (batch, self.health.check()) {
            let _ = self.attempt("snapshots", |writer| {
                writer.write(batch).map_err(|e| error::committing(writer.layout.root(), &e))
            });
        }
    }

    /// Does what must not be done again after it has failed.
    fn attempt<T>(
        &mut self,
        what: &str,
        write: impl FnOnce(&mut Self) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let attempt = catch_unwind(AssertUnwindSafe(|| write(self)));
        let result =
            attempt.unwrap_or_else(|panic| Err(Error::Poisoned(error::panic_text(panic.as_ref()))));
        if let Err(cause) = &result {
            tracing::error!(%cause, "{what} could not be made durable");
            self.health.poison(cause);
        }
        result
    }

    fn try_commit(&mut self, txns: Vec<Txn>) -> Outcomes {
        let mut group = Group::for_txns(txns.len());
        let outcomes =
            txns.into_iter().map(|txn| group.add(txn, &mut self.heads, &self.tables)).collect();
        if !group.is_empty() {
            let batch = group.fill(&self.tables);
            self.write(batch).map_err(|e| error::committing(self.layout.root(), &e))?;
            group.publish(&mut self.heads);
            self.high_water.committed();
        }
        Ok(outcomes)
    }

    fn write(&self, batch: OwnedWriteBatch) -> Result<(), fjall::Error> {
        match self.faults.take() {
            None => batch.commit(),
            Some(Fault::Append(kind)) => Err(io::Error::from(kind).into()),
            Some(Fault::Sync(kind)) => {
                batch.durability(Some(PersistMode::Buffer)).commit()?;
                Err(io::Error::from(kind).into())
            }
        }
    }

    /// Ends everything in an order that lets the next process find a clean store: the readers, the
    /// mark, the database, the marker, the lock.
    fn close(mut self) {
        self.write_snapshots();
        let Readers { queue, threads } = self.readers;
        for _ in &threads {
            // A reader that has gone needs no order.
            let _ = queue.stop(Job::Stop);
        }
        for thread in threads {
            // Its panics are caught where its jobs run.
            let _ = thread.join();
        }
        let clean = !self.health.is_poisoned();
        self.health.close();
        if clean {
            self.high_water.write(self.tables.last_batch());
        }
        let closed = catch_unwind(AssertUnwindSafe(|| drop(self.tables))).is_ok();
        if clean && closed {
            let marked =
                replace(&self.layout.clean(), b"").and_then(|()| sync_names(self.layout.root()));
            if let Err(error) = marked {
                tracing::warn!(%error, "the orderly end was not marked; the next start takes longer");
            }
        }
        drop(self.lock);
        self.done.send_replace(true);
    }
}
