//! The port of the durable log.
//!
//! One write and five reads, and snapshots beside them, which are a cache. A write is a group of
//! transactions, each all or nothing; when [`Store::commit`] answers, what it accepted is on stable
//! storage. The committer that forms the groups is runtime code; a blocking store owns the thread
//! that it blocks.

use super::BoxFuture;
use crate::id::SessionId;
use crate::record::Record;

/// What one session appends in one go.
#[derive(Debug, Clone)]
pub struct Txn {
    /// Whose log.
    pub session: SessionId,
    /// The writer's epoch. Lower than the highest the session has seen: [`Refusal::Fenced`].
    pub epoch: u64,
    /// The sequence number after which the records go. Any other head: [`Refusal::Conflict`].
    pub expected_seq: u64,
    /// The records, numbered from `expected_seq + 1`, at least one.
    pub records: Vec<Record>,
    /// Catalog entries written with the records.
    pub puts: Vec<Put>,
    /// Catalog keys that must be absent for the transaction to be accepted.
    pub absent: Vec<Vec<u8>>,
    /// Whether the session has open effects after this append; kept in the index of open sessions.
    pub open: bool,
}

impl Txn {
    /// Judges the transaction against where the log ends, and says where it ends afterwards. Every
    /// store judges by this; what is left to it are [`Txn::absent`] and the size of each record.
    ///
    /// # Errors
    /// [`Refusal::Malformed`], else [`Refusal::Fenced`], else [`Refusal::Conflict`]: a writer that
    /// was replaced must hear that first, wherever the log has gone since.
    pub fn judge(&self, head: Option<Head>) -> Result<Head, Refusal> {
        let malformed = |problem: String| Err(Refusal::Malformed(problem));
        let Some(last) = self.records.last() else {
            return malformed("there are no records".to_owned());
        };
        for (index, Record { seq, epoch, .. }) in (1u64..).zip(&self.records) {
            if Some(*seq) != self.expected_seq.checked_add(index) {
                let after = self.expected_seq;
                return malformed(format!("record {seq} is number {index} of those after {after}"));
            }
            if *epoch != self.epoch {
                let ours = self.epoch;
                return malformed(format!("record {seq} has epoch {epoch}, its writer has {ours}"));
            }
        }
        let Head { seq, epoch } = head.unwrap_or(Head { seq: 0, epoch: 0 });
        if self.epoch < epoch {
            return Err(Refusal::Fenced { ours: self.epoch, current: epoch });
        }
        if self.expected_seq != seq {
            return Err(Refusal::Conflict { expected: self.expected_seq, actual: seq });
        }
        Ok(Head { seq: last.seq, epoch: self.epoch })
    }
}

/// A catalog entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Put {
    /// The key; catalog keys begin with the 16 bytes of the workspace.
    pub key: Vec<u8>,
    /// The new value.
    pub value: Vec<u8>,
}

/// Why one transaction of a group was not accepted. The others of the group are not touched.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// A writer with a higher epoch has taken the session over.
    #[error("fenced: epoch {ours} is older than the session's epoch {current}")]
    Fenced {
        /// The epoch of the refused transaction.
        ours: u64,
        /// The epoch that the session is at.
        current: u64,
    },
    /// The log is not where the writer believes.
    #[error("conflict: expected head {expected}, the log is at {actual}")]
    Conflict {
        /// What the writer expected.
        expected: u64,
        /// Where the log is.
        actual: u64,
    },
    /// A catalog key that had to be absent is there.
    #[error("precondition failed: a catalog entry that must be absent exists")]
    Exists,
    /// There are no records, they are not numbered densely from `expected_seq + 1`, one has
    /// another epoch than the writer, or one is too large.
    #[error("malformed transaction: {0}")]
    Malformed(String),
    /// The end of the session's log cannot be read, so nothing can be put after it.
    #[error("the log cannot be appended to: {0}")]
    Unreadable(String),
}

/// Where a session's log ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// The sequence number of the last record.
    pub seq: u64,
    /// The epoch of the last record.
    pub epoch: u64,
}

/// A kept snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// The last record that is in it.
    pub seq: u64,
    /// As it was given.
    pub bytes: Vec<u8>,
}

/// A durable, ordered log per session, and a catalog beside it.
pub trait Store: Send + Sync {
    /// Commits a group: one outcome per transaction, in order, after one sync for all of them.
    ///
    /// # Errors
    /// An error means that nothing of the group may be taken for durable and that the store accepts
    /// nothing more ([`Error::Poisoned`] from then on); what became of the group shows after the
    /// store was opened anew.
    fn commit(&self, group: Vec<Txn>) -> BoxFuture<'_, Result<Vec<Result<Head, Refusal>>, Error>>;

    /// Up to `max` records of a session from `from` (inclusive) on, in order. Empty past the end.
    fn read(
        &self,
        session: SessionId,
        from: u64,
        max: usize,
    ) -> BoxFuture<'_, Result<Vec<Record>, Error>>;

    /// The end of a session's log; `None` if there is no such session.
    fn head(&self, session: SessionId) -> BoxFuture<'_, Result<Option<Head>, Error>>;

    /// One catalog entry.
    fn get(&self, key: Vec<u8>) -> BoxFuture<'_, Result<Option<Vec<u8>>, Error>>;

    /// Catalog entries under a prefix, in key order, at most `max`.
    fn scan(&self, prefix: Vec<u8>, max: usize) -> BoxFuture<'_, Result<Vec<Put>, Error>>;

    /// The sessions whose last append left effects open, in id order: whom to wake after a start.
    fn open_sessions(&self) -> BoxFuture<'_, Result<Vec<SessionId>, Error>>;

    /// Keeps a snapshot of a session that was folded up to `seq`, in place of the one before; a
    /// cache: it may be lost at any time, and is not synced. Nobody waits for more than a place in
    /// a queue. A store that keeps none may leave this and [`Store::snapshot`] as they are.
    ///
    /// # Errors
    /// When the store is closed or poisoned.
    fn save_snapshot(
        &self,
        session: SessionId,
        seq: u64,
        bytes: Vec<u8>,
    ) -> BoxFuture<'_, Result<(), Error>> {
        let _ = (session, seq, bytes);
        Box::pin(async { Ok(()) })
    }

    /// A snapshot of the session that was kept, whole and unchanged or damaged: whoever reads it
    /// looks. Not always the last one, and `None` at any time.
    fn snapshot(&self, session: SessionId) -> BoxFuture<'_, Result<Option<Snapshot>, Error>> {
        let _ = session;
        Box::pin(async { Ok(None) })
    }

    /// An epoch higher than any that this store has handed out, also across restarts.
    fn next_epoch(&self) -> u64;

    /// Ends the store: everything committed stays, the lock is released when this returns.
    fn close(&self) -> BoxFuture<'_, ()>;
}

/// Why the store cannot do what was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A write or a sync failed; nothing more is accepted until the store is opened anew.
    #[error("the journal is poisoned and accepts nothing more: {0}; restart to recover")]
    Poisoned(String),
    /// The disk is full. The store is poisoned by it, nothing acknowledged is lost.
    #[error("no space left for the journal in {path}: free some space and start again")]
    Full {
        /// The data directory.
        path: String,
    },
    /// One record cannot be read. Its session stops; the others run.
    #[error("record {seq} of {session} cannot be read: {problem}")]
    Corrupt {
        /// Whose record.
        session: SessionId,
        /// Which record.
        seq: u64,
        /// What is wrong with it.
        problem: String,
    },
    /// The journal was damaged in a place that acknowledged records stood in.
    #[error("the journal in {path} is damaged: {problem}")]
    Damaged {
        /// The data directory or file.
        path: String,
        /// What was found, and what can be done.
        problem: String,
    },
    /// Another process has the data directory open.
    #[error(
        "{path} is in use by another planaria process{holder}; stop it or choose another --data-dir"
    )]
    Locked {
        /// The data directory.
        path: String,
        /// " (pid N)" where known.
        holder: String,
    },
    /// The data directory was written by a newer version.
    #[error(
        "{path} has data format {found}; this version reads up to {known}: use a newer planaria"
    )]
    NewerFormat {
        /// The data directory.
        path: String,
        /// The format found.
        found: u32,
        /// The newest format that this version knows.
        known: u32,
    },
    /// Any other failure of the outside.
    #[error("{action} failed: {problem}")]
    Io {
        /// What was attempted, with the path.
        action: String,
        /// What the system said.
        problem: String,
    },
    /// The store was closed.
    #[error("the store is closed")]
    Closed,
}

impl Error {
    /// Whether the same call may succeed later without opening the store anew.
    pub fn is_retryable(&self) -> bool {
        false
    }
}
