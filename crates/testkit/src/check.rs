//! Invariants, checked from outside: they look at a session's log and at nothing else.

use std::collections::{BTreeMap, BTreeSet};

use planaria_core::id::EventId;
use planaria_core::record::Kind;
use planaria_core::record::payload::ModelRequestEnd;
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
    calls: BTreeMap<EventId, u64>,
    span: Option<(EventId, u64)>,
    idle: bool,
}

/// Checks a whole log. `finished` says that the session claims to have nothing left to do.
pub fn log(session: SessionId, records: &[Record], finished: bool) -> Vec<Violation> {
    let mut checker = Checker {
        session,
        violations: Vec::new(),
        ids: BTreeSet::new(),
        waiting: BTreeSet::new(),
        calls: BTreeMap::new(),
        span: None,
        idle: false,
    };
    for (index, record) in records.iter().enumerate() {
        let before = index.checked_sub(1).map(|i| &records[i]);
        checker.order(index as u64 + 1, before, record);
        checker.identity(record);
        checker.calls(record);
        checker.spans(record);
        checker.idle(record);
    }
    if finished {
        let end = records.last().map_or(0, |r| r.seq);
        let open: Vec<(EventId, u64)> = checker.calls.iter().map(|(id, seq)| (*id, *seq)).collect();
        for (call, seq) in open {
            checker.broken("settled", end, format!("the call {call} of record {seq} has no result"));
        }
        if let Some((span, seq)) = checker.span {
            checker.broken("settled", end, format!("the span {span} of record {seq} has no end"));
        }
    }
    checker.violations
}

impl Checker {
    fn broken(&mut self, invariant: &'static str, seq: u64, problem: String) {
        self.violations.push(Violation { invariant, session: self.session, seq, problem });
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
        if record.kind == Kind::Accepted {
            self.waiting.insert(record.id);
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
                        let problem = format!("a second result, or one without a use: {}", head.tool_use_id);
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
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn record(seq: u64, kind: Kind, payload: &str) -> Record {
        Record {
            seq,
            id: EventId(u128::from(seq)),
            at_us: seq,
            kind,
            thread: 0,
            epoch: 1,
            payload: Bytes::from(payload.to_owned()),
        }
    }

    fn broken(records: &[Record]) -> Vec<&'static str> {
        log(SessionId(1), records, true).into_iter().map(|v| v.invariant).collect()
    }

    fn result(seq: u64, call: u128) -> Record {
        let payload = format!(r#"{{"tool_use_id":"{}"}}"#, EventId(call));
        record(seq, Kind::AgentToolResult, &payload)
    }

    #[test]
    fn a_hole_an_old_epoch_and_a_repeated_id_are_found() {
        let mut records = vec![record(1, Kind::Genesis, "{}"), record(3, Kind::Claim, "{}")];
        assert_eq!(broken(&records), ["dense"]);
        records[1] = record(2, Kind::Claim, "{}");
        records[1].epoch = 0;
        assert_eq!(broken(&records), ["fenced"]);
        records[1].epoch = 1;
        records[1].id = records[0].id;
        assert_eq!(broken(&records), ["unique"]);
    }

    #[test]
    fn missing_doubled_and_late_results_are_found() {
        let used = || vec![record(1, Kind::AgentToolUse, "{}")];
        assert_eq!(broken(&used()), ["settled"]);
        let twice = [used(), vec![result(2, 1), result(3, 1)]].concat();
        assert_eq!(broken(&twice), ["results"]);
        let early = [used(), vec![record(2, Kind::ModelRequestStart, "{}")]].concat();
        assert_eq!(broken(&early), ["results", "settled", "settled"]);
        assert!(broken(&[used(), vec![result(2, 1)]].concat()).is_empty());
    }

    #[test]
    fn an_event_after_idle_is_found() {
        let idle = record(1, Kind::SessionStatusIdle, "{}");
        assert_eq!(broken(&[idle.clone(), record(2, Kind::AgentMessage, "{}")]), ["idle-last"]);
        assert!(broken(&[idle, record(2, Kind::SessionStatusRunning, "{}")]).is_empty());
    }
}
