//! A group of transactions: judged one by one, written as one batch.

use std::collections::BTreeMap;

use fjall::OwnedWriteBatch;
use planaria_core::SessionId;
use planaria_core::port::store::{Head, Refusal, Txn};
use planaria_core::record::codec;

use super::heads::{Heads, SessionEnd};
use super::tables::Tables;

/// What the accepted transactions of a group change. Each key stands here once: a key that occurs
/// twice in one batch would have two values under one batch number.
#[derive(Default)]
pub(super) struct Group {
    ends: BTreeMap<SessionId, SessionEnd>,
    /// Whether each session stood in the index of open sessions before the group.
    was_open: BTreeMap<SessionId, bool>,
    events: Vec<([u8; 24], Vec<u8>)>,
    puts: BTreeMap<Vec<u8>, Vec<u8>>,
}

impl Group {
    /// Judges a transaction behind those that were accepted before it, and takes it in.
    pub fn add(&mut self, txn: Txn, heads: &mut Heads, tables: &Tables) -> Result<Head, Refusal> {
        let end = self.end(txn.session, heads, tables)?;
        let head = txn.judge(end.head)?;
        for key in &txn.absent {
            let there = tables.get(key).map_err(|e| Refusal::Unreadable(e.to_string()))?.is_some();
            if there || self.puts.contains_key(key) {
                return Err(Refusal::Exists);
            }
        }
        let mut events = Vec::with_capacity(txn.records.len());
        for record in &txn.records {
            let bytes = codec::encode(txn.session, record);
            let bytes = bytes.map_err(|e| Refusal::Malformed(e.to_string()))?;
            events.push((codec::key(txn.session, record.seq), bytes));
        }
        // From here on nothing is refused: what was not accepted must leave no trace.
        self.events.append(&mut events);
        self.puts.extend(txn.puts.into_iter().map(|put| (put.key, put.value)));
        self.was_open.entry(txn.session).or_insert(end.open);
        self.ends.insert(txn.session, SessionEnd { head: Some(head), open: txn.open });
        Ok(head)
    }

    fn end(
        &self,
        session: SessionId,
        heads: &mut Heads,
        tables: &Tables,
    ) -> Result<SessionEnd, Refusal> {
        if let Some(end) = self.ends.get(&session).copied().or_else(|| heads.get(session)) {
            return Ok(end);
        }
        let end = tables.end(session).map_err(|e| Refusal::Unreadable(e.to_string()))?;
        heads.put(session, end);
        Ok(end)
    }

    /// Whether every transaction was refused.
    pub fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    /// Moves the changes into a batch.
    pub fn fill(&mut self, tables: &Tables) -> OwnedWriteBatch {
        let mut batch = tables.batch();
        for (key, value) in self.events.drain(..) {
            batch.insert(&tables.events, key, value);
        }
        for (key, value) in std::mem::take(&mut self.puts) {
            batch.insert(&tables.catalog, key, value);
        }
        for (session, end) in &self.ends {
            match (self.was_open[session], end.open) {
                (false, true) => batch.insert(&tables.open, session.to_bytes(), []),
                (true, false) => batch.remove(&tables.open, session.to_bytes()),
                _ => {}
            }
        }
        batch
    }

    /// The group is durable: later ones are judged against it.
    pub fn publish(self, heads: &mut Heads) {
        for (session, end) in self.ends {
            heads.put(session, end);
        }
    }
}
