//! One model request: make it from the log, stream the answer, report how it ended.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::StreamExt;
use planaria_core::context::{Context, HARNESS, HARNESS_VERSION};
use planaria_core::id::{EventId, block_event};
use planaria_core::limits::READ_RECORDS_MAX;
use planaria_core::model::{Answer, Usage};
use planaria_core::port::provider::{BlockKind, Delta, Error};
use planaria_core::session::{Command, ModelFailure};

use super::{HarnessDeps, Key};
use crate::limits::MODEL_SILENCE;
use crate::view::Preview;

pub(super) async fn run(
    deps: &HarnessDeps,
    key: Key,
    start: EventId,
    seq: u64,
    context: &mut Context,
) -> Command {
    let (effect, attempt) = key;
    match answer(deps, start, seq, context).await {
        Ok((digest, answer)) => Command::ModelAnswered {
            effect,
            attempt,
            digest,
            harness: (HARNESS.to_owned(), HARNESS_VERSION),
            answer: Box::new(answer),
        },
        Err(failure) => Command::ModelFailed { effect, attempt, failure },
    }
}

async fn answer(
    deps: &HarnessDeps,
    start: EventId,
    seq: u64,
    context: &mut Context,
) -> Result<(String, Answer), ModelFailure> {
    catch_up(deps, seq, context).await.map_err(internal)?;
    let request = context.request().ok_or_else(|| internal("the log has no first record"))?;
    let digest = request.digest();
    let state = deps.shared.view.borrow().state.clone();
    let provider = deps.providers.of(deps.id, &state.metadata).map_err(internal)?;
    let _place = provider.place().await;
    let mut stream = provider.provider().answer(Arc::new(request));
    let mut previews = Previews::new(deps, start);
    let mut used = Usage::default();
    let error = loop {
        let next = tokio::time::timeout(MODEL_SILENCE, stream.next()).await;
        let broken = |message: &str| Error::Broken { message: message.into() };
        match next {
            Ok(Some(Ok(Delta::Done(answer)))) => return Ok((digest, answer)),
            Ok(Some(Ok(Delta::Used(usage)))) => used = usage,
            Ok(Some(Ok(delta))) => previews.delta(delta),
            Ok(Some(Err(error))) => break error,
            Ok(None) => break broken("the stream ended without an answer"),
            Err(_) => break broken("no word from the model for too long"),
        }
    };
    Err(ModelFailure::from(&error).having_used(used))
}

/// A failure on our side of the request: trying the same again cannot help.
fn internal(problem: impl ToString) -> ModelFailure {
    ModelFailure {
        kind: "model_request_failed_error".to_owned(),
        message: problem.to_string(),
        retryable: false,
        retry_after: None,
        usage: Usage::default(),
    }
}

/// Feeds the context what is durable and new.
async fn catch_up(deps: &HarnessDeps, seq: u64, context: &mut Context) -> Result<(), String> {
    while context.seq() < seq {
        let page = deps.store.read(deps.id, context.seq() + 1, READ_RECORDS_MAX).await;
        let page = page.map_err(|error| error.to_string())?;
        if page.is_empty() {
            return Err(format!("the log ends at {} and was durable to {seq}", context.seq()));
        }
        for record in page.iter().take_while(|record| record.seq <= seq) {
            context.push(record).map_err(|error| error.to_string())?;
        }
    }
    Ok(())
}

/// Turns deltas into previews. All text blocks of an answer become one message, so the message's id
/// is that of its first text block, and their indices are counted anew.
struct Previews<'a> {
    deps: &'a HarnessDeps,
    start: EventId,
    message: Option<EventId>,
    texts: BTreeMap<usize, usize>,
}

impl<'a> Previews<'a> {
    fn new(deps: &'a HarnessDeps, start: EventId) -> Self {
        Self { deps, start, message: None, texts: BTreeMap::new() }
    }

    fn delta(&mut self, delta: Delta) {
        match delta {
            Delta::Start { index, kind: BlockKind::Thinking } => {
                self.send(Preview::ThinkingStart { id: block_event(self.start, index) });
            }
            Delta::Text { index, text } if !text.is_empty() => {
                let id = match self.message {
                    Some(id) => id,
                    None => {
                        let id = block_event(self.start, index);
                        self.message = Some(id);
                        self.send(Preview::MessageStart { id });
                        id
                    }
                };
                let next = self.texts.len();
                let index = *self.texts.entry(index).or_insert(next);
                self.send(Preview::Text { id, index, text });
            }
            _ => {}
        }
    }

    fn send(&self, preview: Preview) {
        self.deps.shared.preview(preview);
    }
}
