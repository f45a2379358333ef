//! Stores that break their promises.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use planaria_core::port::BoxFuture;
use planaria_core::port::store::{Error, Head, Refusal, Store, Txn};
use planaria_core::{Kind, Record, SessionId};
use planaria_testkit::store::{Layer, Layered, SimStore};
use tokio::sync::Mutex;

/// Acknowledges a group when it has it in memory, and writes it when the next one comes.
pub fn early(inner: Arc<SimStore>) -> Arc<dyn Store> {
    Arc::new(Layered(Early { inner, pending: Mutex::default() }))
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

impl Layer for Early {
    fn behind(&self) -> &dyn Store {
        self.inner.as_ref()
    }

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

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            let mut pending = self.pending.lock().await;
            // What cannot be written any more was acknowledged all the same.
            let _ = self.flush(&mut pending).await;
            self.inner.close().await;
        })
    }
}

/// How long a late refusal takes.
const LATE: Duration = Duration::from_secs(2);

/// What is wrong with a store that has nothing to remember but a number.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mistake {
    ForgetsOpen,
    SkipsRecords,
    RefusesAnswers,
    RefusesLate,
    Garbles,
}

/// Knows of no open sessions after a start.
pub fn forgetful(inner: Arc<SimStore>) -> Arc<dyn Store> {
    wrong(inner, Mistake::ForgetsOpen)
}

/// Leaves out the first record of a short page.
pub fn skips(inner: Arc<SimStore>) -> Arc<dyn Store> {
    wrong(inner, Mistake::SkipsRecords)
}

/// Refuses every third answer of a model, as if somebody else wrote the log.
pub fn refuses(inner: Arc<SimStore>) -> Arc<dyn Store> {
    wrong(inner, Mistake::RefusesAnswers)
}

/// The same, but only after a while, in which others have come to the session.
pub fn refuses_late(inner: Arc<SimStore>) -> Arc<dyn Store> {
    wrong(inner, Mistake::RefusesLate)
}

/// Writes something else than it was given, under a checksum that fits.
pub fn garbles(inner: Arc<SimStore>) -> Arc<dyn Store> {
    wrong(inner, Mistake::Garbles)
}

fn wrong(inner: Arc<SimStore>, mistake: Mistake) -> Arc<dyn Store> {
    Arc::new(Layered(Wrong { inner, mistake, answers: AtomicU64::new(0) }))
}

struct Wrong {
    inner: Arc<SimStore>,
    mistake: Mistake,
    answers: AtomicU64,
}

impl Wrong {
    /// Whether this is a third answer.
    fn refuses(&self, txn: &Txn) -> bool {
        let answers = txn.records.iter().any(|record| record.kind == Kind::Answer);
        matches!(self.mistake, Mistake::RefusesAnswers | Mistake::RefusesLate)
            && answers
            && self.answers.fetch_add(1, Ordering::Relaxed) % 3 == 2
    }
}

impl Layer for Wrong {
    fn behind(&self) -> &dyn Store {
        self.inner.as_ref()
    }

    fn commit(
        &self,
        mut group: Vec<Txn>,
    ) -> BoxFuture<'_, Result<Vec<Result<Head, Refusal>>, Error>> {
        let refused: Vec<bool> = group.iter().map(|txn| self.refuses(txn)).collect();
        let mut verdicts = refused.iter();
        group.retain(|_| !verdicts.next().unwrap());
        for record in group.iter_mut().flat_map(|txn| &mut txn.records) {
            if self.mistake == Mistake::Garbles && record.kind == Kind::HandBound {
                record.payload = "{}".into();
            }
        }
        Box::pin(async move {
            if self.mistake == Mistake::RefusesLate && refused.contains(&true) {
                let _ = tokio::time::timeout(LATE, std::future::pending::<()>()).await;
            }
            let mut outcomes = self.inner.commit(group).await?.into_iter();
            let refusal = || Refusal::Conflict { expected: 0, actual: 0 };
            let outcome = |refused| if refused { Err(refusal()) } else { outcomes.next().unwrap() };
            Ok(refused.into_iter().map(outcome).collect())
        })
    }

    fn read(
        &self,
        session: SessionId,
        from: u64,
        max: usize,
    ) -> BoxFuture<'_, Result<Vec<Record>, Error>> {
        Box::pin(async move {
            let mut page = self.inner.read(session, from, max).await?;
            let short = 1 < max && max < 100;
            if self.mistake == Mistake::SkipsRecords && short && page.len() > 1 {
                page.remove(0);
            }
            Ok(page)
        })
    }

    fn open_sessions(&self) -> BoxFuture<'_, Result<Vec<SessionId>, Error>> {
        if self.mistake == Mistake::ForgetsOpen {
            return Box::pin(async { Ok(Vec::new()) });
        }
        self.inner.open_sessions()
    }
}
