//! What every model provider must do, as a suite that runs against any of them whose endpoint can
//! be told what to answer.
//!
//! A provider of your own that speaks one of the usual dialects over HTTP runs it in three lines;
//! `provider_at` makes it for a base URL:
//!
//! ```no_run
//! # use std::sync::Arc;
//! # use planaria_core::model::Request;
//! # use planaria_core::port::{BoxStream, provider::{Delta, Error, Provider}};
//! # use planaria_testkit::provider::{conformance, dialect::{Chat, over_http}};
//! # struct Mine;
//! # impl Provider for Mine {
//! #     fn name(&self) -> &str { "mine" }
//! #     fn answer(&self, _: Arc<Request>) -> BoxStream<'static, Result<Delta, Error>> {
//! #         Box::pin(futures_util::stream::empty())
//! #     }
//! # }
//! # fn provider_at(base_url: &str) -> Mine { Mine }
//! # async fn test() {
//! let rigs = over_http(Chat, |base_url| provider_at(base_url));
//! let skipped = conformance(rigs).await;
//! assert_eq!(skipped, Chat::UNSAID);
//! # }
//! ```
//!
//! [`Messages`](super::dialect::Messages) in the place of [`Chat`](super::dialect::Chat) has words
//! for everything, so nothing is skipped there. Another API is a
//! [`Dialect`](super::dialect::Dialect) of five methods. A provider without HTTP makes its
//! [`Rig`]s itself, from a closure whose provider's next request meets the case; `None` where it
//! cannot behave like that:
//!
//! ```no_run
//! # use std::sync::Arc;
//! # use planaria_core::port::provider::Provider;
//! # use planaria_testkit::provider::{conformance, conformance::{Case, Rig}};
//! # fn provider_that_meets(_: &Case) -> Option<Arc<dyn Provider>> { None }
//! # async fn test() {
//! let rig = |case| async move { provider_that_meets(&case).map(Rig::new) };
//! assert_eq!(conformance(rig).await, [""; 0], "nothing was skipped");
//! # }
//! ```
//!
//! What was skipped is returned by name. [`BEHAVIOURS`] can be run one by one as well.

mod answers;
mod case;
mod failures;
mod giving_up;
mod run;
#[cfg(test)]
mod tests;

use std::future::Future;
use std::panic::{AssertUnwindSafe, resume_unwind};
use std::sync::Arc;

use futures_util::FutureExt;
use planaria_core::port::BoxFuture;

pub use case::{Case, Failure, Rig, Said};

/// Makes a rig for a case.
pub type Rigs = Arc<dyn Fn(Case) -> BoxFuture<'static, Option<Rig>> + Send + Sync>;

/// One thing that every provider does.
#[derive(Clone, Copy)]
pub struct Behaviour {
    /// A sentence, in snake case.
    pub name: &'static str,
    /// Panics if the provider does not do it; `None` if there is no rig for one of its cases.
    pub run: fn(Rigs) -> BoxFuture<'static, Option<()>>,
}

macro_rules! behaviours {
    ($($area:ident :: $name:ident,)*) => {
        &[$(Behaviour { name: stringify!($name), run: |rigs| Box::pin($area::$name(rigs)) }),*]
    };
}

/// The suite.
pub const BEHAVIOURS: &[Behaviour] = behaviours![
    answers::an_answer_is_deltas_and_then_exactly_one_done,
    answers::blocks_begin_at_zero_and_have_no_gaps,
    answers::what_was_previewed_is_what_the_block_holds,
    answers::two_texts_stay_apart,
    answers::text_is_previewed_before_the_answer_is_there,
    answers::an_answer_may_be_empty,
    answers::thinking_is_kept_and_not_previewed,
    answers::calls_come_with_their_input_in_order,
    answers::input_that_is_not_an_object_is_data_and_no_error,
    answers::the_reason_to_stop_is_told,
    answers::a_refusal_is_told_with_its_explanation,
    answers::the_category_of_a_refusal_is_told,
    failures::every_failure_has_its_class,
    failures::a_failure_in_mid_stream_ends_it,
    failures::an_answer_that_breaks_off_is_broken,
    failures::what_a_broken_answer_has_used_is_told,
    giving_up::a_request_that_is_dropped_is_given_up,
];

/// Runs the suite and returns the names of the behaviours for which there was no rig.
///
/// # Panics
/// On the first behaviour that the provider does not show; the message begins with its name.
pub async fn conformance<Set, Setting>(set: Set) -> Vec<&'static str>
where
    Set: Fn(Case) -> Setting + Send + Sync + 'static,
    Setting: Future<Output = Option<Rig>> + Send + 'static,
{
    let rigs: Rigs = Arc::new(move |case| Box::pin(set(case)));
    let mut skipped = Vec::new();
    for behaviour in BEHAVIOURS {
        match AssertUnwindSafe((behaviour.run)(rigs.clone())).catch_unwind().await {
            Ok(Some(())) => {}
            Ok(None) => skipped.push(behaviour.name),
            Err(panic) => {
                let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
                match text.or_else(|| panic.downcast_ref::<String>().cloned()) {
                    Some(text) => panic!("{}: {text}", behaviour.name),
                    None => resume_unwind(panic),
                }
            }
        }
    }
    skipped
}
