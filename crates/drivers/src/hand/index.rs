//! What the journal adds up to: the state of every call that the session's hands ever saw.

use std::collections::BTreeMap;
use std::path::Path;

use planaria_core::EventId;
use planaria_core::tool::Outcome;

use super::error::Error;
use super::journal::{Entry, Journal, Span};
use super::limits::{ANSWERED_BYTES_MAX, CALLS_MAX, JOURNAL_BYTES_MAX, OUTCOMES_KEPT_BYTES};

/// Ids of one record: far fewer bytes than it may have.
const IDS_MAX: usize = 10_000;

/// What is known of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// Its intent is there and its end is not: it runs, or an earlier hand lost it.
    Started,
    /// It ended, and its outcome can be read.
    Ended(Span),
    /// As before, and a server was answered.
    Answered(Span),
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
    /// Answered, and not yet so in the journal; with the bytes of their outcomes.
    unnoted: Vec<EventId>,
    unnoted_bytes: u64,
}

impl Index {
    /// Reads the journal. Whatever is only started was started by an earlier hand.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let (mut calls, mut owner) = (BTreeMap::new(), (0, 0));
        let journal =
            Journal::open(path, |entry, span| fold(&mut calls, &mut owner, &entry, span))?;
        let (generation, epoch) = owner;
        let mut index = Self {
            journal,
            calls,
            generation,
            epoch,
            rewrite_above: JOURNAL_BYTES_MAX,
            unnoted: Vec::new(),
            unnoted_bytes: 0,
        };
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

    /// Notes that a server was answered. A crash may forget the latest of it.
    pub fn answered(&mut self, call: EventId) -> Result<(), Error> {
        let Some(State::Ended(span)) = self.state(call) else { return Ok(()) };
        self.calls.insert(call, State::Answered(span));
        self.unnoted.push(call);
        self.unnoted_bytes += u64::from(span.len);
        if self.unnoted_bytes < ANSWERED_BYTES_MAX {
            return Ok(());
        }
        self.unnoted_bytes = 0;
        let unnoted = std::mem::take(&mut self.unnoted);
        // Bounded, as is each record: an outcome has more bytes than an id by far.
        self.append(&Entry::Answered(unnoted))
    }

    /// Rewrites a journal that became too long. Outcomes stay that no server was answered yet, and
    /// the newest of the others; an older one becomes "lost", which is what a server hears that
    /// asks once more for it after so long.
    fn shrink(&mut self) -> Result<(), Error> {
        if self.journal.bytes() <= self.rewrite_above {
            return Ok(());
        }
        let mut spans: Vec<Span> = self.calls.values().filter_map(answered).collect();
        spans.sort_unstable_by_key(|span| std::cmp::Reverse(span.at));
        let mut bytes = 0;
        let kept = spans.into_iter().take_while(|span| {
            bytes += u64::from(span.len);
            bytes <= OUTCOMES_KEPT_BYTES
        });
        let oldest = kept.last().map_or(u64::MAX, |span| span.at);
        let mut entries = vec![Entry::Owner { generation: self.generation, epoch: self.epoch }];
        let mut noted = Vec::new();
        for (call, state) in &self.calls {
            entries.push(match state {
                State::Started => Entry::Intent(*call),
                State::Sealed => Entry::Sealed(*call),
                State::Ended(span) => self.journal.read(*span)?,
                State::Answered(span) if span.at >= oldest => {
                    noted.push(*call);
                    self.journal.read(*span)?
                }
                State::Answered(_) | State::Lost => Entry::Lost(*call),
            });
        }
        entries.extend(noted.chunks(IDS_MAX).map(|ids| Entry::Answered(ids.to_vec())));
        (self.unnoted, self.unnoted_bytes) = (Vec::new(), 0);
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

fn answered(state: &State) -> Option<Span> {
    match state {
        State::Answered(span) => Some(*span),
        State::Started | State::Ended(_) | State::Sealed | State::Lost => None,
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
        Entry::Answered(answered) => {
            for call in answered {
                if let Some(state) = calls.get_mut(call)
                    && let State::Ended(span) = *state
                {
                    *state = State::Answered(span);
                }
            }
            return;
        }
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
            index.answered(EventId(last)).unwrap();
        }
        assert!(index.journal.bytes() <= OUTCOMES_KEPT_BYTES + (2 << 20));
        let reopened = Index::open(&path).unwrap();
        assert_eq!(reopened.calls.len(), index.calls.len());
        assert_eq!(reopened.owner(), (3, 8));
        assert_eq!(reopened.state(EventId(1)), Some(State::Sealed));
        assert_eq!(reopened.state(EventId(2)), Some(State::Started));
        assert_eq!(reopened.state(EventId(first + 1)), Some(State::Lost));
        let Some(State::Ended(span) | State::Answered(span)) = reopened.state(EventId(last)) else {
            panic!("the newest outcome is gone")
        };
        assert_eq!(reopened.outcome(span).unwrap(), Outcome::text(&*text));
        assert_eq!(reopened.calls.len(), 2 + (last - first) as usize);
    }

    #[test]
    fn an_outcome_that_no_server_was_answered_is_never_forgotten() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("calls");
        let mut index = Index::open(&path).unwrap();
        let text = "x".repeat(1 << 20);
        let ended = |call| Entry::Ended(EventId(call), Outcome::text(&*text));
        let count = JOURNAL_BYTES_MAX / (1 << 20) + 5;
        let calls = || (1..=u128::from(count)).map(EventId);
        for call in calls() {
            index.append(&ended(call.0)).unwrap();
        }
        assert!(index.rewrite_above > JOURNAL_BYTES_MAX, "it was rewritten");
        drop(index);
        // Nor by the next hand, which knows what this one was told of.
        let mut next = Index::open(&path).unwrap();
        assert!(calls().all(|call| matches!(next.state(call), Some(State::Ended(_)))));
        for call in calls().skip(1) {
            next.answered(call).unwrap();
        }
        drop(next);
        let mut last = Index::open(&path).unwrap();
        let ended = calls().filter(|call| matches!(last.state(*call), Some(State::Ended(_))));
        assert!(ended.count() <= 1 + (ANSWERED_BYTES_MAX >> 20) as usize);
        last.rewrite_above = 0;
        last.shrink().unwrap();
        assert!(matches!(last.state(EventId(1)), Some(State::Ended(_))));
        assert_eq!(last.state(EventId(2)), Some(State::Lost));
    }
}
