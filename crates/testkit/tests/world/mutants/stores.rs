//! Stores that break their promises.

use std::sync::Arc;

use planaria_core::port::BoxFuture;
use planaria_core::port::store::{Error, Head, Put, Refusal, Store, Txn};
use planaria_core::{Record, SessionId};
use planaria_testkit::store::SimStore;
use tokio::sync::Mutex;

/// Acknowledges a group when it has it in memory, and writes it when the next one comes.
pub fn early(inner: Arc<SimStore>) -> Arc<dyn Store> {
    Arc::new(Early { inner, pending: Mutex::default() })
}

struct Early {
    inner: Arc<SimStore>,
    pending: Mutex<Vec<Txn>>,
}

impl Early {
    async fn flush(&self, pending: &mut Vec<Txn>) -> Result<(), Error> {
        if !pending.is_empty() {
            self.inner.commit(std::mem::take(pending)).await?;
        }
        Ok(())
    }
}

impl Store for Early {
    fn commit(&self, group: Vec<Txn>) -> BoxFuture<'_, Result<Vec<Result<Head, Refusal>>, Error>> {
        Box::pin(async move {
            let mut pending = self.pending.lock().await;
            self.flush(&mut pending).await?;
            let mut outcomes = Vec::new();
            for txn in group {
                let last = pending.iter().rev().find(|before| before.session == txn.session);
                let head = match last.and_then(|before| before.records.last()) {
                    Some(record) => Some(Head { seq: record.seq, epoch: record.epoch }),
                    None => self.inner.head(txn.session).await?,
                };
                let outcome = txn.judge(head);
                if outcome.is_ok() {
                    pending.push(txn);
                }
                outcomes.push(outcome);
            }
            Ok(outcomes)
        })
    }

    fn read(
        &self,
        session: SessionId,
        from: u64,
        max: usize,
    ) -> BoxFuture<'_, Result<Vec<Record>, Error>> {
        Box::pin(async move {
            let pending = self.pending.lock().await;
            let mut page = self.inner.read(session, from, max).await?;
            let ours = pending.iter().filter(|txn| txn.session == session);
            page.extend(ours.flat_map(|txn| txn.records.clone()).filter(|r| r.seq >= from));
            page.truncate(max);
            Ok(page)
        })
    }

    fn head(&self, session: SessionId) -> BoxFuture<'_, Result<Option<Head>, Error>> {
        self.inner.head(session)
    }

    fn get(&self, key: Vec<u8>) -> BoxFuture<'_, Result<Option<Vec<u8>>, Error>> {
        self.inner.get(key)
    }

    fn scan(&self, prefix: Vec<u8>, max: usize) -> BoxFuture<'_, Result<Vec<Put>, Error>> {
        self.inner.scan(prefix, max)
    }

    fn open_sessions(&self) -> BoxFuture<'_, Result<Vec<SessionId>, Error>> {
        self.inner.open_sessions()
    }

    fn next_epoch(&self) -> u64 {
        self.inner.next_epoch()
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            let mut pending = self.pending.lock().await;
            // What cannot be written any more was acknowledged all the same.
            let _ = self.flush(&mut pending).await;
            self.inner.close().await;
        })
    }
}

/// Knows of no open sessions after a start.
pub fn forgetful(inner: Arc<SimStore>) -> Arc<dyn Store> {
    Arc::new(Forgetful { inner })
}

struct Forgetful {
    inner: Arc<SimStore>,
}

impl Store for Forgetful {
    fn commit(&self, group: Vec<Txn>) -> BoxFuture<'_, Result<Vec<Result<Head, Refusal>>, Error>> {
        self.inner.commit(group)
    }

    fn read(
        &self,
        session: SessionId,
        from: u64,
        max: usize,
    ) -> BoxFuture<'_, Result<Vec<Record>, Error>> {
        self.inner.read(session, from, max)
    }

    fn head(&self, session: SessionId) -> BoxFuture<'_, Result<Option<Head>, Error>> {
        self.inner.head(session)
    }

    fn get(&self, key: Vec<u8>) -> BoxFuture<'_, Result<Option<Vec<u8>>, Error>> {
        self.inner.get(key)
    }

    fn scan(&self, prefix: Vec<u8>, max: usize) -> BoxFuture<'_, Result<Vec<Put>, Error>> {
        self.inner.scan(prefix, max)
    }

    fn open_sessions(&self) -> BoxFuture<'_, Result<Vec<SessionId>, Error>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    fn next_epoch(&self) -> u64 {
        self.inner.next_epoch()
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        self.inner.close()
    }
}
