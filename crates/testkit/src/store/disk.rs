//! The simulated disk: what it holds, what is only on its way there, and what it does when the
//! power goes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use planaria_core::SessionId;
use planaria_core::port::store::{Error, Head, Refusal, Snapshot, Txn};
use planaria_core::record::codec;

use super::ledger::Ledger;
use crate::rng::Rng;

/// Of a hundred snapshots, so many are gone after a crash.
const SNAPSHOTS_LOST: u64 = 30;
/// Of a hundred that are left, so many are damaged.
const SNAPSHOTS_DAMAGED: u64 = 20;

/// A disk that outlives the stores on it. Clones are the same disk.
#[derive(Debug, Clone)]
pub struct SimDisk {
    platter: Arc<Mutex<Platter>>,
}

/// The contents.
#[derive(Debug)]
pub(super) struct Platter {
    rng: Rng,
    durable: Contents,
    /// Written and not yet synced: at most one group, as with every store that syncs each group.
    written: Vec<Write>,
    /// The store that has the disk open.
    pub holder: Option<u64>,
    openings: u64,
    pub ledger: Ledger,
    /// A cache, which a crash may take or damage.
    pub snapshots: BTreeMap<SessionId, Snapshot>,
}

/// What is on stable storage.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Contents {
    pub logs: BTreeMap<SessionId, Vec<Vec<u8>>>,
    pub heads: BTreeMap<SessionId, Head>,
    pub catalog: BTreeMap<Vec<u8>, Vec<u8>>,
    pub open: BTreeSet<SessionId>,
}

/// One accepted transaction, as bytes.
#[derive(Debug, Clone)]
struct Write {
    txn: Txn,
    head: Head,
    records: Vec<Vec<u8>>,
}

impl Contents {
    fn apply(&mut self, write: &Write) {
        let Write { txn, head, records } = write;
        self.logs.entry(txn.session).or_default().extend(records.iter().cloned());
        self.heads.insert(txn.session, *head);
        self.catalog.extend(txn.puts.iter().map(|put| (put.key.clone(), put.value.clone())));
        if txn.open {
            self.open.insert(txn.session);
        } else {
            self.open.remove(&txn.session);
        }
    }
}

impl SimDisk {
    /// An empty disk whose chances follow from `rng`.
    pub fn new(rng: Rng) -> Self {
        let platter = Platter {
            rng,
            durable: Contents::default(),
            written: Vec::new(),
            holder: None,
            openings: 0,
            ledger: Ledger::default(),
            snapshots: BTreeMap::new(),
        };
        Self { platter: Arc::new(Mutex::new(platter)) }
    }

    /// The power goes: the store that has the disk open is dead from now on, whatever holds it.
    /// What was not synced is lost, kept, or kept in part, transaction by transaction.
    pub fn crash(&self) {
        self.lock().crash();
    }

    /// What was acknowledged so far, by all stores that were ever on the disk.
    pub fn ledger(&self) -> Ledger {
        self.lock().ledger.clone()
    }

    /// Flips a bit of a record where it lies; says whether there is such a record.
    pub fn corrupt(&self, session: SessionId, seq: u64) -> bool {
        let mut platter = self.lock();
        let position = usize::try_from(seq).unwrap_or(usize::MAX).wrapping_sub(1);
        let log = platter.durable.logs.get_mut(&session);
        let Some(record) = log.and_then(|log| log.get_mut(position)) else { return false };
        let middle = record.len() / 2;
        record[middle] ^= 0x10;
        true
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Platter> {
        self.platter.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Platter {
    /// A new store takes the disk; its number is the shard epoch as well.
    pub fn open(&mut self) -> Result<u64, Error> {
        if self.holder.is_some() {
            let path = "the simulated disk".to_owned();
            return Err(Error::Locked { path, holder: String::new() });
        }
        // A store that was closed after a failed sync leaves a group of unknown fate.
        self.settle();
        self.openings += 1;
        self.holder = Some(self.openings);
        Ok(self.openings)
    }

    pub fn durable(&self) -> &Contents {
        &self.durable
    }

    pub fn crash(&mut self) {
        self.holder = None;
        self.settle();
        let Self { rng, snapshots, .. } = self;
        snapshots.retain(|_, _| !rng.chance(SNAPSHOTS_LOST));
        for snapshot in snapshots.values_mut().filter(|snapshot| !snapshot.bytes.is_empty()) {
            if rng.chance(SNAPSHOTS_DAMAGED) {
                let at = rng.index(snapshot.bytes.len());
                snapshot.bytes[at] ^= 0x10;
            }
        }
    }

    /// Decides what became of the group that was not synced.
    fn settle(&mut self) {
        let written = std::mem::take(&mut self.written);
        let survivors = self.rng.index(written.len() + 1);
        for write in &written[..survivors] {
            self.durable.apply(write);
        }
    }

    /// Judges a group and writes what is accepted, unsynced.
    pub fn write(&mut self, group: Vec<Txn>) -> Vec<Result<Head, Refusal>> {
        let mut after = self.durable.ends(&group);
        group
            .into_iter()
            .map(|txn| {
                let head = txn.judge(after.heads.get(&txn.session).copied())?;
                if txn.absent.iter().any(|key| after.catalog.contains(key)) {
                    return Err(Refusal::Exists);
                }
                let encode = |record| codec::encode(txn.session, record);
                let records: Result<Vec<_>, _> = txn.records.iter().map(encode).collect();
                let records = records.map_err(|e| Refusal::Malformed(e.to_string()))?;
                after.heads.insert(txn.session, head);
                after.catalog.extend(txn.puts.iter().map(|put| put.key.clone()));
                self.written.push(Write { txn, head, records });
                Ok(head)
            })
            .collect()
    }

    /// Makes durable what was written.
    pub fn sync(&mut self) {
        for write in std::mem::take(&mut self.written) {
            self.durable.apply(&write);
        }
    }

    /// Notes what is now acknowledged.
    pub fn acknowledge(&mut self, group: &[Txn], outcomes: &[Result<Head, Refusal>]) {
        for (txn, outcome) in group.iter().zip(outcomes) {
            if outcome.is_ok() {
                self.ledger.note(txn.session, &txn.records);
            }
        }
    }
}

/// What a group is judged against, without a copy of the whole disk.
struct Ends {
    heads: BTreeMap<SessionId, Head>,
    catalog: BTreeSet<Vec<u8>>,
}

impl Contents {
    fn ends(&self, group: &[Txn]) -> Ends {
        let sessions = group.iter().map(|txn| txn.session);
        let heads = sessions.filter_map(|id| Some((id, *self.heads.get(&id)?))).collect();
        let keys = group.iter().flat_map(|txn| &txn.absent);
        let catalog = keys.filter(|key| self.catalog.contains_key(*key)).cloned().collect();
        Ends { heads, catalog }
    }
}
