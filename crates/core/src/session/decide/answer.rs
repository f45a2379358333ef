//! A client answers calls: confirmations and custom tool results, in any order, one by one or
//! together.

use super::super::batch::Batch;
use super::super::command::Rejection;
use super::super::state::{Phase, Status};
use super::content::{self, Place};
use super::run;
use super::send::at;
use crate::event::ClientEvent;
use crate::id::EventId;
use crate::limits::CLIENT_EVENT_BYTES_MAX;
use crate::record::payload::{Confirmation, CustomToolResult, StopReason, ToolResult, Verdict};
use crate::record::{Kind, to_payload};
use crate::tool::text_block;

/// Sets the session running first, if these events answer everything that it waits for.
pub(super) fn run_if_settled(batch: &mut Batch<'_>, events: &[ClientEvent]) {
    let waiting = matches!(batch.state.status, Status::Idle(StopReason::RequiresAction { .. }));
    let answered: Vec<EventId> = events
        .iter()
        .filter_map(|event| match event {
            ClientEvent::Confirmation(c) => Some(c.tool_use_id),
            ClientEvent::CustomToolResult(r) => Some(r.custom_tool_use_id),
            _ => None,
        })
        .collect();
    if waiting && !answered.is_empty() && batch.state.pending().all(|c| answered.contains(&c.id)) {
        run(batch);
    }
}

pub(super) fn confirm(
    batch: &mut Batch<'_>,
    index: usize,
    confirmation: &Confirmation,
) -> Result<(), Rejection> {
    let name = "user.tool_confirmation";
    let waits = |c: &&super::super::state::Call| {
        c.id == confirmation.tool_use_id && matches!(c.phase, Phase::Ask(_))
    };
    if batch.state.calls.iter().find(waits).is_none() {
        let text = format!("tool_use_id: {} waits for no confirmation", confirmation.tool_use_id);
        return Err(at(index, name, &text));
    }
    if confirmation.result == Verdict::Allow && confirmation.deny_message.is_some() {
        return Err(at(index, name, "deny_message: only allowed with `deny`"));
    }
    fits(index, name, to_payload(confirmation).len())?;
    batch.push(Kind::UserToolConfirmation, confirmation);
    if confirmation.result == Verdict::Deny {
        let mut text = "The user rejected this tool call.".to_owned();
        if let Some(message) = &confirmation.deny_message {
            text.push(' ');
            text.push_str(message);
        }
        let tool_use_id = confirmation.tool_use_id;
        let content = vec![text_block(&text)];
        batch.push(Kind::AgentToolResult, &ToolResult { tool_use_id, content, is_error: true });
    }
    Ok(())
}

pub(super) fn custom_result(
    batch: &mut Batch<'_>,
    index: usize,
    result: &CustomToolResult,
) -> Result<(), Rejection> {
    let name = "user.custom_tool_result";
    let id = result.custom_tool_use_id;
    if !batch.state.calls.iter().any(|c| c.id == id && c.phase == Phase::Client) {
        let text = format!("custom_tool_use_id: {id} waits for no result");
        return Err(at(index, name, &text));
    }
    content::check(&result.content, Place::Result).map_err(|problem| at(index, name, &problem))?;
    fits(index, name, to_payload(result).len())?;
    batch.push(Kind::UserCustomToolResult, result);
    Ok(())
}

/// Whether the event fits into a record.
pub(super) fn fits(index: usize, name: &str, bytes: usize) -> Result<(), Rejection> {
    if bytes > CLIENT_EVENT_BYTES_MAX {
        let text = format!("{bytes} bytes, at most {CLIENT_EVENT_BYTES_MAX}");
        return Err(at(index, name, &text));
    }
    Ok(())
}
