//! Stores in front of other stores: to watch them, or to break their promises.

use planaria_core::port::BoxFuture;
use planaria_core::port::store::{Error, Head, Put, Refusal, Snapshot, Store, Txn};
use planaria_core::{Record, SessionId};

/// A store in front of another one. What it does not see to itself goes to the one behind it.
pub trait Layer: Send + Sync {
    /// The store behind.
    fn behind(&self) -> &dyn Store;

    /// See [`Store::commit`].
    fn commit(&self, group: Vec<Txn>) -> BoxFuture<'_, Result<Vec<Result<Head, Refusal>>, Error>> {
        self.behind().commit(group)
    }

    /// See [`Store::read`].
    fn read(
        &self,
        session: SessionId,
        from: u64,
        max: usize,
    ) -> BoxFuture<'_, Result<Vec<Record>, Error>> {
        self.behind().read(session, from, max)
    }

    /// See [`Store::open_sessions`].
    fn open_sessions(&self) -> BoxFuture<'_, Result<Vec<SessionId>, Error>> {
        self.behind().open_sessions()
    }

    /// See [`Store::save_snapshot`].
    fn save_snapshot(
        &self,
        session: SessionId,
        seq: u64,
        bytes: Vec<u8>,
    ) -> BoxFuture<'_, Result<(), Error>> {
        self.behind().save_snapshot(session, seq, bytes)
    }

    /// See [`Store::snapshot`].
    fn snapshot(&self, session: SessionId) -> BoxFuture<'_, Result<Option<Snapshot>, Error>> {
        self.behind().snapshot(session)
    }

    /// See [`Store::close`].
    fn close(&self) -> BoxFuture<'_, ()> {
        self.behind().close()
    }
}

/// A [`Layer`] as a store.
pub struct Layered<L>(pub L);

impl<L: Layer> Store for Layered<L> {
    fn commit(&self, group: Vec<Txn>) -> BoxFuture<'_, Result<Vec<Result<Head, Refusal>>, Error>> {
        self.0.commit(group)
    }

    fn read(
        &self,
        session: SessionId,
        from: u64,
        max: usize,
    ) -> BoxFuture<'_, Result<Vec<Record>, Error>> {
        self.0.read(session, from, max)
    }

    fn head(&self, session: SessionId) -> BoxFuture<'_, Result<Option<Head>, Error>> {
        self.0.behind().head(session)
    }

    fn get(&self, key: Vec<u8>) -> BoxFuture<'_, Result<Option<Vec<u8>>, Error>> {
        self.0.behind().get(key)
    }

    fn scan(&self, prefix: Vec<u8>, max: usize) -> BoxFuture<'_, Result<Vec<Put>, Error>> {
        self.0.behind().scan(prefix, max)
    }

    fn open_sessions(&self) -> BoxFuture<'_, Result<Vec<SessionId>, Error>> {
        self.0.open_sessions()
    }

    fn save_snapshot(
        &self,
        session: SessionId,
        seq: u64,
        bytes: Vec<u8>,
    ) -> BoxFuture<'_, Result<(), Error>> {
        self.0.save_snapshot(session, seq, bytes)
    }

    fn snapshot(&self, session: SessionId) -> BoxFuture<'_, Result<Option<Snapshot>, Error>> {
        self.0.snapshot(session)
    }

    fn next_epoch(&self) -> u64 {
        self.0.behind().next_epoch()
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        self.0.close()
    }
}
