//! A group of transactions: judged one by one, written as one batch.

use std::collections::{BTreeMap, HashMap};

use fjall::{OwnedWriteBatch, Slice};
use planaria_core::SessionId;
use planaria_core::port::store::{Head, Refusal, Txn};
use planaria_core::record::codec;

use super::heads::{Heads, SessionEnd};
use super::tables::Tables;

/// What the accepted transactions of a group change. Each key stands here once: a key that occurs
/// twice in one batch would have two values under one batch number.
#[derive(Default)]
pub(super) struct Group {
    /// The sessions that the group appends to, in the order in which they came.
    sessions: Vec<Appended>,
    /// Where each session stands in that list.
    places: HashMap<SessionId, usize>,
    events: Vec<([u8; 24], Slice)>,
    /// Where a record is encoded before it is copied into memory of its own size.
    buffer: Vec<u8>,
    puts: BTreeMap<Vec<u8>, Vec<u8>>,
}

/// What a group does to one session.
struct Appended {
    session: SessionId,
    end: SessionEnd,
    /// Whether the session stood in the index of open sessions before the group.
    was_open: bool,
}

impl Group {
    /// An empty group with room for so many transactions.
    pub fn for_txns(count: usize) -> Self {
        Self {
            sessions: Vec::with_capacity(count),
            places: HashMap::with_capacity(count),
            // Most have one record.
            events: Vec::with_capacity(count),
            buffer: Vec::new(),
            puts: BTreeMap::new(),
        }
    }

    /// Judges a transaction behind those that were accepted before it, and takes it in.
    pub fn add(&mut self, txn: Txn, heads: &mut Heads, tables: &Tables) -> Result<Head, Refusal> {
        let place = self.places.get(&txn.session).copied();
        let end = match place {
            Some(place) => self.sessions[place].end,
            None => end_of(txn.session, heads, tables)?,
        };
        let head = txn.judge(end.head)?;
        for key in &txn.absent {
            let there = tables.get(key).map_err(|e| Refusal::Unreadable(e.to_string()))?.is_some();
            if there || self.puts.contains_key(key) {
                return Err(Refusal::Exists);
            }
        }
        let accepted = self.events.len();
        for record in &txn.records {
            if let Err(error) = codec::encode_into(&mut self.buffer, txn.session, record) {
                // What was not accepted must leave no trace.
                self.events.truncate(accepted);
                return Err(Refusal::Malformed(error.to_string()));
            }
            let key = codec::key(txn.session, record.seq);
            self.events.push((key, Slice::new(&self.buffer)));
        }
        // From here on nothing is refused.
        self.puts.extend(txn.puts.into_iter().map(|put| (put.key, put.value)));
        let (session, was_open) = (txn.session, end.open);
        let end = SessionEnd { head: Some(head), open: txn.open };
        match place {
            Some(place) => self.sessions[place].end = end,
            None => {
                self.places.insert(session, self.sessions.len());
                self.sessions.push(Appended { session, end, was_open });
            }
        }
        Ok(head)
    }

    /// Whether every transaction was refused.
    pub fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    /// Moves the changes into a batch.
    pub fn fill(&mut self, tables: &Tables) -> OwnedWriteBatch {
        let mut batch = tables.batch(self.events.len());
        for (key, value) in self.events.drain(..) {
            batch.insert(&tables.events, key, value);
        }
        for (key, value) in std::mem::take(&mut self.puts) {
            batch.insert(&tables.catalog, key, value);
        }
        for Appended { session, end, was_open } in &self.sessions {
            match (was_open, end.open) {
                (false, true) => batch.insert(&tables.open, session.to_bytes(), []),
                (true, false) => batch.remove(&tables.open, session.to_bytes()),
                _ => {}
            }
        }
        batch
    }

    /// The group is durable: later ones are judged against it.
    pub fn publish(self, heads: &mut Heads) {
        for Appended { session, end, .. } in self.sessions {
            heads.put(session, end);
        }
    }
}

fn end_of(session: SessionId, heads: &mut Heads, tables: &Tables) -> Result<SessionEnd, Refusal> {
    if let Some(end) = heads.get(session) {
        return Ok(end);
    }
    let end = tables.end(session).map_err(|e| Refusal::Unreadable(e.to_string()))?;
    heads.put(session, end);
    Ok(end)
}
