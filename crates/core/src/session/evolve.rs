//! Facts change the state. Total: what is in the log cannot be refused.

use std::sync::Arc;

use bytes::Bytes;
use serde::Deserialize;

use super::effects::EffectId;
use super::state::{Call, ModelRequest, Phase, Queued, SessionState, Status};
use crate::agent::{Permission, permission, runner};
use crate::id::EventId;
use crate::limits::CANCEL_WAIT;
use crate::model::{StopReason as ModelStop, Usage};
use crate::record::payload::{
    Accepted, Attempt, Claim, CompactionWanted, Confirmation, Dispatch, Genesis, HandBound, Idle,
    StopReason, Verdict,
};
use crate::record::{Kind, PayloadError, Record};
use crate::tool::{EffectClass, Runner};

#[derive(Deserialize)]
struct AnswerHead {
    stop: ModelStop,
}

#[derive(Deserialize)]
struct EndHead {
    model_usage: Usage,
}

#[derive(Deserialize)]
struct CompactedHead {
    usage: Usage,
}

#[derive(Deserialize)]
struct UseHead {
    name: String,
    evaluated_permission: Option<String>,
}

#[derive(Deserialize)]
struct ResultHead {
    #[serde(alias = "custom_tool_use_id")]
    tool_use_id: EventId,
}

/// Folds one record into the state.
///
/// # Panics
/// When the payload is not what this version writes for its kind. Such a record passed its
/// checksum, so this is a bug, not damage; [`fold`] reports it as an error instead.
pub fn evolve(state: &mut SessionState, record: &Record) {
    if let Err(error) = try_evolve(state, record) {
        panic!("a record that this version wrote must fold: {error}");
    }
}

/// Folds records that were read from a store.
///
/// # Errors
/// The first record whose payload is not what its kind promises; the session must not go on.
pub fn fold<'a>(
    state: &mut SessionState,
    records: impl IntoIterator<Item = &'a Record>,
) -> Result<(), PayloadError> {
    records.into_iter().try_for_each(|record| try_evolve(state, record))
}

fn try_evolve(state: &mut SessionState, record: &Record) -> Result<(), PayloadError> {
    state.seq = record.seq;
    state.at_us = record.at_us;
    state.epoch = record.epoch;
    match record.kind {
        Kind::Genesis => {
            let genesis: Genesis = record.parse()?;
            state.session = Some(genesis.session);
            state.agent = Some(Arc::new(genesis.agent));
            state.metadata = Arc::new(genesis.metadata);
        }
        Kind::Accepted => accepted(state, record)?,
        Kind::Claim => state.attempt = record.parse::<Claim>()?.attempt,
        Kind::HandBound => state.hand = Some(record.parse::<HandBound>()?.locator),
        Kind::UserMessage | Kind::SystemMessage => {
            state.queue.retain(|queued| queued.id != record.id);
            if record.kind == Kind::UserMessage {
                state.needs_model = true;
                state.turn_requests = 0;
            }
        }
        Kind::UserInterrupt => {
            if state.interrupt == Some(record.id) {
                state.interrupt = None;
            }
        }
        Kind::UserToolConfirmation => confirmed(state, &record.parse()?),
        Kind::AgentMessage => state.last_message = Some(record.seq),
        Kind::AgentToolUse | Kind::AgentCustomToolUse => used(state, record)?,
        Kind::Dispatch => dispatched(state, record.seq, &record.parse()?),
        Kind::AgentToolResult | Kind::UserCustomToolResult | Kind::CallClosed => {
            let call = record.parse::<ResultHead>()?.tool_use_id;
            state.calls.retain(|c| c.id != call);
            state.needs_model = true;
            state.steps += 1;
        }
        _ => progressed(state, record)?,
    }
    Ok(())
}

/// Records of the turn as a whole: model requests and statuses.
fn progressed(state: &mut SessionState, record: &Record) -> Result<(), PayloadError> {
    match record.kind {
        Kind::ModelRequestStart => {
            let effect = EffectId(record.seq);
            // A request that replaces one which died while it waited goes on waiting.
            // Not the record's own time, which may lie ahead of a clock that was set back.
            let due = state.retry_due;
            let (start, used) = (record.id, Usage::default());
            let (compact, compactions) = (None, 0);
            state.model = Some(ModelRequest { effect, start, due, used, compact, compactions });
            state.needs_model = false;
        }
        Kind::Attempt => {
            let Attempt { due, usage, .. } = record.parse()?;
            state.failures += 1;
            state.retry_due = due;
            if let Some(model) = &mut state.model {
                model.effect = EffectId(record.seq);
                model.due = due;
                model.used.add(usage);
            }
        }
        Kind::CompactionWanted => {
            let wanted: CompactionWanted = record.parse()?;
            if let Some(model) = &mut state.model {
                model.effect = EffectId(record.seq);
                model.compact = Some(wanted.level);
                model.used.add(wanted.usage);
            }
        }
        Kind::Compacted => compacted(state, record)?,
        Kind::Answer => {
            let head: AnswerHead = record.parse()?;
            state.turn_requests += 1;
            state.failures = 0;
            state.retry_due = 0;
            state.needs_model = head.stop == ModelStop::PauseTurn;
            state.last_stop = Some(head.stop);
        }
        Kind::ModelRequestEnd => {
            state.usage.add(record.parse::<EndHead>()?.model_usage);
            state.model = None;
        }
        Kind::SessionStatusRunning => {
            state.status = Status::Running;
            state.running_since = Some(record.at_us);
        }
        Kind::SessionStatusIdle => {
            let idle: Idle = record.parse()?;
            stop_clock(state, record.at_us);
            if !matches!(idle.stop_reason, StopReason::RequiresAction { .. }) {
                state.failures = 0;
                state.retry_due = 0;
            }
            state.needs_model = false;
            state.status = Status::Idle(idle.stop_reason);
        }
        Kind::SessionStatusRescheduled => {
            stop_clock(state, record.at_us);
            state.needs_model = true;
            let effect = EffectId(record.seq);
            state.status = Status::Rescheduling { effect, due: state.retry_due };
        }
        Kind::SessionStatusTerminated => state.status = Status::Terminated,
        _ => {}
    }
    Ok(())
}

/// The request goes on with the summary.
fn compacted(state: &mut SessionState, record: &Record) -> Result<(), PayloadError> {
    let CompactedHead { usage } = record.parse()?;
    state.retry_due = 0;
    if let Some(model) = &mut state.model {
        model.effect = EffectId(record.seq);
        model.due = 0;
        model.compact = None;
        model.compactions += 1;
        model.used.add(usage);
    }
    Ok(())
}

fn stop_clock(state: &mut SessionState, now: u64) {
    state.active_us = state.active_until(now);
    state.running_since = None;
}

fn accepted(state: &mut SessionState, record: &Record) -> Result<(), PayloadError> {
    let accepted: Accepted = record.parse()?;
    match Kind::from_name(&accepted.kind) {
        Some(Kind::UserInterrupt) => {
            state.interrupt = Some(record.id);
            for call in &mut state.calls {
                if let Phase::Wanted(effect, class) = call.phase {
                    let by = record.at_us + CANCEL_WAIT;
                    call.phase = Phase::Cancelling(effect, class, by);
                }
            }
        }
        Some(kind) => state.queue.push(Queued {
            id: record.id,
            kind,
            payload: Bytes::copy_from_slice(accepted.event.get().as_bytes()),
        }),
        None => {}
    }
    Ok(())
}

fn class_of(state: &SessionState, name: &str) -> EffectClass {
    match state.agent.as_ref().map(|agent| permission(agent, name)) {
        Some(Permission::Allow(class) | Permission::Ask(class, _)) => class,
        // Refused calls never run; the strictest class is the safe one to show.
        _ => EffectClass::AtMostOnce,
    }
}

fn used(state: &mut SessionState, record: &Record) -> Result<(), PayloadError> {
    let head: UseHead = record.parse()?;
    let class = class_of(state, &head.name);
    let phase = match (record.kind, head.evaluated_permission.as_deref()) {
        (Kind::AgentCustomToolUse, _) => Phase::Client,
        (_, Some("ask")) => Phase::Ask(class),
        _ => Phase::Ready(class),
    };
    let runner = state.agent.as_ref().map_or(Runner::Hand, |agent| runner(agent, &head.name));
    let (id, use_seq, name) = (record.id, record.seq, head.name);
    state.calls.push(Call { id, use_seq, name, runner, phase });
    Ok(())
}

fn confirmed(state: &mut SessionState, confirmation: &Confirmation) {
    if confirmation.result == Verdict::Allow
        && let Some(call) = state.calls.iter_mut().find(|c| c.id == confirmation.tool_use_id)
        && let Phase::Ask(class) = call.phase
    {
        call.phase = Phase::Ready(class);
    }
}

fn dispatched(state: &mut SessionState, seq: u64, dispatch: &Dispatch) {
    if let Some(call) = state.calls.iter_mut().find(|c| c.id == dispatch.tool_use_id)
        && let Phase::Ready(class) = call.phase
    {
        call.phase = Phase::Wanted(EffectId(seq), class);
    }
}
