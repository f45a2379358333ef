//! Where the logs end, of the sessions that were appended to lately.

use std::collections::HashMap;
use std::mem;

use planaria_core::SessionId;
use planaria_core::port::store::Head;

use super::limits::HEADS_MAX;

/// What a transaction is judged against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SessionEnd {
    /// `None` before the first record.
    pub head: Option<Head>,
    /// Whether the session stands in the index of open sessions.
    pub open: bool,
}

/// A bounded cache in two generations: when the young one is full, the old one is forgotten and the
/// young one takes its place. What is used stays, without a list to maintain on each use.
#[derive(Debug, Default)]
pub(super) struct Heads {
    young: HashMap<SessionId, SessionEnd>,
    old: HashMap<SessionId, SessionEnd>,
}

impl Heads {
    pub fn get(&mut self, session: SessionId) -> Option<SessionEnd> {
        if let Some(end) = self.young.get(&session) {
            return Some(*end);
        }
        let end = self.old.remove(&session)?;
        self.put(session, end);
        Some(end)
    }

    pub fn put(&mut self, session: SessionId, end: SessionEnd) {
        if self.young.len() >= HEADS_MAX / 2 {
            self.old = mem::take(&mut self.young);
        }
        // A stale twin in the old generation is never read: the young one is looked at first.
        self.young.insert(session, end);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(seq: u64) -> SessionEnd {
        SessionEnd { head: Some(Head { seq, epoch: 1 }), open: false }
    }

    #[test]
    fn the_cache_is_bounded_and_keeps_what_is_used() {
        let mut heads = Heads::default();
        for n in 0..3 * HEADS_MAX as u128 {
            heads.put(SessionId(n), end(1));
            heads.put(SessionId(u128::MAX), end(n as u64));
            assert!(heads.young.len() + heads.old.len() <= HEADS_MAX);
        }
        assert_eq!(heads.get(SessionId(u128::MAX)), Some(end(3 * HEADS_MAX as u64 - 1)));
        assert_eq!(heads.get(SessionId(0)), None);
    }

    #[test]
    fn a_newer_head_hides_the_one_of_the_generation_before() {
        let mut heads = Heads::default();
        heads.put(SessionId(1), end(1));
        for n in 2..=HEADS_MAX as u128 / 2 {
            heads.put(SessionId(n), end(1));
        }
        heads.put(SessionId(1), end(2));
        assert_eq!(heads.get(SessionId(1)), Some(end(2)));
    }
}
