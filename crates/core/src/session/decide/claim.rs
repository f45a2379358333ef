//! A new harness takes over.

use super::super::batch::Batch;
use super::super::effects::effects;
use super::interrupt::close_request;
use crate::model::Usage;
use crate::record::Kind;
use crate::record::payload::Claim;

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
}
