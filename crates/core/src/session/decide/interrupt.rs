//! Stop: model requests at once, running calls when they have been stopped.

use serde_json::json;
use serde_json::value::RawValue;

use super::super::INTERRUPTED;
use super::super::batch::Batch;
use super::super::command::Rejection;
use super::super::state::{Phase, Status};
use super::advance::{advance, idle};
use super::send::at;
use super::thread;
use crate::id::EventId;
use crate::model::Usage;
use crate::record::payload::{Accepted, CallClosed, ModelRequestEnd, StopReason, ToolResult};
use crate::record::{Kind, to_payload};
use crate::tool::text_block;

pub(super) fn interrupt(
    batch: &mut Batch<'_>,
    index: usize,
    thread_id: Option<String>,
) -> Result<(), Rejection> {
    let primary = thread(batch).session_thread_id.to_string();
    if thread_id.as_ref().is_some_and(|id| *id != primary) {
        return Err(at(index, "user.interrupt", "session_thread_id: no such thread"));
    }
    let blocked = batch.state.is_blocked();
    let active = matches!(batch.state.status, Status::Running | Status::Rescheduling { .. });
    if batch.state.interrupt.is_some() || !(active || blocked) {
        // Nothing to stop, or it is being stopped already.
        batch.push_empty(Kind::UserInterrupt);
        return Ok(());
    }
    let event = RawValue::from_string("{}".to_owned()).expect("an empty object is JSON");
    let kind = Kind::UserInterrupt.name().into_owned();
    batch.push(Kind::Accepted, &Accepted { kind, event });
    advance(batch);
    Ok(())
}

/// Closes what can be closed; ends the turn when nothing runs any more.
pub(super) fn settle(batch: &mut Batch<'_>) {
    close_request(batch, Usage::default());
    let unstarted: Vec<(EventId, Phase)> = batch
        .state
        .calls
        .iter()
        .filter(|c| matches!(c.phase, Phase::Ask(_) | Phase::Client | Phase::Ready(_)))
        .map(|c| (c.id, c.phase))
        .collect();
    for (call, phase) in unstarted {
        close_call(batch, call, phase, INTERRUPTED.to_owned());
    }
    if !batch.state.calls.is_empty() {
        return;
    }
    let Some(id) = batch.state.interrupt else { return };
    batch.push_as(id, Kind::UserInterrupt, to_payload(&json!({})));
    idle(batch, StopReason::EndTurn, None);
}

/// Ends the open model request, if there is one, without an answer. `usage` is what its last
/// attempt cost all the same.
pub(super) fn close_request(batch: &mut Batch<'_>, usage: Usage) {
    end_request(batch, true, usage);
}

/// Ends the open model request, if there is one. It cost what all of its attempts did.
pub(super) fn end_request(batch: &mut Batch<'_>, is_error: bool, usage: Usage) {
    if let Some(model) = batch.state.model {
        let mut model_usage = model.used;
        model_usage.add(usage);
        let model_request_start_id = model.start;
        let end = ModelRequestEnd { model_request_start_id, is_error, model_usage };
        batch.push(Kind::ModelRequestEnd, &end);
    }
}

/// Gives an open call an error result of our own.
pub(super) fn close_call(batch: &mut Batch<'_>, call: EventId, phase: Phase, text: String) {
    if phase == Phase::Client {
        batch.push(Kind::CallClosed, &CallClosed { tool_use_id: call, text });
    } else {
        let content = vec![text_block(&text)];
        let result = ToolResult { tool_use_id: call, content, is_error: true };
        batch.push(Kind::AgentToolResult, &result);
    }
}
