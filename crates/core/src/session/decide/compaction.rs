//! The context runs full: a summary takes the place of what came before, and the request goes on.

use super::super::batch::Batch;
use super::super::command::ModelFailure;
use super::model_failed::exhausted;
use crate::limits::{COMPACTION_LEVEL_MAX, COMPACTIONS_MAX};
use crate::model::Usage;
use crate::record::Kind;
use crate::record::payload::{Compacted, CompactionWanted};

/// Asks for a summary. Each one that did not help leaves more out of what is summarised, and there
/// is an end to it.
pub(super) fn context_full(batch: &mut Batch<'_>, usage: Usage) {
    let model = batch.state.model.expect("checked: the request is open");
    let level = model.compact.map_or(model.compactions, |level| level + 1);
    if model.compactions >= COMPACTIONS_MAX || level > COMPACTION_LEVEL_MAX {
        let (done, most) = (model.compactions, COMPACTION_LEVEL_MAX);
        let message = format!(
            "The conversation does not fit the model's context window, and summarising it did not help \
             ({done} summaries were made, {} of {most} ways to shorten it were tried). Use a model with a larger \
             window, or a shorter system prompt and fewer tools.",
            level.min(most)
        );
        let kind = "compaction_limit_reached_error".to_owned();
        let failure = ModelFailure { kind, message, retryable: false, retry_after: None, usage };
        return exhausted(batch, failure);
    }
    batch.push(Kind::CompactionWanted, &CompactionWanted { level, usage });
}

pub(super) fn compacted(batch: &mut Batch<'_>, compacted: &Compacted) {
    batch.push(Kind::Compacted, compacted);
    batch.push_empty(Kind::ThreadContextCompacted);
}
