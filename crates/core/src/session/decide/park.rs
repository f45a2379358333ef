//! The restart budget is spent: the turn ends, visibly, and the session waits for a new message.

use super::super::batch::Batch;
use super::super::state::{Call, Phase, Status};
use super::super::{CALLER_LOST, INTERRUPTED, OUTCOME_UNKNOWN};
use super::advance::{cut, error, idle, take_up};
use super::interrupt::{close_call, close_request};
use crate::model::Usage;
use crate::record::payload::{Parked, RetryStatus, StopReason};
use crate::record::{Kind, to_payload};
use crate::tool::Runner;

pub(super) fn park(batch: &mut Batch<'_>, reason: String) {
    if !matches!(batch.state.status, Status::Running | Status::Rescheduling { .. }) {
        return;
    }
    let reason = cut(reason);
    batch.push(Kind::Parked, &Parked { reason: reason.clone() });
    close_request(batch, Usage::default());
    for Call { id, phase, runner, .. } in batch.state.calls.clone() {
        let runs = matches!(phase, Phase::Wanted(..) | Phase::Cancelling(..));
        let text = match runner {
            _ if !runs => INTERRUPTED,
            Runner::Server => CALLER_LOST,
            Runner::Hand => OUTCOME_UNKNOWN,
        };
        close_call(batch, id, phase, text.to_owned());
    }
    let message = format!("The session failed too often and was parked: {reason}");
    error(batch, "unknown_error", message, RetryStatus::Exhausted);
    if let Some(id) = batch.state.interrupt {
        batch.push_as(id, Kind::UserInterrupt, to_payload(&serde_json::json!({})));
    }
    take_up(batch);
    idle(batch, StopReason::RetriesExhausted, None);
}
