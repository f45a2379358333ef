//! How endpoints word what they say: the part of a provider's tests that differs between APIs.
//!
//! A [`Dialect`] turns a [`Case`] of the [conformance suite](super::conformance()) into the bytes
//! of an HTTP reply. [`Messages`] is that of the Anthropic Messages API, [`Chat`] that of chat
//! completions. Their events can be made one by one as well ([`messages`], [`chat`]), for tests of
//! what is particular to a provider.

pub mod chat;
pub mod messages;

use std::sync::Arc;

use planaria_core::model::{StopReason, Usage};
use planaria_core::port::BoxFuture;
use planaria_core::port::provider::Provider;
use serde_json::Value;

pub use chat::Chat;
pub use messages::Messages;

use super::conformance::{Case, Failure, Rig, Said};
use super::{End, FakeEndpoint, Reply};

/// How an endpoint over HTTP words what a [`Case`] wants of it. Every method answers `None` where
/// the dialect has no words for that; the suite then skips what needs them and says so.
pub trait Dialect: Send + Sync + 'static {
    /// The events of a whole answer.
    fn answer(&self, said: &[Said], stop: &StopReason) -> Option<String>;

    /// The events of an answer that has said `text`, piece by piece, and has not ended.
    fn begun(&self, text: &[String]) -> Option<String>;

    /// The events of an answer that has only told yet what it has used so far.
    fn used(&self, usage: &Usage) -> Option<String>;

    /// The status and the document of a failure before anything was said.
    fn refusal(&self, failure: Failure) -> Option<(u16, Value)>;

    /// The event of a failure after something was said.
    fn interruption(&self, failure: Failure) -> Option<String>;

    /// The reply that a case wants. Made from the other methods, which is right for answers that
    /// are streams of server-sent events.
    fn reply(&self, case: &Case) -> Option<Reply> {
        let cut = |events: String, end| Reply::sse(events).ending(end);
        match case {
            Case::Answers { said, stop } => self.answer(said, stop).map(Reply::sse),
            Case::Fails(failure) => {
                self.refusal(*failure).map(|(status, body)| Reply::json(status, &body))
            }
            Case::FailsAfter { text, failure } => {
                Some(Reply::sse(self.begun(text)? + &self.interruption(*failure)?))
            }
            Case::BreaksOffAfter { text } => Some(cut(self.begun(text)?, End::Closed)),
            Case::BreaksOffHavingUsed { usage } => Some(cut(self.used(usage)?, End::Closed)),
            Case::StallsAfter { text } => Some(cut(self.begun(text)?, End::Stalled)),
        }
    }
}

/// Rigs for the [conformance suite](super::conformance()): for each case a [`FakeEndpoint`] that
/// says it in a dialect, and the provider that `provider` makes for the endpoint's base URL
/// (`http://127.0.0.1:PORT`, without a path).
pub fn over_http<P: Provider + 'static>(
    dialect: impl Dialect,
    provider: impl Fn(&str) -> P + Send + Sync + 'static,
) -> impl Fn(Case) -> BoxFuture<'static, Option<Rig>> + Send + Sync + 'static {
    let world = Arc::new((dialect, provider));
    move |case| {
        let world = world.clone();
        Box::pin(async move {
            let (dialect, provider) = &*world;
            let reply = dialect.reply(&case)?;
            let endpoint = FakeEndpoint::start().await;
            endpoint.reply(reply);
            let rig = Rig::new(Arc::new(provider(&endpoint.base_url())));
            Some(rig.given_up(endpoint.given_up(1)).keeping(endpoint))
        })
    }
}
