//! Invariants, checked from outside: they look at a session's log and at nothing else.

use std::collections::{BTreeMap, BTreeSet};

use planaria_core::context::{Context, HARNESS, HARNESS_VERSION};
use planaria_core::id::EventId;
use planaria_core::record::Kind;
use planaria_core::record::payload::{
    Accepted, Answer, Claim, Compacted, HandBound, ModelRequestEnd,
};
use planaria_core::{Record, SessionId};
use serde::Deserialize;

/// The invariants that [`log`] checks, by their names in reports.
pub const INVARIANTS: &[(&str, &str)] = &[
    ("dense", "positions are dense from 1 and times never go back"),
    ("unique", "event ids are unique, but for an accepted event that is taken up"),
    ("fenced", "epochs never decrease along the log"),
    ("results", "every tool use gets exactly one result before the next model request"),
    ("spans", "every model request start has exactly one end"),
    ("idle-last", "nothing follows an idle status until new input"),
    ("settled", "a finished session has nothing open"),
    ("status", "statuses follow each other as the contract has it"),
    ("claims", "each claim raises the attempt by one"),
    ("hands", "each bound hand is one generation after the last"),
    ("replayed", "each answered request is the one that the log gives again"),
];

/// A broken invariant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Its name in [`INVARIANTS`].
    pub invariant: &'static str,
    /// Whose log.
    pub session: SessionId,
    /// Where.
    pub seq: u64,
    /// What was found.
    pub problem: String,
}

#[derive(Deserialize)]
struct ResultHead {
    #[serde(alias = "custom_tool_use_id")]
    tool_use_id: EventId,
}

struct Checker {
    session: SessionId,
    violations: Vec<Violation>,
    ids: BTreeSet<EventId>,
    waiting: BTreeSet<EventId>,
    /// Those of them that must be taken up before the session can be finished.
    input: BTreeSet<EventId>,
    calls: BTreeMap<EventId, u64>,
    span: Option<(EventId, u64)>,
    idle: bool,
    status: Option<Kind>,
    attempt: u32,
    generation: u64,
    /// `None` when a record could not be read.
    context: Option<Context>,
}

/// Checks a whole log. `finished` says that the session claims to have nothing left to do.
pub fn log(session: SessionId, records: &[Record], finished: bool) -> Vec<Violation> {
    let mut checker = Checker {
        session,
        violations: Vec::new(),
        ids: BTreeSet::new(),
        waiting: BTreeSet::new(),
        input: BTreeSet::new(),
        calls: BTreeMap::new(),
        span: None,
        idle: false,
        status: None,
        attempt: 0,
        generation: 0,
        context: Some(Context::default()),
    };
    for (index, record) in records.iter().enumerate() {
        let before = index.checked_sub(1).map(|i| &records[i]);
        checker.order(index as u64 + 1, before, record);
        checker.identity(record);
        checker.calls(record);
        checker.spans(record);
        checker.idle(record);
        checker.status(record);
        checker.owners(record);
        checker.replay(record);
    }
    if finished {
        checker.settled(records.last().map_or(0, |r| r.seq));
    }
    checker.violations
}

impl Checker {
    fn broken(&mut self, invariant: &'static str, seq: u64, problem: String) {
        self.violations.push(Violation { invariant, session: self.session, seq, problem });
    }

    fn settled(&mut self, end: u64) {
        let mut open = Vec::new();
        let calls = self.calls.iter();
        open.extend(calls.map(|(id, seq)| format!("the call {id} of record {seq} has no result")));
        let span = self.span.iter();
        open.extend(span.map(|(id, seq)| format!("the span {id} of record {seq} has no end")));
        open.extend(self.input.iter().map(|id| format!("the accepted {id} was not taken up")));
        open.into_iter().for_each(|problem| self.broken("settled", end, problem));
    }

    fn order(&mut self, expected: u64, before: Option<&Record>, record: &Record) {
        if record.seq != expected {
            self.broken("dense", record.seq, format!("expected record {expected}"));
        }
        let Some(before) = before else { return };
        if record.at_us < before.at_us {
            self.broken("dense", record.seq, "earlier than the record before".to_owned());
        }
        if record.epoch < before.epoch {
            let problem = format!("epoch {} after epoch {}", record.epoch, before.epoch);
            self.broken("fenced", record.seq, problem);
        }
    }

    fn identity(&mut self, record: &Record) {
        let taken_up = self.waiting.remove(&record.id);
        self.input.remove(&record.id);
        if record.kind == Kind::Accepted {
            self.waiting.insert(record.id);
            // An addition to the system prompt waits for the next message.
            let system = Kind::SystemMessage.name();
            if record.parse::<Accepted>().is_ok_and(|accepted| accepted.kind != system) {
                self.input.insert(record.id);
            }
        }
        if !self.ids.insert(record.id) && !taken_up {
            self.broken("unique", record.seq, format!("{} occurs before", record.id));
        }
    }

    fn calls(&mut self, record: &Record) {
        match record.kind {
            Kind::AgentToolUse | Kind::AgentCustomToolUse => {
                self.calls.insert(record.id, record.seq);
            }
            Kind::AgentToolResult | Kind::UserCustomToolResult | Kind::CallClosed => {
                match record.parse::<ResultHead>() {
                    Ok(head) if self.calls.remove(&head.tool_use_id).is_some() => {}
                    Ok(head) => {
                        let problem =
                            format!("a second result, or one without a use: {}", head.tool_use_id);
                        self.broken("results", record.seq, problem);
                    }
                    Err(error) => self.broken("results", record.seq, error.to_string()),
                }
            }
            Kind::ModelRequestStart if !self.calls.is_empty() => {
                let problem = format!("{} calls have no result yet", self.calls.len());
                self.broken("results", record.seq, problem);
            }
            _ => {}
        }
    }

    fn spans(&mut self, record: &Record) {
        match record.kind {
            Kind::ModelRequestStart => {
                if let Some((open, _)) = self.span.replace((record.id, record.seq)) {
                    self.broken("spans", record.seq, format!("{open} is still open"));
                }
            }
            Kind::ModelRequestEnd => {
                let end = record.parse::<ModelRequestEnd>().map(|e| e.model_request_start_id);
                let open = self.span.take().map(|(id, _)| id);
                if end.as_ref().ok() != open.as_ref() {
                    self.broken("spans", record.seq, format!("ends {end:?}, open is {open:?}"));
                }
            }
            _ => {}
        }
    }

    fn idle(&mut self, record: &Record) {
        let input = matches!(
            record.kind,
            Kind::SessionStatusRunning
                | Kind::UserInterrupt
                | Kind::UserToolConfirmation
                | Kind::UserCustomToolResult
                | Kind::ThreadStatusIdle
                | Kind::AgentToolResult
        );
        if self.idle && record.kind.is_public() && !input {
            let problem = format!("{} after session.status_idle", record.kind.name());
            self.broken("idle-last", record.seq, problem);
        }
        if record.kind.is_public() {
            self.idle = record.kind == Kind::SessionStatusIdle;
        }
    }

    fn status(&mut self, record: &Record) {
        use Kind::{
            SessionStatusIdle as Idle, SessionStatusRescheduled as Rescheduled,
            SessionStatusRunning as Running, SessionStatusTerminated as Terminated,
        };
        let good = match (self.status, record.kind) {
            (Some(Terminated), kind) => !kind.is_public(),
            (None | Some(Idle | Rescheduled), Running) => true,
            (Some(Running | Idle | Rescheduled), Idle) => true,
            (Some(Running), Rescheduled) => true,
            (_, Running | Idle | Rescheduled) => false,
            _ => true,
        };
        if !good {
            let before = self.status.map_or("nothing".into(), Kind::name);
            let problem = format!("{} after {before}", record.kind.name());
            self.broken("status", record.seq, problem);
        }
        if matches!(record.kind, Running | Idle | Rescheduled | Terminated) {
            self.status = Some(record.kind);
        }
    }

    /// Harnesses and hands follow each other without a gap.
    fn owners(&mut self, record: &Record) {
        match record.kind {
            Kind::Claim => {
                let Ok(claim) = record.parse::<Claim>() else { return };
                if claim.attempt != self.attempt + 1 {
                    let problem = format!("attempt {} after {}", claim.attempt, self.attempt);
                    self.broken("claims", record.seq, problem);
                }
                self.attempt = claim.attempt;
            }
            Kind::HandBound => {
                let Ok(HandBound { locator, .. }) = record.parse() else { return };
                if locator.generation != self.generation + 1 {
                    let problem = format!("hand {} after {}", locator.generation, self.generation);
                    self.broken("hands", record.seq, problem);
                }
                self.generation = locator.generation;
            }
            _ => {}
        }
    }

    /// A fresh harness would have asked the model the same, byte for byte.
    fn replay(&mut self, record: &Record) {
        let Some(context) = &mut self.context else { return };
        let mut problem = None;
        if record.kind == Kind::Answer
            && let Ok(answer) = record.parse::<Answer>()
            && answer.harness == (HARNESS.to_owned(), HARNESS_VERSION)
        {
            let again = context.request().map(|request| request.digest()).unwrap_or_default();
            if again != answer.digest {
                problem = Some(format!("asked {}, the log gives {again}", answer.digest));
            }
        }
        if record.kind == Kind::Compacted
            && let Ok(compacted) = record.parse::<Compacted>()
            && compacted.harness == (HARNESS.to_owned(), HARNESS_VERSION)
        {
            let again = context.compaction(compacted.level);
            let again = again.map(|again| (again.request.digest(), again.upto));
            if again != Some((compacted.digest, compacted.upto)) {
                problem = Some(format!("a summary was asked for otherwise than {again:?}"));
            }
        }
        if context.push(record).is_err() {
            self.context = None;
        }
        if let Some(problem) = problem {
            self.broken("replayed", record.seq, problem);
        }
    }
}

#[cfg(test)]
mod tests;
