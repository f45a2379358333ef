//! The commit thread's end of its queue.

use std::hint::spin_loop;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use super::limits::{FOLLOWS_WITHIN, SPIN_MAX, SPIN_TXNS_MAX};
use super::queue::Queued;
use super::writer::Order;

/// Orders as they come.
///
/// Whoever appends one record after the other sends the next one some microseconds after it has its
/// answer. To put a thread to sleep for that long and wake it again costs more than the wait, so
/// while orders follow each other like that the thread looks for the next one for a moment before
/// it sleeps. When they do not, it sleeps at once; so it does after a large group, whose senders need
/// the processor more than it does.
pub(super) struct Orders {
    receiver: Receiver<Queued<Order>>,
    answered: Option<Instant>,
    following: bool,
}

#[allow(clippy::disallowed_methods, reason = "the commit thread is the outside")]
impl Orders {
    pub fn new(receiver: Receiver<Queued<Order>>) -> Self {
        Self { receiver, answered: None, following: false }
    }

    /// The next order, waiting at most so long.
    pub fn next(&mut self, wait: Option<Duration>) -> Result<Order, RecvTimeoutError> {
        let next = match self.spin() {
            Some(queued) => Ok(queued),
            None => match wait {
                Some(wait) => self.receiver.recv_timeout(wait),
                None => self.receiver.recv().map_err(|_| RecvTimeoutError::Disconnected),
            },
        };
        let since = self.answered.take().map(|answered| answered.elapsed());
        self.following = next.is_ok() && since.is_some_and(|since| since < FOLLOWS_WITHIN);
        next.map(|queued| queued.request)
    }

    /// An order of so many transactions was answered.
    pub fn answered(&mut self, txns: usize) {
        self.answered = (txns <= SPIN_TXNS_MAX).then(Instant::now);
    }

    fn spin(&self) -> Option<Queued<Order>> {
        let answered = self.answered.filter(|_| self.following)?;
        while answered.elapsed() < SPIN_MAX {
            if let Ok(queued) = self.receiver.try_recv() {
                return Some(queued);
            }
            spin_loop();
        }
        None
    }
}
