//! Where appends wait for the journal.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use planaria_core::port::store::{Head, Txn};
use tokio::sync::{Notify, OwnedSemaphorePermit, oneshot};

use super::CommitError;
use crate::limits::{GROUP_BYTES_MAX, GROUP_TXNS_MAX};

/// An append that nobody has taken up yet, and who waits for it.
pub(super) struct Request {
    pub txn: Txn,
    pub waits: Waits,
}

/// Who waits for an append; its place at the door is free again when this is dropped.
pub(super) struct Waits {
    pub reply: oneshot::Sender<Result<Head, CommitError>>,
    pub _permit: OwnedSemaphorePermit,
}

/// What is committed together.
#[derive(Default)]
pub(super) struct Group {
    pub txns: Vec<Txn>,
    pub waits: Vec<Waits>,
    /// Wait for everything that came before them, which this group is the last of. A group that has
    /// nothing else is committed too: the store answers it behind what an earlier journal left.
    pub settling: Vec<oneshot::Sender<()>>,
}

impl Group {
    pub fn is_empty(&self) -> bool {
        self.txns.is_empty() && self.settling.is_empty()
    }
}

/// One for all incarnations of the journal's actor. It is open while there is one; what is in it
/// when the actor dies is dropped, and whoever waits for it learns that.
#[derive(Default)]
pub(super) struct Inbox {
    state: Mutex<State>,
    /// Wakes those who wait for an actor, in the order in which they came.
    opened: Notify,
    /// Wakes the one who takes.
    arrived: Notify,
}

#[derive(Default)]
struct State {
    is_open: bool,
    /// Which opening it is.
    opening: u64,
    queue: VecDeque<Request>,
    /// Appends taken and put so far.
    taken: u64,
    put: u64,
    /// Who waits, and how many appends were put before; at most one per session that is starting.
    settling: VecDeque<(u64, oneshot::Sender<()>)>,
}

impl Inbox {
    /// Puts an append behind those that came before; gives it back when there is no journal for so
    /// long.
    pub async fn put(&self, request: Request, wait: Duration) -> Result<(), Request> {
        self.when_open(request, wait, |state, request| {
            state.put += 1;
            state.queue.push_back(request);
        })
        .await
    }

    /// Puts in who waits for everything that came before.
    pub async fn settle(
        &self,
        reply: oneshot::Sender<()>,
        wait: Duration,
    ) -> Result<(), oneshot::Sender<()>> {
        self.when_open(reply, wait, |state, reply| {
            let put = state.put;
            state.settling.push_back((put, reply));
        })
        .await
    }

    async fn when_open<T>(
        &self,
        what: T,
        wait: Duration,
        put: impl FnOnce(&mut State, T),
    ) -> Result<(), T> {
        if !self.state().is_open && tokio::time::timeout(wait, self.open()).await.is_err() {
            return Err(what);
        }
        {
            let mut state = self.state();
            if !state.is_open {
                return Err(what);
            }
            put(&mut state, what);
        }
        self.arrived.notify_one();
        Ok(())
    }

    async fn open(&self) {
        loop {
            // Made before looking, so that no opening in between is missed.
            let opened = self.opened.notified();
            if self.state().is_open {
                return;
            }
            opened.await;
        }
    }

    /// Everything that has arrived, up to the bounds of a group.
    pub fn take(&self) -> Group {
        let mut state = self.state();
        let (mut group, mut bytes) = (Group::default(), 0);
        while group.txns.len() < GROUP_TXNS_MAX && bytes < GROUP_BYTES_MAX {
            let Some(Request { txn, waits }) = state.queue.pop_front() else { break };
            bytes += txn.records.iter().map(|record| record.payload.len()).sum::<usize>();
            group.txns.push(txn);
            group.waits.push(waits);
            state.taken += 1;
        }
        while state.settling.front().is_some_and(|(put, _)| *put <= state.taken) {
            group.settling.extend(state.settling.pop_front().map(|(_, reply)| reply));
        }
        group
    }

    /// Waits until something may have arrived since the last call.
    pub async fn arrived(&self) {
        self.arrived.notified().await;
    }

    /// Opens the inbox for as long as what is returned lives.
    pub fn opening(self: &Arc<Self>) -> Opening {
        let mut state = self.state();
        let number = state.opening + 1;
        let before = std::mem::replace(
            &mut *state,
            State { is_open: true, opening: number, ..State::default() },
        );
        drop(state);
        drop(before);
        self.opened.notify_waiters();
        Opening(self.clone(), number)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Held by the actor.
pub(super) struct Opening(Arc<Inbox>, u64);

impl Drop for Opening {
    fn drop(&mut self) {
        let mut state = self.0.state();
        if state.opening == self.1 {
            let left =
                std::mem::replace(&mut *state, State { opening: self.1, ..State::default() });
            drop(state);
            drop(left);
        }
    }
}

#[cfg(test)]
mod tests {
    use planaria_core::SessionId;
    use tokio::sync::Semaphore;

    use super::*;

    const WAIT: Duration = Duration::from_secs(30);

    type Answer = oneshot::Receiver<Result<Head, CommitError>>;

    /// An append of that session, and where its answer comes.
    fn request(session: u128) -> (Request, Answer) {
        let (reply, answer) = oneshot::channel();
        let permit = Arc::new(Semaphore::new(1)).try_acquire_owned().unwrap();
        let txn = Txn {
            session: SessionId(session),
            epoch: 1,
            expected_seq: 0,
            records: Vec::new(),
            puts: Vec::new(),
            absent: Vec::new(),
            open: false,
        };
        (Request { txn, waits: Waits { reply, _permit: permit } }, answer)
    }

    fn sessions(group: &Group) -> Vec<u128> {
        group.txns.iter().map(|txn| txn.session.0).collect()
    }

    #[tokio::test]
    async fn a_group_is_what_has_arrived_in_its_order() {
        let inbox = Arc::new(Inbox::default());
        let _opening = inbox.opening();
        for session in [3, 1, 2] {
            assert!(inbox.put(request(session).0, WAIT).await.is_ok());
        }
        inbox.arrived().await;
        assert_eq!(sessions(&inbox.take()), [3, 1, 2]);
        assert!(inbox.take().is_empty());
    }

    #[tokio::test]
    async fn who_waits_for_everything_waits_for_the_last_group() {
        let inbox = Arc::new(Inbox::default());
        let _opening = inbox.opening();
        for session in 0..=GROUP_TXNS_MAX as u128 {
            assert!(inbox.put(request(session).0, WAIT).await.is_ok());
        }
        assert!(inbox.settle(oneshot::channel().0, WAIT).await.is_ok());
        let first = inbox.take();
        assert_eq!((first.txns.len(), first.settling.len()), (GROUP_TXNS_MAX, 0));
        let last = inbox.take();
        assert_eq!((last.txns.len(), last.settling.len()), (1, 1));
    }

    #[tokio::test]
    async fn what_waits_when_the_journal_dies_is_dropped_and_its_sender_learns_it() {
        let inbox = Arc::new(Inbox::default());
        let opening = inbox.opening();
        let (append, answer) = request(1);
        assert!(inbox.put(append, WAIT).await.is_ok());
        drop(opening);
        assert!(answer.await.is_err());
        let _next = inbox.opening();
        assert!(inbox.take().is_empty());
    }

    #[tokio::test]
    async fn an_append_waits_for_the_journal_that_is_to_come() {
        let inbox = Arc::new(Inbox::default());
        let (append, _answer) = request(7);
        let put = inbox.put(append, WAIT);
        let start = async { inbox.opening() };
        let (put, _opening) = futures_util::join!(put, start);
        assert!(put.is_ok());
        assert_eq!(sessions(&inbox.take()), [7]);
    }

    #[tokio::test]
    async fn an_append_is_given_back_when_no_journal_comes() {
        let inbox = Arc::new(Inbox::default());
        assert!(inbox.put(request(7).0, Duration::ZERO).await.is_err());
    }

    #[tokio::test]
    async fn who_waits_does_not_wait_for_what_comes_later() {
        let inbox = Arc::new(Inbox::default());
        let _opening = inbox.opening();
        for session in 0..=GROUP_TXNS_MAX as u128 {
            assert!(inbox.put(request(session).0, WAIT).await.is_ok());
        }
        assert!(inbox.settle(oneshot::channel().0, WAIT).await.is_ok());
        for round in 0..100 {
            if !inbox.take().settling.is_empty() {
                return;
            }
            // As many come as were taken: the disk cannot keep up.
            for session in 0..GROUP_TXNS_MAX as u128 {
                assert!(inbox.put(request(session).0, WAIT).await.is_ok());
            }
            assert!(round < 10, "still not settled");
        }
    }

    #[tokio::test]
    async fn the_end_of_an_earlier_journal_does_not_close_the_next_one_s_door() {
        let inbox = Arc::new(Inbox::default());
        let first = inbox.opening();
        let _second = inbox.opening();
        drop(first);
        assert!(inbox.put(request(7).0, Duration::ZERO).await.is_ok());
    }
}
