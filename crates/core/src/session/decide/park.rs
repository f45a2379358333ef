//! The restart budget is spent: the turn ends, visibly, and the session waits for a new message.

use super::super::batch::Batch;
use super::super::state::{Phase, Status};
use super::super::{INTERRUPTED, OUTCOME_UNKNOWN};
use super::advance::{cut, error, idle, take_up};
use super::interrupt::{close_call, close_request};
use crate::id::EventId;
use crate::model::Usage;
use crate::record::payload::{Parked, RetryStatus, StopReason};
use crate::record::{Kind, to_payload};

pub(super) fn park(batch: &mut Batch<'_>, reason: String) {
    if !matches!(batch.state.status, Status::Running | Status::Rescheduling { .. }) {
        return;
    }
    let reason = cut(reason);
    batch.push(Kind::Parked, &Parked { reason: reason.clone() });
    close_request(batch, Usage::default());
    let open: Vec<(EventId, Phase)> = batch.state.calls.iter().map(|c| (c.id, c.phase)).collect();
    for (call, phase) in open {
        let runs = matches!(phase, Phase::Wanted(..) | Phase::Cancelling(..));
        let text = if runs { OUTCOME_UNKNOWN.to_owned() } else { INTERRUPTED.to_owned() };
        close_call(batch, call, phase, text);
    }
    let message = format!("The session failed too often and was parked: {reason}");
    error(batch, "unknown_error", message, RetryStatus::Exhausted);
    if let Some(id) = batch.state.interrupt {
        batch.push_as(id, Kind::UserInterrupt, to_payload(&serde_json::json!({})));
    }
    take_up(batch);
    idle(batch, StopReason::RetriesExhausted, None);
}
