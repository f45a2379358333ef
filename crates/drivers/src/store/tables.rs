//! The keyspaces in the database, and every read of them.
//!
//! ```text
//! events    session(16) ++ seq(8, big endian) -> record; no key is written twice
//! open      session(16) -> nothing; keys come and go
//! catalog   workspace(16) ++ … -> value
//! snapshots session(16) -> seq(8, big endian) ++ snapshot; a cache, overwritten
//! meta      "epoch/" ++ shard epoch(8, big endian) -> nothing; one more per opening
//! ```

use std::path::Path;

use fjall::{
    AbstractTree, CompressionType, Database, Keyspace, KeyspaceCreateOptions, KvSeparationOptions,
    OwnedWriteBatch, PersistMode, Readable,
};
use planaria_core::port::store::{Error, Head, Put, Snapshot};
use planaria_core::record::codec;
use planaria_core::{Record, SessionId};

use super::error;
use super::heads::SessionEnd;
use super::limits::{
    CACHE_BYTES, FJALL_THREADS, JOURNAL_BYTES_MAX, READ_BYTES_MAX, VALUE_SEPARATION_BYTES,
};

const EPOCH_PREFIX: &[u8] = b"epoch/";

/// Handles to everything that is stored. Cheap to clone.
#[derive(Clone)]
pub(super) struct Tables {
    database: Database,
    pub events: Keyspace,
    pub open: Keyspace,
    pub catalog: Keyspace,
    pub snapshots: Keyspace,
    meta: Keyspace,
}

impl Tables {
    /// Opens the database, or makes it.
    pub fn open(path: &Path) -> Result<Self, fjall::Error> {
        let database = Database::builder(path)
            .cache_size(CACHE_BYTES)
            .journal_compression(CompressionType::None)
            .max_journaling_size(JOURNAL_BYTES_MAX)
            .worker_threads(FJALL_THREADS)
            .open()?;
        let separated = || {
            let values = KvSeparationOptions::default();
            let values = values.separation_threshold(VALUE_SEPARATION_BYTES);
            KeyspaceCreateOptions::default().with_kv_separation(Some(values))
        };
        let plain = KeyspaceCreateOptions::default;
        Ok(Self {
            events: database.keyspace("events", separated)?,
            open: database.keyspace("open", plain)?,
            catalog: database.keyspace("catalog", plain)?,
            snapshots: database.keyspace("snapshots", plain)?,
            meta: database.keyspace("meta", plain)?,
            database,
        })
    }

    /// A batch for about so many items that is synced before its commit returns, and only then seen
    /// by readers.
    pub fn batch(&self, items: usize) -> OwnedWriteBatch {
        OwnedWriteBatch::with_capacity(self.database.clone(), items)
            .durability(Some(PersistMode::SyncData))
    }

    /// The number of the newest batch that holds records. Every group holds some and none is ever
    /// overwritten, so this only grows; fjall's own counter also counts flushes, and forgets them.
    pub fn last_batch(&self) -> Option<u64> {
        self.events.tree.get_highest_seqno()
    }

    /// Takes the next shard epoch after the last one and after `above`, durably.
    pub fn next_shard_epoch(&self, above: u64) -> Result<u64, fjall::Error> {
        let last =
            self.meta.prefix(EPOCH_PREFIX).next_back().map(|entry| entry.key()).transpose()?;
        let last = last.and_then(|key| key[EPOCH_PREFIX.len()..].try_into().ok());
        let next = last.map_or(0, u64::from_be_bytes).max(above) + 1;
        let mut batch = self.batch(1);
        batch.insert(&self.meta, [EPOCH_PREFIX, &next.to_be_bytes()].concat(), []);
        batch.commit()?;
        Ok(next)
    }

    /// Where a session's log ends, and whether it is open.
    pub fn end(&self, session: SessionId) -> Result<SessionEnd, Error> {
        let failed = |e: &fjall::Error| error::reading(&format!("the head of {session}"), e);
        let snapshot = self.database.snapshot();
        let open = snapshot.contains_key(&self.open, session.to_bytes()).map_err(|e| failed(&e))?;
        let last = snapshot.prefix(&self.events, session.to_bytes()).next_back();
        let Some(last) = last else { return Ok(SessionEnd { head: None, open }) };
        let (key, value) = last.into_inner().map_err(|e| failed(&e))?;
        let record = decode(session, seq_of(session, &key)?, &value)?;
        Ok(SessionEnd { head: Some(Head { seq: record.seq, epoch: record.epoch }), open })
    }

    /// A page of a session's records.
    pub fn read(&self, session: SessionId, from: u64, max: usize) -> Result<Vec<Record>, Error> {
        let from = from.max(1);
        let range = codec::key(session, from)..=codec::key(session, u64::MAX);
        let snapshot = self.database.snapshot();
        let (mut records, mut bytes) = (Vec::new(), 0);
        for (expected, entry) in
            (from..=u64::MAX).zip(snapshot.range(&self.events, range).take(max))
        {
            let corrupt = |problem| Error::Corrupt { session, seq: expected, problem };
            let (key, value) = entry.into_inner().map_err(|e| corrupt(e.to_string()))?;
            let seq = seq_of(session, &key)?;
            if seq != expected {
                return Err(corrupt(format!("it is missing; the log goes on at {seq}")));
            }
            bytes += value.len();
            records.push(decode(session, seq, &value)?);
            if bytes >= READ_BYTES_MAX {
                break;
            }
        }
        Ok(records)
    }

    pub fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        let value = self.database.snapshot().get(&self.catalog, key);
        let value = value.map_err(|e| error::reading("the catalog", &e))?;
        Ok(value.map(|value| value.to_vec()))
    }

    pub fn scan(&self, prefix: &[u8], max: usize) -> Result<Vec<Put>, Error> {
        let snapshot = self.database.snapshot();
        let entries = snapshot.prefix(&self.catalog, prefix).take(max);
        let puts = entries.map(|entry| {
            let (key, value) = entry.into_inner()?;
            Ok(Put { key: key.to_vec(), value: value.to_vec() })
        });
        puts.collect::<Result<_, fjall::Error>>().map_err(|e| error::reading("the catalog", &e))
    }

    pub fn snapshot(&self, session: SessionId) -> Result<Option<Snapshot>, Error> {
        let value = self.database.snapshot().get(&self.snapshots, session.to_bytes());
        let value = value.map_err(|e| error::reading(&format!("the snapshot of {session}"), &e))?;
        Ok(value
            .as_deref()
            .and_then(<[u8]>::split_first_chunk)
            .map(|(seq, bytes)| Snapshot { seq: u64::from_be_bytes(*seq), bytes: bytes.to_vec() }))
    }

    pub fn open_sessions(&self) -> Result<Vec<SessionId>, Error> {
        let failed = |problem: String| Error::Io {
            action: "reading the index of open sessions".to_owned(),
            problem,
        };
        let sessions = self.database.snapshot().iter(&self.open).map(|entry| {
            let key = entry.key().map_err(|e| failed(e.to_string()))?;
            let bytes = <[u8; 16]>::try_from(&key[..]);
            let bytes = bytes.map_err(|_| failed(format!("{} bytes are no id", key.len())))?;
            Ok(SessionId::from_bytes(bytes))
        });
        sessions.collect()
    }
}

fn seq_of(session: SessionId, key: &[u8]) -> Result<u64, Error> {
    let seq = key.get(16..).and_then(|seq| seq.try_into().ok()).map(u64::from_be_bytes);
    let problem = || format!("a key of {} bytes stands among its records", key.len());
    seq.ok_or_else(|| Error::Corrupt { session, seq: 0, problem: problem() })
}

fn decode(session: SessionId, seq: u64, bytes: &[u8]) -> Result<Record, Error> {
    codec::decode(session, seq, bytes).map_err(|e| Error::Corrupt {
        session,
        seq,
        problem: e.to_string(),
    })
}
