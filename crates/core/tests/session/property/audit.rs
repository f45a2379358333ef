//! What must be true of every log, at every position that can be seen.

use std::collections::{BTreeMap, BTreeSet};

use planaria_core::EventId;
use planaria_core::Kind;
use planaria_core::record::payload::{
    Accepted, CustomToolResult, Dispatch, ModelRequestEnd, StopReason,
};
use planaria_core::session::{Command, Effect, SessionState, Stamp, Status, decide, effects};
use serde_json::Value;

use super::order;
use crate::world::{World, interrupt, message};

pub fn check(world: &World) {
    positions_and_ids(world);
    let open = calls(world);
    let started = requests(world);
    intents(world, &open, started);
    rest(&world.state);
    someone_is_listened_to(world);
    order::check(world);
}

/// I1: dense from 1, times that never go back, no event twice.
fn positions_and_ids(world: &World) {
    let mut ids = BTreeSet::new();
    for (index, record) in world.log.iter().enumerate() {
        assert_eq!(record.seq, index as u64 + 1);
        // A client's event is first accepted, then taken up, under one id.
        let accepted = record.kind == Kind::Accepted;
        assert!(accepted || ids.insert(record.id), "{} occurs twice", record.id);
    }
    assert!(world.log.windows(2).all(|pair| pair[0].at_us <= pair[1].at_us));
    assert_eq!(world.state.seq, world.log.len() as u64);
}

fn result_of(record: &planaria_core::Record) -> Option<EventId> {
    match record.kind {
        Kind::AgentToolResult | Kind::CallClosed => {
            let payload: Value = record.parse().unwrap();
            Some(payload["tool_use_id"].as_str().unwrap().parse().unwrap())
        }
        Kind::UserCustomToolResult => {
            Some(record.parse::<CustomToolResult>().unwrap().custom_tool_use_id)
        }
        _ => None,
    }
}

/// I3: one result per call, behind it; the calls without one are those that the state knows.
fn calls(world: &World) -> Vec<EventId> {
    let mut open = Vec::new();
    for record in &world.log {
        if matches!(record.kind, Kind::AgentToolUse | Kind::AgentCustomToolUse) {
            open.push(record.id);
        }
        if let Some(call) = result_of(record) {
            let at = open.iter().position(|id| *id == call);
            open.remove(at.unwrap_or_else(|| panic!("{call}: a result without an open call")));
        }
    }
    assert_eq!(open, world.state.calls.iter().map(|c| c.id).collect::<Vec<_>>());
    open
}

/// I3: one end per request, and at most one request open.
fn requests(world: &World) -> Option<EventId> {
    let mut open = None;
    for record in &world.log {
        match record.kind {
            Kind::ModelRequestStart => {
                assert_eq!(open.replace(record.id), None, "two requests are open");
            }
            Kind::ModelRequestEnd => {
                let end: ModelRequestEnd = record.parse().unwrap();
                assert_eq!(open.take(), Some(end.model_request_start_id));
            }
            _ => {}
        }
    }
    assert_eq!(open, world.state.model.map(|model| model.start));
    open
}

/// I4: what was called for and has not ended is in flight, and nothing else is.
fn intents(world: &World, open: &[EventId], request: Option<EventId>) {
    let mut calls = Vec::new();
    let mut requests = Vec::new();
    for effect in effects(&world.state) {
        match effect {
            Effect::Model { start, .. } => requests.push(start),
            Effect::Tool { call, cancel_by, .. } => {
                assert_eq!(cancel_by.is_some(), world.state.interrupt.is_some());
                calls.push(call);
            }
            Effect::Timer { .. } => {
                assert!(matches!(world.state.status, Status::Rescheduling { .. }));
            }
            other => panic!("unknown effect {other:?}"),
        }
    }
    assert_eq!(requests, Vec::from_iter(request));
    let dispatched = world.log.iter().filter(|r| r.kind == Kind::Dispatch);
    let dispatched = dispatched.map(|r| r.parse::<Dispatch>().unwrap().tool_use_id);
    let mut wanted: Vec<EventId> = dispatched.filter(|call| open.contains(call)).collect();
    wanted.sort_unstable();
    calls.sort_unstable();
    assert_eq!(calls, wanted);
    accepted_events(world);
}

/// Every event of a client is taken up once, or still waits.
fn accepted_events(world: &World) {
    let mut waiting: BTreeMap<EventId, String> = BTreeMap::new();
    for record in &world.log {
        if record.kind == Kind::Accepted {
            waiting.insert(record.id, record.parse::<Accepted>().unwrap().kind);
        } else if let Some(kind) = waiting.remove(&record.id) {
            assert_eq!(kind, record.kind.name());
        }
    }
    let queued = world.state.queue.iter().map(|queued| queued.id);
    let known: BTreeSet<EventId> = queued.chain(world.state.interrupt).collect();
    assert_eq!(waiting.into_keys().collect::<BTreeSet<_>>(), known);
}

/// I6: a running session has something in flight, one that waits for its client says for what.
fn rest(state: &SessionState) {
    let running = matches!(state.status, Status::Running | Status::Rescheduling { .. });
    assert_eq!(running, !effects(state).is_empty(), "{:?}", state.status);
    if let Status::Idle(StopReason::RequiresAction { event_ids }) = &state.status {
        assert!(!event_ids.is_empty());
        assert_eq!(*event_ids, state.pending().map(|c| c.id).collect::<Vec<_>>());
    } else if !running {
        assert_eq!(state.calls, []);
        let message = state.queue.iter().any(|queued| queued.kind == Kind::UserMessage);
        assert!(!message, "a message waits and nobody runs");
    }
}

/// I6: an interrupt is always accepted, and a message unless the session waits for answers.
fn someone_is_listened_to(world: &World) {
    let stamp = Stamp { now: world.now, id_seed: 1, jitter: 0 };
    let send = |event| decide(&world.state, Command::Send(vec![event]), &stamp);
    assert!(!send(interrupt()).unwrap().is_empty());
    assert_eq!(send(message("hello")).is_err(), world.state.is_blocked());
}
