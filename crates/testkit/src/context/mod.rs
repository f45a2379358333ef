//! What every choice of context must do, as a suite that runs against any of them.
//!
//! ```
//! use planaria_core::context::WholeLog;
//! use planaria_testkit::context::conformance;
//!
//! conformance(|| WholeLog::default());
//! ```
//! The closure makes the policy; it is asked for more than one, as two harnesses would.

mod logs;

use planaria_core::Record;
use planaria_core::context::{Context, ContextPolicy};
use planaria_core::limits::COMPACTION_LEVEL_MAX;
use planaria_core::model::Request;

/// Runs the suite over logs with everything in them that a session can say.
///
/// # Panics
/// On the first thing that the policy does otherwise, with the log and the position.
pub fn conformance<P: ContextPolicy>(fresh: impl Fn() -> P) {
    for (name, log) in logs::all() {
        let (one, other) = (fresh(), fresh());
        assert!(!one.name().is_empty(), "a policy has a name");
        assert_eq!(
            (one.name(), one.version()),
            (other.name(), other.version()),
            "name and version do not depend on the process"
        );
        let mut followed = Context::default();
        for (index, record) in log.iter().enumerate() {
            followed.push(record).expect("the suite's logs can be read");
            if asks(&log, index) {
                at(
                    &one,
                    &other,
                    &followed,
                    &log[..=index],
                    &format!("{name}, record {}", record.seq),
                );
            }
        }
    }
}

/// Whether the session asks the model after this record.
fn asks(log: &[Record], index: usize) -> bool {
    log[index].kind == planaria_core::Kind::ModelRequestStart
}

/// What must hold at one position: `followed` was fed as the log grew, `one` and `other` are alike.
fn at(
    one: &dyn ContextPolicy,
    other: &dyn ContextPolicy,
    followed: &Context,
    log: &[Record],
    place: &str,
) {
    let mut read = Context::default();
    log.iter().for_each(|record| read.push(record).expect("the suite's logs can be read"));
    let request = one.request(followed).unwrap_or_else(|| panic!("{place}: no request"));
    valid(&request, place);
    let again = other.request(&read);
    assert_eq!(Some(&request), again.as_ref(), "{place}: another harness asks otherwise");
    assert_eq!(one.is_full(followed), other.is_full(&read), "{place}: full to one of two");
    for level in 0..=COMPACTION_LEVEL_MAX {
        let compaction = one.compaction(followed, level);
        assert_eq!(compaction, other.compaction(&read, level), "{place}, level {level}");
        if let Some(compaction) = compaction {
            valid(&compaction.request, &format!("{place}, summary at level {level}"));
            let head = log.last().map_or(0, |record| record.seq);
            assert!(compaction.upto <= head, "{place}: a summary of what is not there yet");
        }
    }
}

fn valid(request: &Request, place: &str) {
    if let Err(problem) = request.check() {
        panic!("{place}: {problem}");
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::atomic::{AtomicUsize, Ordering};

    use planaria_core::context::WholeLog;

    use super::*;

    #[test]
    fn the_policy_of_the_house_keeps_to_it() {
        conformance(WholeLog::default);
        conformance(|| WholeLog { compact_at: 1 });
    }

    /// Does something to the request of the house.
    struct Odd<F>(F);

    impl<F: Fn(&mut Request) + Send + Sync> ContextPolicy for Odd<F> {
        fn name(&self) -> &str {
            "odd"
        }

        fn version(&self) -> u32 {
            1
        }

        fn request(&self, context: &Context) -> Option<Request> {
            let mut request = context.request()?;
            (self.0)(&mut request);
            Some(request)
        }

        fn is_full(&self, _: &Context) -> bool {
            false
        }
    }

    fn refusal(odd: impl Fn(&mut Request) + Send + Sync + Clone) -> String {
        let run = || conformance(|| Odd(odd.clone()));
        let panic = catch_unwind(AssertUnwindSafe(run)).expect_err("the suite refuses it");
        panic.downcast_ref::<String>().cloned().unwrap_or_default()
    }

    #[test]
    fn one_that_separates_results_from_their_calls_is_refused() {
        let only_last =
            |request: &mut Request| drop(request.messages.drain(..request.messages.len() - 1));
        assert!(refusal(only_last).contains("results for 0 calls"));
    }

    #[test]
    fn one_that_depends_on_something_else_than_the_log_is_refused() {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let counts = |request: &mut Request| {
            request.system = COUNT.fetch_add(1, Ordering::Relaxed).to_string();
        };
        assert!(refusal(counts).contains("another harness asks otherwise"));
    }
}
