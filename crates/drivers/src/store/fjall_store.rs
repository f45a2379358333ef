//! The embedded store: the async face of the threads that block.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use planaria_core::port::BoxFuture;
use planaria_core::port::store::{Error, Head, Put, Refusal, Snapshot, Store, Txn};
use planaria_core::{Record, SessionId};
use tokio::sync::{oneshot, watch};

use super::fault::Faults;
use super::health::Health;
use super::open::{self, Opened};
use super::queue::Queue;
use super::reader::{self, Job};
use super::tables::Tables;
use super::writer::Order;

/// How a store is opened. The default is what production uses.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Options {
    /// Every epoch that this opening hands out, and every later one, is higher than this one. For a
    /// store that takes in a log which another store's writers have numbered.
    pub epoch_above: u64,
    /// Errors that commits meet on order.
    #[doc(hidden)]
    pub faults: Faults,
}

/// A durable store in a directory of its own, for one process at a time.
///
/// Dropping it is an orderly end too, but one that blocks; [`Store::close`] does not.
pub struct FjallStore {
    path: PathBuf,
    /// `None` only while it is dropped: the commit thread ends when nobody can give it orders.
    orders: Option<Queue<Order>>,
    jobs: Queue<Job>,
    health: Arc<Health>,
    shard_epoch: u64,
    claims: AtomicU64,
    done: watch::Receiver<bool>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl FjallStore {
    /// Opens the store in `path`, or makes one there. Blocks: it may read and rewrite a journal of
    /// up to some hundred mebibytes after an unclean stop.
    ///
    /// # Errors
    /// [`Error::NewerFormat`], [`Error::Locked`], [`Error::Damaged`] and [`Error::Full`] say what
    /// they mean; [`Error::Io`] is any other failure of the system, such as a directory that cannot
    /// be made or written. Nothing was changed then, but for a torn tail that was cut off.
    pub fn open(path: &Path, options: Options) -> Result<Self, Error> {
        let Opened { orders, jobs, health, shard_epoch, done, thread } = open::open(path, options)?;
        Ok(Self {
            path: path.to_owned(),
            orders: Some(orders),
            jobs,
            health,
            shard_epoch,
            claims: AtomicU64::new(0),
            done,
            thread: Mutex::new(Some(thread)),
        })
    }

    /// Its directory.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What to answer where a thread has let go of a request.
    fn gone(&self) -> Error {
        self.health.check().err().unwrap_or(Error::Closed)
    }

    async fn ask<T, F>(&self, what: &'static str, read: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&Tables) -> Result<T, Error> + Send + 'static,
    {
        self.health.check()?;
        let (job, answer) = reader::job(what, read);
        self.jobs.send(job).await.map_err(|_| self.gone())?;
        answer.await.unwrap_or_else(|_| Err(self.gone()))
    }

    fn join(&self) {
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        // Its panics are caught where its groups are committed.
        let _ = thread.map(JoinHandle::join);
    }
}

impl Store for FjallStore {
    fn commit(&self, group: Vec<Txn>) -> BoxFuture<'_, Result<Vec<Result<Head, Refusal>>, Error>> {
        Box::pin(async move {
            self.health.check()?;
            let (reply, answer) = oneshot::channel();
            let orders = self.orders.as_ref().expect("the store is there until it is dropped");
            orders.send(Order::Commit { group, reply }).await.map_err(|_| self.gone())?;
            answer.await.unwrap_or_else(|_| Err(self.gone()))
        })
    }

    fn read(
        &self,
        session: SessionId,
        from: u64,
        max: usize,
    ) -> BoxFuture<'_, Result<Vec<Record>, Error>> {
        Box::pin(self.ask("records", move |tables| tables.read(session, from, max)))
    }

    fn head(&self, session: SessionId) -> BoxFuture<'_, Result<Option<Head>, Error>> {
        Box::pin(self.ask("a head", move |tables| Ok(tables.end(session)?.head)))
    }

    fn get(&self, key: Vec<u8>) -> BoxFuture<'_, Result<Option<Vec<u8>>, Error>> {
        Box::pin(self.ask("the catalog", move |tables| tables.get(&key)))
    }

    fn scan(&self, prefix: Vec<u8>, max: usize) -> BoxFuture<'_, Result<Vec<Put>, Error>> {
        Box::pin(self.ask("the catalog", move |tables| tables.scan(&prefix, max)))
    }

    fn open_sessions(&self) -> BoxFuture<'_, Result<Vec<SessionId>, Error>> {
        Box::pin(self.ask("the index of open sessions", Tables::open_sessions))
    }

    fn save_snapshot(
        &self,
        session: SessionId,
        seq: u64,
        bytes: Vec<u8>,
    ) -> BoxFuture<'_, Result<(), Error>> {
        Box::pin(async move {
            self.health.check()?;
            let value = [&seq.to_be_bytes()[..], &bytes].concat();
            let orders = self.orders.as_ref().expect("the store is there until it is dropped");
            orders.send(Order::Snapshot { session, value }).await.map_err(|_| self.gone())
        })
    }

    fn snapshot(&self, session: SessionId) -> BoxFuture<'_, Result<Option<Snapshot>, Error>> {
        Box::pin(self.ask("a snapshot", move |tables| tables.snapshot(session)))
    }

    /// Shard epoch in the upper half, a counter in the lower: the first is durable before the store
    /// is there, so no two openings share one.
    fn next_epoch(&self) -> u64 {
        let claim = self.claims.fetch_add(1, Ordering::Relaxed);
        assert!(claim <= u64::from(u32::MAX), "one opening hands out at most 2^32 epochs");
        (self.shard_epoch << 32) | claim
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            let orders = self.orders.as_ref().expect("the store is there until it is dropped");
            // The thread has gone already when somebody else closed the store.
            let _ = orders.stop(Order::Stop);
            let _ = self.done.clone().wait_for(|done| *done).await;
            self.join();
        })
    }
}

impl Drop for FjallStore {
    fn drop(&mut self) {
        self.orders = None;
        self.join();
    }
}

impl std::fmt::Debug for FjallStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FjallStore").field("path", &self.path).finish_non_exhaustive()
    }
}
