//! A call ended, or nobody knows how it ended.

use super::super::batch::Batch;
use super::super::command::Rejection;
use super::super::effects::EffectId;
use super::super::state::Phase;
use super::super::{CALLER_LOST, INTERRUPTED, OUTCOME_UNKNOWN};
use super::{advance, stale};
use crate::limits::RECORD_BYTES_MAX;
use crate::port::sandbox::Ended;
use crate::record::payload::ToolResult;
use crate::record::{Kind, to_payload};
use crate::tool::{Outcome, Runner, text_block};

pub(super) fn tool_ended(
    batch: &mut Batch<'_>,
    effect: EffectId,
    attempt: u32,
    ended: Ended,
) -> Result<(), Rejection> {
    let open = batch.state.calls.iter().find(|call| match call.phase {
        Phase::Wanted(id, _) | Phase::Cancelling(id, ..) => id == effect,
        Phase::Ask(_) | Phase::Client | Phase::Ready(_) => false,
    });
    let Some(call) = open.filter(|_| attempt == batch.state.attempt) else {
        return Err(stale(effect, attempt));
    };
    let tool_use_id = call.id;
    let outcome = match ended {
        Ended::Outcome(outcome) => outcome,
        Ended::Sealed => Outcome::error(INTERRUPTED),
        Ended::Lost if call.runner == Runner::Server => Outcome::error(CALLER_LOST),
        Ended::Lost => Outcome::error(OUTCOME_UNKNOWN),
    };
    let mut result =
        ToolResult { tool_use_id, content: outcome.content, is_error: outcome.is_error };
    if let Err(problem) = super::content::check(&result.content, super::content::Place::Result) {
        result.content = vec![text_block(&format!(
            "The call ended, but its result is not what a tool may return ({problem})."
        ))];
        result.is_error = true;
    }
    let bytes = to_payload(&result).len();
    if bytes > RECORD_BYTES_MAX - 1_024 {
        result.content = vec![text_block(&format!(
            "The call ended, but its result has {bytes} bytes and at most {RECORD_BYTES_MAX} fit. \
             Ask for less of it."
        ))];
        result.is_error = true;
    }
    batch.push(Kind::AgentToolResult, &result);
    advance::advance(batch);
    Ok(())
}
