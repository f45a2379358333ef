//! The model did not answer: try again, visibly or not, or give the turn up.

use super::super::batch::Batch;
use super::super::command::ModelFailure;
use super::advance::{cut, error, idle, take_up};
use super::interrupt::close_request;
use super::thread;
use crate::limits::{
    MODEL_ATTEMPTS_MAX, MODEL_BACKOFF_FROM, MODEL_BACKOFF_TO, RETRY_AFTER_MAX, VISIBLE_WAIT,
};
use crate::model::Usage;
use crate::record::Kind;
use crate::record::payload::{Attempt, RetryStatus, StopReason};

pub(super) fn model_failed(batch: &mut Batch<'_>, failure: ModelFailure) {
    let failures = batch.state.failures + 1;
    if !failure.retryable || failures >= MODEL_ATTEMPTS_MAX {
        return exhausted(batch, failure);
    }
    let wait = wait(failures, batch.stamp.jitter, failure.retry_after);
    let due = batch.stamp.now.max(batch.state.at_us) + wait;
    let (kind, message) = (failure.kind, cut(failure.message));
    let hidden = wait < VISIBLE_WAIT;
    // A span that ends says what it cost itself.
    let usage = if hidden { failure.usage } else { Usage::default() };
    let attempt = Attempt { error: kind.clone(), message: message.clone(), due, usage };
    if hidden {
        batch.push(Kind::Attempt, &attempt);
        return;
    }
    close_request(batch, failure.usage);
    error(batch, &kind, message, RetryStatus::Retrying);
    batch.push(Kind::Attempt, &attempt);
    let thread = thread(batch);
    batch.push(Kind::ThreadStatusRescheduled, &thread);
    batch.push_empty(Kind::SessionStatusRescheduled);
}

/// The endpoint's own wish where it has one, else doubling with jitter of up to a half.
fn wait(failures: u32, jitter: u32, retry_after: Option<u64>) -> u64 {
    if let Some(wish) = retry_after {
        return wish.min(RETRY_AFTER_MAX);
    }
    let doubled = MODEL_BACKOFF_FROM << (failures - 1).min(16);
    let full = doubled.min(MODEL_BACKOFF_TO);
    full / 2 + full / 2 * u64::from(jitter) / u64::from(u32::MAX)
}

/// The turn ends with an error.
pub(super) fn exhausted(batch: &mut Batch<'_>, failure: ModelFailure) {
    close_request(batch, failure.usage);
    error(batch, &failure.kind, cut(failure.message), RetryStatus::Exhausted);
    // Flushed, not lost: what waited becomes history, and the next message starts afresh.
    take_up(batch);
    idle(batch, StopReason::RetriesExhausted, None);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_their_bound_and_a_wish_of_the_endpoint_wins() {
        let waits: Vec<u64> = (1..=10).map(|n| wait(n, u32::MAX, None)).collect();
        assert!(waits.windows(2).all(|w| w[1] == (w[0] * 2).min(MODEL_BACKOFF_TO)));
        assert_eq!(wait(3, 0, None), MODEL_BACKOFF_FROM * 4 / 2);
        assert_eq!(wait(1, 0, Some(7)), 7);
        assert_eq!(wait(1, 0, Some(u64::MAX)), RETRY_AFTER_MAX);
    }
}
