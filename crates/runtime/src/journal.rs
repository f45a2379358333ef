//! Group commit for every session's appends.
//!
//! Whatever arrives while a group is being synced becomes the next group; there is no timer. The
//! next group is with the store before the last one is answered, so that the disk does not wait for
//! those who are. An answer means that the records are on stable storage. Order per session is the
//! order of arrival. Not here: retries (there are none: a failed sync ends the runtime), encoding
//! (the store's).

mod inbox;

use std::convert::Infallible;
use std::sync::Arc;

use planaria_core::port::store::{Error, Head, Refusal, Store, Txn};
use planaria_supervisor::{Flow, Scope, Worker};
use ractor::ActorRef;
use tokio::sync::{Semaphore, oneshot, watch};

use crate::error::{End, end_with};
use crate::limits::{JOURNAL_QUEUE_MAX, START_WAIT};
use inbox::{Group, Inbox, Opening, Request, Waits};

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
    inbox: Arc<Inbox>,
    door: Arc<Semaphore>,
}

impl Journal {
    pub fn new() -> Self {
        Self { inbox: Arc::default(), door: Arc::new(Semaphore::new(JOURNAL_QUEUE_MAX)) }
    }

    /// Appends; answers when it is durable or refused.
    pub async fn commit(&self, txn: Txn) -> Result<Head, CommitError> {
        let door = self.door.clone();
        let permit = door.acquire_owned().await.map_err(|_| CommitError::Interrupted)?;
        let (reply, answer) = oneshot::channel();
        let request = Request { txn, waits: Waits { reply, _permit: permit } };
        let put = self.inbox.put(request, START_WAIT).await;
        put.map_err(|_| CommitError::Interrupted)?;
        answer.await.unwrap_or(Err(CommitError::Interrupted))
    }

    /// Waits until every append that was sent before has its fate. An append outlives the session
    /// that sent it: whoever reads a log after that session's death must not read it before this.
    pub async fn settle(&self) -> Result<(), CommitError> {
        let (reply, answer) = oneshot::channel();
        let put = self.inbox.settle(reply, START_WAIT).await;
        put.map_err(|_| CommitError::Interrupted)?;
        answer.await.map_err(|_| CommitError::Interrupted)
    }
}

/// The one writer. What it does, it does beside its mailbox, which nobody writes to: an append that
/// went through it would be handed on once more.
pub(crate) struct JournalActor {
    /// Appends are taken in while the actor lives.
    _opening: Opening,
}

impl JournalActor {
    /// Serves from now on, in the scope of its actor.
    pub fn new(
        journal: &Journal,
        store: Arc<dyn Store>,
        end: watch::Sender<Option<End>>,
        scope: &Scope,
    ) -> Self {
        let inbox = journal.inbox.clone();
        let opening = inbox.opening();
        scope.spawn(async move { serve(&inbox, store.as_ref(), &end).await });
        Self { _opening: opening }
    }
}

impl Worker for JournalActor {
    type Message = Infallible;

    fn handle(&mut self, _: &ActorRef<Infallible>, message: Infallible) -> Result<Flow, String> {
        match message {}
    }
}

/// A group that has its fate, and is not answered yet.
#[derive(Default)]
struct Committed {
    outcomes: Vec<Result<Head, Refusal>>,
    waits: Vec<Waits>,
    settling: Vec<oneshot::Sender<()>>,
}

impl Committed {
    fn answer(self) {
        for (Waits { reply, _permit }, outcome) in self.waits.into_iter().zip(self.outcomes) {
            // A caller that has gone re-reads its log.
            let _ = reply.send(outcome.map_err(CommitError::from));
        }
        for reply in self.settling {
            let _ = reply.send(());
        }
    }
}

async fn serve(inbox: &Inbox, store: &dyn Store, end: &watch::Sender<Option<End>>) {
    let mut last = Committed::default();
    loop {
        let group = inbox.take();
        if group.is_empty() {
            std::mem::take(&mut last).answer();
            inbox.arrived().await;
            continue;
        }
        let Group { txns, waits, settling } = group;
        // In this order: the first step of a commit hands the group to the store.
        let answered = async { std::mem::take(&mut last).answer() };
        match futures_util::join!(store.commit(txns), answered).0 {
            Ok(outcomes) => last = Committed { outcomes, waits, settling },
            Err(error) => {
                tracing::error!(%error, "the journal accepts nothing more");
                // The end comes first: whoever hears of the failure must not start over.
                end_with(end, End::Store(error.clone()));
                for Waits { reply, _permit } in waits {
                    let _ = reply.send(Err(error.clone().into()));
                }
            }
        }
    }
}
