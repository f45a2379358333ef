//! Errors of the disk, on order.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

/// Where a commit fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// Before a byte of the group has reached the journal.
    Append(io::ErrorKind),
    /// After the group was written and before it was synced: it may be there after a restart.
    Sync(io::ErrorKind),
}

/// Faults that the next commits of a store meet, first in, first out. For tests: a real disk that
/// fails on order needs privileges. Clones share the queue.
#[derive(Debug, Clone, Default)]
pub struct Faults(Arc<Mutex<VecDeque<Fault>>>);

impl Faults {
    /// Lets the next commit that has no fault yet fail.
    pub fn inject(&self, fault: Fault) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push_back(fault);
    }

    pub(super) fn take(&self) -> Option<Fault> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }
}
