//! Tokens of requests that end without an answer.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::{StreamExt, stream};
use planaria_core::SessionId;
use planaria_core::model::{Answer, Block, Request, StopReason, Usage};
use planaria_core::port::BoxStream;
use planaria_core::port::provider::{Delta, Error, Provider};

use crate::support::{Rig, create, idle, say};

const SESSION: SessionId = SessionId(1);

fn tokens(input_tokens: u64) -> Usage {
    Usage { input_tokens, ..Usage::default() }
}

/// Breaks off, ends without a word, falls silent, and answers at last. Each time it tells first
/// what it has used.
#[derive(Default)]
struct Fourth(AtomicUsize);

impl Provider for Fourth {
    fn name(&self) -> &str {
        "fourth"
    }

    fn answer(&self, request: Arc<Request>) -> BoxStream<'static, Result<Delta, Error>> {
        let begun =
            |used| stream::iter([Ok(Delta::Used(tokens(1))), Ok(Delta::Used(tokens(used)))]);
        let ends = |item| stream::iter([item]);
        match self.0.fetch_add(1, Ordering::Relaxed) {
            0 => begun(10).chain(ends(Err(Error::Broken { message: "cut".to_owned() }))).boxed(),
            1 => begun(200).boxed(),
            2 => begun(3_000).chain(stream::pending()).boxed(),
            _ => {
                let answer = Answer {
                    model: request.model.clone(),
                    blocks: vec![Block::Text("At last.".to_owned())],
                    stop: StopReason::EndTurn,
                    usage: tokens(40_000),
                };
                begun(7).chain(ends(Ok(Delta::Done(answer)))).boxed()
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_broken_answers_have_used_is_counted_once() {
    let rig = Rig::new();
    let runtime = rig.start(rig.store(), Fourth::default()).await;
    create(&runtime, SESSION).await;
    say(&runtime, SESSION, "hello").await;
    assert_eq!(idle(&runtime, SESSION).await.usage, tokens(43_210));
}
