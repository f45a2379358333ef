//! Hands as the port promises them, and the ledger that nobody inside can touch: how often each
//! call was really started.

use std::collections::BTreeMap;

use planaria_core::id::EventId;
use planaria_core::port::sandbox::Ended;
use planaria_core::tool::Outcome;

/// What a hand wrote before it started a call, and what it wrote when the call had ended. Like the
/// hand's own journal it stands outside the workspace and survives the hand.
#[derive(Clone)]
struct Entry {
    generation: u64,
    end: Option<Ended>,
}

/// Whether running a call of this tool twice does no harm. Said here once more, so that a class
/// that was changed by mistake does not change what is checked.
pub fn may_run_twice(tool: &str) -> bool {
    ["read", "write", "glob", "grep", "peek", "read_log"].contains(&tool)
}

/// The hands of one session, one after the other.
#[derive(Clone, Default)]
pub struct Hands {
    /// The generation that lives, if one does.
    pub alive: Option<u64>,
    journal: BTreeMap<EventId, Entry>,
    /// How often each call was started.
    pub starts: BTreeMap<EventId, u32>,
}

impl Hands {
    /// Starts the call, or joins it, or finds its journaled end.
    pub fn ensure(&mut self, call: EventId, rerun: bool) {
        let generation = self.alive.expect("bound before its first call");
        let start = match self.journal.get(&call) {
            None => true,
            Some(Entry { end: Some(_), .. }) => false,
            Some(entry) if entry.generation == generation => false,
            Some(_) if rerun => true,
            Some(_) => {
                self.journal.insert(call, Entry { generation, end: Some(Ended::Lost) });
                false
            }
        };
        if start {
            *self.starts.entry(call).or_default() += 1;
            self.journal.insert(call, Entry { generation, end: None });
        }
    }

    /// A call that runs is killed and ends; one that never started never will; one that ran under a
    /// hand that is dead is lost.
    pub fn cancel(&mut self, call: EventId) {
        let Some(generation) = self.alive else { return };
        let entry = self.journal.entry(call);
        let entry = entry.or_insert(Entry { generation, end: Some(Ended::Sealed) });
        if entry.end.is_none() {
            let mine = entry.generation == generation;
            let killed = Ended::Outcome(Outcome::error("Killed."));
            entry.end = Some(if mine { killed } else { Ended::Lost });
        }
    }

    /// A call that runs comes to its end.
    pub fn finish(&mut self, call: EventId, outcome: Outcome) {
        let alive = self.alive;
        if let Some(entry) = self.journal.get_mut(&call)
            && entry.end.is_none()
            && Some(entry.generation) == alive
        {
            entry.end = Some(Ended::Outcome(outcome));
        }
    }

    pub fn end(&self, call: EventId) -> Option<Ended> {
        self.journal.get(&call).and_then(|entry| entry.end.clone())
    }

    /// The hand dies with everything that it runs.
    pub fn kill(&mut self) {
        self.alive = None;
    }
}
