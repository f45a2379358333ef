//! Group commit for every session's appends.
//!
//! Whatever arrives while a group is being synced becomes the next group; there is no timer. An
//! answer means that the records are on stable storage. Order per session is the order of arrival.
//! Not here: retries (there are none: a failed sync ends the runtime), encoding (the store's).

use std::collections::VecDeque;
use std::sync::Arc;

use planaria_core::port::store::{Error, Head, Refusal, Store, Txn};
use planaria_supervisor::{Flow, Scope, Worker};
use ractor::ActorRef;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot, watch};

use crate::error::{End, end_with};
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

    /// Waits until every append that was sent before has its fate. An append outlives the session
    /// that sent it: whoever reads a log after that session's death must not read it before this.
    pub async fn settle(&self) -> Result<(), CommitError> {
        let actor = self.slot.ready(START_WAIT).await.ok_or(CommitError::Interrupted)?;
        let (reply, answer) = oneshot::channel();
        actor.cast(JournalMsg::Settle(reply)).map_err(|_| CommitError::Interrupted)?;
        answer.await.map_err(|_| CommitError::Interrupted)
    }
}

pub(crate) struct Request {
    txn: Txn,
    reply: oneshot::Sender<Result<Head, CommitError>>,
    _permit: OwnedSemaphorePermit,
}

pub(crate) enum JournalMsg {
    Commit(Box<Request>),
    /// Answered when everything that came before is committed or refused.
    Settle(oneshot::Sender<()>),
    Committed,
}

/// The one writer.
pub(crate) struct JournalActor {
    store: Arc<dyn Store>,
    end: watch::Sender<Option<End>>,
    scope: Scope,
    queue: VecDeque<Request>,
    /// Wait for what is in the queue. There is at most one per session that is starting.
    settling: Vec<oneshot::Sender<()>>,
    committing: bool,
}

impl JournalActor {
    pub fn new(store: Arc<dyn Store>, end: watch::Sender<Option<End>>, scope: Scope) -> Self {
        Self { store, end, scope, queue: VecDeque::new(), settling: Vec::new(), committing: false }
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
        // Those who wait for a longer queue wait for its last group. A group may be empty: the
        // store answers it behind what an earlier journal has left there.
        let settled =
            if self.queue.is_empty() { std::mem::take(&mut self.settling) } else { Vec::new() };
        self.committing = true;
        let (store, end) = (self.store.clone(), self.end.clone());
        self.scope.spawn(async move {
            match store.commit(group).await {
                Ok(outcomes) => {
                    for ((reply, _permit), outcome) in replies.into_iter().zip(outcomes) {
                        // A caller that has gone re-reads its log.
                        let _ = reply.send(outcome.map_err(CommitError::from));
                    }
                    for reply in settled {
                        let _ = reply.send(());
                    }
                }
                Err(error) => {
                    tracing::error!(%error, "the journal accepts nothing more");
                    // The end comes first: whoever hears of the failure must not start over.
                    end_with(&end, End::Store(error.clone()));
                    for (reply, _permit) in replies {
                        let _ = reply.send(Err(error.clone().into()));
                    }
                }
            }
            let _ = me.cast(JournalMsg::Committed);
        });
    }
}

impl Worker for JournalActor {
    type Message = JournalMsg;

    fn handle(&mut self, me: &ActorRef<JournalMsg>, message: JournalMsg) -> Result<Flow, String> {
        match message {
            JournalMsg::Commit(request) => self.queue.push_back(*request),
            JournalMsg::Settle(reply) => self.settling.push(reply),
            JournalMsg::Committed => self.committing = false,
        }
        let waiting = !self.queue.is_empty() || !self.settling.is_empty();
        if waiting && !self.committing {
            self.commit(me.clone());
        }
        Ok(Flow::Continue)
    }
}
