//! Group commit for every session's appends.
//!
//! Whatever arrives while a group is being synced becomes the next group; there is no timer. An
//! answer means that the records are on stable storage. Order per session is the order of arrival.
//! Not here: retries (there are none: a failed sync ends the runtime), encoding (the store's).

use std::collections::VecDeque;
use std::sync::Arc;

use planaria_core::port::store::{Error, Head, Refusal, Store, Txn};
use ractor::ActorRef;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot, watch};
use tokio::task::JoinSet;

use crate::error::End;
use crate::limits::{GROUP_BYTES_MAX, GROUP_TXNS_MAX, JOURNAL_QUEUE_MAX, START_WAIT};
use crate::slot::Slot;

/// Why an append was not acknowledged.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum CommitError {
    #[error(transparent)]
    Refused(#[from] Refusal),
    #[error(transparent)]
    Store(#[from] Error),
    /// The journal's actor died first: the records may or may not be there.
    #[error("the journal was interrupted; the append's outcome is unknown")]
    Interrupted,
}

/// The way to the journal. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Journal {
    slot: Slot<JournalMsg>,
    door: Arc<Semaphore>,
}

impl Journal {
    pub fn new() -> Self {
        Self { slot: Slot::default(), door: Arc::new(Semaphore::new(JOURNAL_QUEUE_MAX)) }
    }

    pub fn slot(&self) -> &Slot<JournalMsg> {
        &self.slot
    }

    /// Appends; answers when it is durable or refused.
    pub async fn commit(&self, txn: Txn) -> Result<Head, CommitError> {
        let door = self.door.clone();
        let permit = door.acquire_owned().await.map_err(|_| CommitError::Interrupted)?;
        let actor = self.slot.ready(START_WAIT).await.ok_or(CommitError::Interrupted)?;
        let (reply, answer) = oneshot::channel();
        let request = Request { txn, reply, _permit: permit };
        actor.cast(JournalMsg::Commit(Box::new(request))).map_err(|_| CommitError::Interrupted)?;
        answer.await.unwrap_or(Err(CommitError::Interrupted))
    }
}

pub(crate) struct Request {
    txn: Txn,
    reply: oneshot::Sender<Result<Head, CommitError>>,
    _permit: OwnedSemaphorePermit,
}

pub(crate) enum JournalMsg {
    Commit(Box<Request>),
    Committed,
}

/// The one writer.
pub(crate) struct JournalState {
    store: Arc<dyn Store>,
    end: watch::Sender<Option<End>>,
    queue: VecDeque<Request>,
    commits: JoinSet<()>,
}

impl JournalState {
    pub fn new(store: Arc<dyn Store>, end: watch::Sender<Option<End>>) -> Self {
        Self { store, end, queue: VecDeque::new(), commits: JoinSet::new() }
    }

    pub fn handle(&mut self, me: &ActorRef<JournalMsg>, message: JournalMsg) {
        match message {
            JournalMsg::Commit(request) => self.queue.push_back(*request),
            JournalMsg::Committed => {
                while self.commits.try_join_next().is_some() {}
                self.commits = JoinSet::new();
            }
        }
        if self.commits.is_empty() && !self.queue.is_empty() {
            self.commit(me.clone());
        }
    }

    /// Takes what waits, up to the bounds of a group, and commits it beside the mailbox.
    fn commit(&mut self, me: ActorRef<JournalMsg>) {
        let (mut group, mut replies, mut bytes) = (Vec::new(), Vec::new(), 0);
        while group.len() < GROUP_TXNS_MAX && bytes < GROUP_BYTES_MAX {
            let Some(Request { txn, reply, _permit }) = self.queue.pop_front() else { break };
            bytes += txn.records.iter().map(|r| r.payload.len()).sum::<usize>();
            group.push(txn);
            replies.push((reply, _permit));
        }
        let (store, end) = (self.store.clone(), self.end.clone());
        self.commits.spawn(async move {
            match store.commit(group).await {
                Ok(outcomes) => {
                    for ((reply, _permit), outcome) in replies.into_iter().zip(outcomes) {
                        // A caller that has gone re-reads its log.
                        let _ = reply.send(outcome.map_err(CommitError::from));
                    }
                }
                Err(error) => {
                    tracing::error!(%error, "the journal accepts nothing more");
                    for (reply, _permit) in replies {
                        let _ = reply.send(Err(error.clone().into()));
                    }
                    end.send_if_modified(|end| end.is_none() && { *end = Some(End::Store(error)); true });
                }
            }
            let _ = me.cast(JournalMsg::Committed);
        });
    }
}
