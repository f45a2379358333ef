//! One session's place: its workspace, the journal of its calls, its hands.

mod course;
mod hands;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use planaria_core::port::sandbox::{Call, Ended, Error};
use planaria_core::{EventId, SessionId};
use tokio::sync::Notify;
use tokio::sync::futures::OwnedNotified;

use super::chances;
use super::fault::{CallFault, HandFaults};
use super::ledger::{Death, Run};
use super::work::{self, Moment, Work};

/// What is seen from outside, and the time at which it is.
#[derive(Debug, Default)]
pub(super) struct Books {
    pub now: Duration,
    pub runs: Vec<Run>,
    pub deaths: Vec<Death>,
    /// How often a living hand was not destroyed, as its faults have it.
    pub spared: u64,
}

/// The state of one session's hands.
pub(super) struct Site {
    session: SessionId,
    seed: u64,
    pub faults: HandFaults,
    /// The highest epoch that any hand has heard.
    epoch: u64,
    hands: Vec<HandState>,
    /// Outside the workspace, and older than any hand.
    journal: BTreeMap<EventId, Entry>,
    running: Vec<Running>,
    workspace: BTreeMap<String, File>,
    /// Calls whose connection was cut before they began: once each.
    cut: BTreeSet<EventId>,
    /// Wakes those who wait in the order in which they came, which a watch channel would not.
    changed: Arc<Notify>,
}

struct HandState {
    generation: u64,
    address: String,
    alive: bool,
    /// How often its connections broke.
    cuts: u64,
    /// How many runs it has begun.
    runs: usize,
}

/// What calls have left behind under one key.
#[derive(Debug, Default)]
struct File {
    /// How often the effect is there.
    written: u64,
    content: String,
}

/// What the journal holds of a call.
#[derive(Debug, Default)]
struct Entry {
    /// The hand that meant to start it last.
    intent: Option<usize>,
    end: Option<Ended>,
}

struct Running {
    call: EventId,
    tool: String,
    hand: usize,
    /// Where it stands in the books.
    run: usize,
    work: Work,
}

/// A connection: to which hand, under which epoch, before which cut.
#[derive(Debug, Clone, Copy)]
pub(super) struct Link {
    hand: usize,
    epoch: u64,
    cuts: u64,
}

/// What a hand says to an `ensure`.
pub(super) enum Asked {
    Ended(Ended),
    /// Look again at that time, if there is one, or when something has changed.
    Runs {
        until: Option<Duration>,
        changed: OwnedNotified,
    },
}

impl Site {
    pub fn new(session: SessionId, seed: u64) -> Self {
        Self {
            session,
            seed,
            faults: HandFaults::default(),
            epoch: 0,
            hands: Vec::new(),
            journal: BTreeMap::new(),
            running: Vec::new(),
            workspace: BTreeMap::new(),
            cut: BTreeSet::new(),
            changed: Arc::default(),
        }
    }

    pub fn journaled(&self, call: EventId) -> Option<Ended> {
        self.journal.get(&call).and_then(|entry| entry.end.clone())
    }

    pub fn living(&self) -> Vec<u64> {
        self.hands.iter().filter(|hand| hand.alive).map(|hand| hand.generation).collect()
    }

    pub fn written(&self, key: &str) -> u64 {
        self.workspace.get(key).map_or(0, |file| file.written)
    }

    /// Lets calls end that wait to be released.
    pub fn release(&mut self, call: EventId, now: Duration) {
        for running in self.running.iter_mut().filter(|running| running.call == call) {
            running.work.moments.insert(0, (now, Moment::End));
        }
        self.changed.notify_waiters();
    }

    pub fn forget(&mut self, call: EventId) {
        self.journal.remove(&call);
        self.running.retain(|running| running.call != call);
    }

    /// Starts a call, or joins it, or says how it ended.
    pub fn ensure(&mut self, link: Link, call: &Call, books: &mut Books) -> Result<Asked, Error> {
        self.check(link)?;
        let entry = self.journal.entry(call.id).or_default();
        if let Some(end) = &entry.end {
            return Ok(Asked::Ended(end.clone()));
        }
        match entry.intent {
            Some(hand) if hand == link.hand => {}
            // An earlier hand meant to start it and left no outcome.
            Some(_) if !call.rerun => {
                entry.end = Some(Ended::Lost);
                return Ok(Asked::Ended(Ended::Lost));
            }
            _ => self.start(link, call, books)?,
        }
        let next = self.running.iter().find(|running| running.call == call.id);
        let until = next.and_then(|running| running.work.moments.first()).map(|(at, _)| *at);
        Ok(Asked::Runs { until, changed: self.changed.clone().notified_owned() })
    }

    fn start(&mut self, link: Link, call: &Call, books: &mut Books) -> Result<(), Error> {
        let key = work::key(call);
        // What a call does must not depend on what goes wrong, nor on how often it is run.
        let ours = |run: &&Run| run.session == self.session && run.key == key;
        let runs = books.runs.iter().filter(ours).count() as u64;
        let others = books.runs.iter().filter(ours).filter(|run| run.call != call.id);
        let calls = others.map(|run| run.call).collect::<BTreeSet<_>>().len() as u64;
        let mut plain = chances(self.seed, self.session, &key, calls);
        let mut luck = chances(self.seed, self.session, &format!("fault at {key}"), runs);
        let fault = self.faults.draw(&mut luck);
        if fault == Some(CallFault::CutBefore) && self.cut.insert(call.id) {
            self.hands[link.hand].cuts += 1;
            self.changed.notify_waiters();
            return self.check(link);
        }
        let work = work::plan(call, key.clone(), fault, &mut plain, books.now);
        self.journal.entry(call.id).or_default().intent = Some(link.hand);
        let run = books.runs.len();
        self.hands[link.hand].runs += 1;
        books.runs.push(Run {
            session: self.session,
            call: call.id,
            tool: call.name.clone(),
            key,
            generation: self.hands[link.hand].generation,
            at: books.now,
            took_effect: false,
        });
        let tool = call.name.clone();
        self.running.push(Running { call: call.id, tool, hand: link.hand, run, work });
        Ok(())
    }

    /// Stops a running call; one that is not running never will.
    pub fn cancel(&mut self, link: Link, call: EventId) -> Result<(), Error> {
        self.check(link)?;
        let position = self.running.iter().position(|running| running.call == call);
        if let Some(position) = position {
            self.stop(position, "killed");
        } else {
            let entry = self.journal.entry(call).or_default();
            // What an earlier hand may have begun cannot be sealed: nobody knows how it ended.
            let end = if entry.intent.is_some() { Ended::Lost } else { Ended::Sealed };
            entry.end.get_or_insert(end);
        }
        self.changed.notify_waiters();
        Ok(())
    }

    fn stop(&mut self, position: usize, why: &str) {
        let running = self.running.remove(position);
        let outcome = work::stopped(why, &running.tool, &running.work.key);
        self.end(running.call, Ended::Outcome(outcome));
    }

    fn end(&mut self, call: EventId, ended: Ended) {
        self.journal.entry(call).or_default().end = Some(ended);
        self.changed.notify_waiters();
    }
}
