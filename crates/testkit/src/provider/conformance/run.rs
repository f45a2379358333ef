//! Asking a provider, and looking at what its stream yields.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use planaria_core::model::{Answer, Message, Request, Role};
use planaria_core::port::BoxStream;
use planaria_core::port::provider::{BlockKind, Delta, Error};
use planaria_core::tool::text_block;

use super::Rig;

/// A provider that is silent for so long has hung. Long enough for a machine that is busy.
const HUNG_AFTER: Duration = Duration::from_secs(60);
/// Items of one stream beyond which it is taken for endless.
const ITEMS_MAX: usize = 10_000;

pub(super) type Items = BoxStream<'static, Result<Delta, Error>>;

/// Asks the rig's provider a question that names itself.
pub(super) fn ask(rig: &Rig, question: &str) -> Items {
    let message = Message { role: Role::User, content: vec![text_block(question)] };
    rig.provider.answer(Arc::new(Request {
        model: "test-model".to_owned(),
        effort: None,
        system: String::new(),
        messages: vec![message],
        tools: Vec::new(),
        max_tokens: 1_024,
    }))
}

/// The stream's next item.
pub(super) async fn next(items: &mut Items) -> Option<Result<Delta, Error>> {
    let item = tokio::time::timeout(HUNG_AFTER, items.next()).await;
    item.expect("the provider hangs")
}

/// Waits for something that a test cannot do without.
pub(super) async fn within<T>(what: &str, future: impl Future<Output = T>) -> T {
    let waited = tokio::time::timeout(HUNG_AFTER, future).await;
    waited.unwrap_or_else(|_| panic!("{what}: not within {HUNG_AFTER:?}"))
}

/// Everything that a stream yields, to its end.
pub(super) async fn all(mut items: Items) -> Vec<Result<Delta, Error>> {
    let mut seen = Vec::new();
    while let Some(item) = next(&mut items).await {
        seen.push(item);
        assert!(seen.len() < ITEMS_MAX, "the stream does not end");
    }
    seen
}

/// The previews and the answer of a stream that succeeds.
pub(super) async fn answer(items: Items) -> (Vec<Delta>, Answer) {
    let mut previews = Vec::new();
    let mut answer = None;
    for item in all(items).await {
        assert!(answer.is_none(), "after the answer came {item:?}");
        match item {
            Ok(Delta::Done(done)) => answer = Some(done),
            Ok(delta) => previews.push(delta),
            Err(error) => panic!("the stream failed: {error}"),
        }
    }
    (previews, answer.expect("a stream ends with its answer"))
}

/// The error of a stream that must fail, with what came before it.
pub(super) async fn failure(items: Items) -> (Vec<Delta>, Error) {
    let mut before = Vec::new();
    let mut failure = None;
    for item in all(items).await {
        assert!(failure.is_none(), "after the failure came {item:?}");
        match item {
            Ok(Delta::Done(answer)) => panic!("an answer in spite of the failure: {answer:?}"),
            Ok(delta) => before.push(delta),
            Err(error) => failure = Some(error),
        }
    }
    (before, failure.expect("a stream that has no answer ends with its error"))
}

/// The kinds of the blocks that were announced, by their indices.
pub(super) fn announced(previews: &[Delta]) -> Vec<BlockKind> {
    let mut kinds = Vec::new();
    for delta in previews {
        if let Delta::Start { index, kind } = delta {
            assert_eq!(*index, kinds.len(), "blocks begin at 0, one after the other");
            kinds.push(*kind);
        }
    }
    kinds
}

/// The text that was previewed for block `index`. It must have been announced as text before.
pub(super) fn previewed(previews: &[Delta], index: usize) -> String {
    let mut begun = false;
    let mut text = String::new();
    for delta in previews {
        match delta {
            Delta::Start { index: at, kind } if *at == index => begun = *kind == BlockKind::Text,
            Delta::Text { index: at, text: more } if *at == index => {
                assert!(begun, "text for block {index}, which was not announced as text");
                text.push_str(more);
            }
            _ => {}
        }
    }
    text
}
