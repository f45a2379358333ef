//! What the journal adds up to: the state of every call that the session's hands ever saw.

use std::collections::BTreeMap;
use std::path::Path;

use planaria_core::EventId;
use planaria_core::tool::Outcome;

use super::error::Error;
use super::journal::{Entry, Journal, Span};
use super::limits::{CALLS_MAX, JOURNAL_BYTES_MAX, OUTCOMES_KEPT_BYTES};

/// What is known of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// Its intent is there and its end is not: it runs, or an earlier hand lost it.
    Started,
    /// It ended, and its outcome can be read.
    Ended(Span),
    /// It never started and never will.
    Sealed,
    /// It may have run; nothing else is known, and it will not start again.
    Lost,
}

/// The journal with its index.
#[derive(Debug)]
pub(super) struct Index {
    journal: Journal,
    calls: BTreeMap<EventId, State>,
    generation: u64,
    epoch: u64,
    rewrite_above: u64,
}

impl Index {
    /// Reads the journal. Whatever is only started was started by an earlier hand.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let (mut calls, mut owner) = (BTreeMap::new(), (0, 0));
        let journal =
            Journal::open(path, |entry, span| fold(&mut calls, &mut owner, &entry, span))?;
        let (generation, epoch) = owner;
        let mut index =
            Self { journal, calls, generation, epoch, rewrite_above: JOURNAL_BYTES_MAX };
        index.shrink()?;
        Ok(index)
    }

    /// The highest generation and epoch that ever owned the workspace.
    pub fn owner(&self) -> (u64, u64) {
        (self.generation, self.epoch)
    }

    /// What is known of the call.
    pub fn state(&self, call: EventId) -> Option<State> {
        self.calls.get(&call).copied()
    }

    /// Whether no more calls can be remembered.
    pub fn is_full(&self) -> bool {
        self.calls.len() >= CALLS_MAX
    }

    /// The outcome of a call that ended.
    pub fn outcome(&self, span: Span) -> Result<Outcome, Error> {
        match self.journal.read(span)? {
            Entry::Ended(_, outcome) => Ok(outcome),
            other => panic!("the index names {other:?} as an outcome"),
        }
    }

    /// Makes a fact durable.
    pub fn append(&mut self, entry: &Entry) -> Result<(), Error> {
        let span = self.journal.append(entry)?;
        let mut owner = self.owner();
        fold(&mut self.calls, &mut owner, entry, span);
        (self.generation, self.epoch) = owner;
        self.shrink()
    }

    /// Rewrites a journal that became too long. The newest outcomes stay; an older one becomes
    /// "lost", which is what a server hears that asks for it after so long.
    fn shrink(&mut self) -> Result<(), Error> {
        if self.journal.bytes() <= self.rewrite_above {
            return Ok(());
        }
        let mut spans: Vec<Span> = self.calls.values().filter_map(ended).collect();
        spans.sort_unstable_by_key(|span| std::cmp::Reverse(span.at));
        let mut bytes = 0;
        let kept = spans.into_iter().take_while(|span| {
            bytes += u64::from(span.len);
            bytes <= OUTCOMES_KEPT_BYTES
        });
        let oldest = kept.last().map_or(u64::MAX, |span| span.at);
        let mut entries = vec![Entry::Owner { generation: self.generation, epoch: self.epoch }];
        for (call, state) in &self.calls {
            entries.push(match state {
                State::Started => Entry::Intent(*call),
                State::Sealed => Entry::Sealed(*call),
                State::Ended(span) if span.at >= oldest => self.journal.read(*span)?,
                State::Ended(_) | State::Lost => Entry::Lost(*call),
            });
        }
        self.journal.rewrite(&entries)?;
        let path = self.journal.path().to_owned();
        self.calls.clear();
        let (calls, mut owner) = (&mut self.calls, (0, 0));
        self.journal = Journal::open(&path, |entry, span| fold(calls, &mut owner, &entry, span))?;
        // What must stay may be long by itself; it is not rewritten again for every record.
        self.rewrite_above = self.journal.bytes() + JOURNAL_BYTES_MAX;
        Ok(())
    }
}

fn ended(state: &State) -> Option<Span> {
    match state {
        State::Ended(span) => Some(*span),
        State::Started | State::Sealed | State::Lost => None,
    }
}

fn fold(calls: &mut BTreeMap<EventId, State>, owner: &mut (u64, u64), entry: &Entry, span: Span) {
    let (call, state) = match entry {
        Entry::Owner { generation, epoch } => {
            *owner = (owner.0.max(*generation), owner.1.max(*epoch));
            return;
        }
        Entry::Intent(call) => (call, State::Started),
        Entry::Ended(call, _) => (call, State::Ended(span)),
        Entry::Sealed(call) => (call, State::Sealed),
        Entry::Lost(call) => (call, State::Lost),
    };
    calls.insert(*call, state);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_journal_keeps_its_newest_outcomes_and_forgets_no_call() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("calls");
        let mut index = Index::open(&path).unwrap();
        index.append(&Entry::Owner { generation: 3, epoch: 8 }).unwrap();
        index.append(&Entry::Sealed(EventId(1))).unwrap();
        index.append(&Entry::Intent(EventId(2))).unwrap();
        let text = "x".repeat(1 << 20);
        let first = 10;
        let mut last = first;
        while index.rewrite_above == JOURNAL_BYTES_MAX {
            last += 1;
            index.append(&Entry::Ended(EventId(last), Outcome::text(&*text))).unwrap();
        }
        assert!(index.journal.bytes() <= OUTCOMES_KEPT_BYTES + (1 << 20));
        let reopened = Index::open(&path).unwrap();
        assert_eq!(reopened.calls, index.calls);
        assert_eq!(reopened.owner(), (3, 8));
        assert_eq!(reopened.state(EventId(1)), Some(State::Sealed));
        assert_eq!(reopened.state(EventId(2)), Some(State::Started));
        assert_eq!(reopened.state(EventId(first + 1)), Some(State::Lost));
        let Some(State::Ended(span)) = reopened.state(EventId(last)) else {
            panic!("the newest outcome is gone")
        };
        assert_eq!(reopened.outcome(span).unwrap(), Outcome::text(&*text));
        assert_eq!(reopened.calls.len(), 2 + (last - first) as usize);
    }
}
