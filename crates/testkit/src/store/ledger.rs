//! What a store has acknowledged, kept apart from it.

use std::collections::BTreeMap;
use std::fmt;

use planaria_core::port::store::{Error, Store};
use planaria_core::{Record, SessionId};

/// Records read at a time.
const PAGE: usize = 256;

/// Every record that was acknowledged, per session.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ledger {
    acknowledged: BTreeMap<SessionId, BTreeMap<u64, Record>>,
}

/// How a store breaks its promise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// Whose log.
    pub session: SessionId,
    /// Where.
    pub seq: u64,
    /// What was found.
    pub problem: String,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} record {}: {}", self.session, self.seq, self.problem)
    }
}

impl Ledger {
    /// Notes an acknowledged append.
    ///
    /// # Panics
    /// When one of the positions was acknowledged before: the store accepted two writers.
    pub fn note(&mut self, session: SessionId, records: &[Record]) {
        let log = self.acknowledged.entry(session).or_default();
        for record in records {
            let before = log.insert(record.seq, record.clone());
            let seq = record.seq;
            assert!(before.is_none(), "{session} record {seq} was acknowledged twice");
        }
    }

    /// The acknowledged records of a session, in order.
    pub fn records(&self, session: SessionId) -> Vec<Record> {
        self.acknowledged.get(&session).into_iter().flat_map(|log| log.values().cloned()).collect()
    }

    /// How many records were acknowledged.
    pub fn len(&self) -> usize {
        self.acknowledged.values().map(BTreeMap::len).sum()
    }

    /// Whether nothing was acknowledged yet.
    pub fn is_empty(&self) -> bool {
        self.acknowledged.is_empty()
    }

    /// Compares with the store: every log is dense from 1, and what was acknowledged stands in it
    /// unchanged. Records that were never acknowledged may follow it.
    ///
    /// # Errors
    /// Those of the store; a broken promise is not an error of this but its answer.
    pub async fn compare(&self, store: &dyn Store) -> Result<Vec<Broken>, Error> {
        let mut broken = Vec::new();
        for (session, expected) in &self.acknowledged {
            let log = whole(store, *session).await?;
            let mut report = |seq, problem| broken.push(Broken { session: *session, seq, problem });
            for (position, record) in (1..).zip(&log) {
                if record.seq != position {
                    report(record.seq, format!("it stands at position {position}"));
                }
            }
            for (seq, record) in expected {
                let position = usize::try_from(seq - 1).expect("positions fit in memory");
                match log.get(position) {
                    None => report(*seq, "it was acknowledged and is gone".to_owned()),
                    Some(found) if found == record => {}
                    Some(found) => report(*seq, format!("it was {record:?} and is {found:?}")),
                }
            }
        }
        Ok(broken)
    }
}

/// A session's whole log, page by page.
///
/// # Errors
/// Those of the store.
pub async fn whole(store: &dyn Store, session: SessionId) -> Result<Vec<Record>, Error> {
    let mut log: Vec<Record> = Vec::new();
    loop {
        let page = store.read(session, log.len() as u64 + 1, PAGE).await?;
        if page.is_empty() {
            return Ok(log);
        }
        log.extend(page);
    }
}
