//! What follows from the state alone: start the next request, dispatch, wait, or end the turn.

use serde_json::json;

use super::super::batch::Batch;
use super::super::state::{Phase, Status};
use super::{interrupt, run, thread};
use crate::id::EventId;
use crate::limits::{ERROR_CHARS_MAX, TURN_REQUESTS_MAX};
use crate::model::StopReason as ModelStop;
use crate::record::Kind;
use crate::record::payload::{
    Dispatch, ErrorBody, Idle, RetryStatus, SessionError, StopDetails, StopReason,
};

/// Brings the session to rest: afterwards it waits for an effect, for its client, or for nothing.
pub(super) fn advance(batch: &mut Batch<'_>) {
    if batch.state.interrupt.is_some() {
        interrupt::settle(batch);
        if batch.state.interrupt.is_some() {
            return;
        }
    }
    match batch.state.status {
        Status::Terminated | Status::Rescheduling { .. } => return,
        Status::New | Status::Idle(_) => {
            if batch.state.is_blocked() {
                return remind(batch);
            }
            if !has_message(batch) {
                return;
            }
            run(batch);
        }
        Status::Running => {}
    }
    if batch.state.model.is_some() {
        return;
    }
    if batch.state.calls.is_empty() { next_request(batch) } else { wait_for_calls(batch) }
}

/// Some of the questions were answered: says which are left.
fn remind(batch: &mut Batch<'_>) {
    let pending: Vec<EventId> = batch.state.pending().map(|c| c.id).collect();
    let reason = StopReason::RequiresAction { event_ids: pending };
    if batch.state.status != Status::Idle(reason.clone()) {
        idle(batch, reason, None);
    }
}

/// Calls are open and no request is: run what may run, wait for the rest.
fn wait_for_calls(batch: &mut Batch<'_>) {
    let pending: Vec<EventId> = batch.state.pending().map(|c| c.id).collect();
    let runs = |p: &Phase| matches!(p, Phase::Wanted(..) | Phase::Cancelling(..));
    if batch.state.calls.iter().any(|c| runs(&c.phase)) && !pending.is_empty() {
        return;
    }
    if pending.is_empty() {
        dispatch(batch);
    } else {
        idle(batch, StopReason::RequiresAction { event_ids: pending }, None);
    }
}

/// Makes every call runnable that may run.
pub(super) fn dispatch(batch: &mut Batch<'_>) {
    let ready: Vec<EventId> = batch
        .state
        .calls
        .iter()
        .filter(|c| matches!(c.phase, Phase::Ready(_)))
        .map(|c| c.id)
        .collect();
    for tool_use_id in ready {
        batch.push(Kind::Dispatch, &Dispatch { tool_use_id });
    }
}

/// Nothing is open: ask the model if there is something to ask about, else end the turn.
fn next_request(batch: &mut Batch<'_>) {
    // What a system message adds applies to a turn: alone it waits for the next one.
    if batch.state.needs_model || has_message(batch) {
        take_up(batch);
    }
    if !batch.state.needs_model {
        let (reason, details) = match batch.state.last_stop.clone() {
            Some(ModelStop::Refusal { category, explanation }) => {
                (StopReason::Refusal, Some(StopDetails::Refusal { category, explanation }))
            }
            _ => (StopReason::EndTurn, None),
        };
        return idle(batch, reason, details);
    }
    if batch.state.turn_requests >= TURN_REQUESTS_MAX {
        let message = format!("The turn was ended after {TURN_REQUESTS_MAX} model requests.");
        error(batch, "tool_use_limit_reached_error", message, RetryStatus::Exhausted);
        return idle(batch, StopReason::RetriesExhausted, None);
    }
    batch.push_empty(Kind::ModelRequestStart);
}

/// Whether a message waits that starts a turn, or keeps one going.
pub(super) fn has_message(batch: &Batch<'_>) -> bool {
    batch.state.queue.iter().any(|queued| queued.kind == Kind::UserMessage)
}

/// Queued client events become history.
pub(super) fn take_up(batch: &mut Batch<'_>) {
    for queued in batch.state.queue.clone() {
        batch.push_as(queued.id, queued.kind, queued.payload);
    }
}

/// Words of others as they go into the log.
pub(super) fn cut(mut words: String) -> String {
    if let Some((end, _)) = words.char_indices().nth(ERROR_CHARS_MAX) {
        words.truncate(end);
        words.push('…');
    }
    words
}

pub(super) fn error(batch: &mut Batch<'_>, kind: &str, message: String, retry: RetryStatus) {
    let body = ErrorBody { kind: kind.to_owned(), message, retry_status: retry };
    batch.push(Kind::SessionError, &SessionError { error: body });
}

/// Running → idle: thread, usage, session, in this order; nothing follows the last.
pub(super) fn idle(batch: &mut Batch<'_>, reason: StopReason, details: Option<StopDetails>) {
    let thread = Some(thread(batch));
    let of_thread = Idle { thread, stop_reason: reason.clone(), stop_details: details.clone() };
    batch.push(Kind::ThreadStatusIdle, &of_thread);
    let (usage, now) = (batch.state.usage, batch.stamp.now.max(batch.state.at_us));
    let seconds = batch.state.active_until(now) as f64 / 1e6;
    batch.push(
        Kind::SessionUsage,
        &json!({
            "usage": {
                "input_tokens": usage.input_tokens,
                "output_tokens": usage.output_tokens,
                "cache_read_input_tokens": usage.cache_read_input_tokens,
                "cache_creation": {
                    "ephemeral_5m_input_tokens": usage.cache_creation_input_tokens,
                    "ephemeral_1h_input_tokens": 0,
                },
                "list_cost": { "amount": "0", "currency": "USD" },
                "active_seconds": seconds,
                "server_tool_use": { "web_search_requests": 0, "web_fetch_requests": 0 },
            },
            "budget": null,
        }),
    );
    let of_session = Idle { thread: None, stop_reason: reason, stop_details: details };
    batch.push(Kind::SessionStatusIdle, &of_session);
}
