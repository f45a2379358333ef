//! A new harness takes over.

use super::super::CALLER_LOST;
use super::super::batch::Batch;
use super::super::effects::effects;
use super::super::state::{Call, Phase};
use super::advance;
use super::interrupt::{close_call, close_request};
use crate::model::Usage;
use crate::record::Kind;
use crate::record::payload::Claim;
use crate::tool::Runner;

/// Reports of the harness before become stale. A request that was open is asked anew: what had
/// arrived of its answer died with its harness. Without open effects there is nothing to take over.
pub(super) fn claim(batch: &mut Batch<'_>, harness: String, version: u32) {
    if effects(&batch.state).is_empty() {
        return;
    }
    let attempt = batch.state.attempt + 1;
    batch.push(Kind::Claim, &Claim { harness, version, attempt });
    if batch.state.model.is_some() {
        close_request(batch, Usage::default());
        batch.push_empty(Kind::ModelRequestStart);
    }
    let lost: Vec<Call> = batch.state.calls.iter().filter(|call| is_lost(call)).cloned().collect();
    if lost.is_empty() {
        return;
    }
    for Call { id, phase, .. } in lost {
        close_call(batch, id, phase, CALLER_LOST.to_owned());
    }
    advance::advance(batch);
}

/// A call that ran in the process of the harness before has no hand that would know how it ended.
/// What may be run again is; anything else may have taken effect.
fn is_lost(call: &Call) -> bool {
    let (Phase::Wanted(_, class) | Phase::Cancelling(_, class, _)) = call.phase else {
        return false;
    };
    call.runner == Runner::Server && !class.may_rerun()
}
