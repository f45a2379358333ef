//! One model request: make it from the log, stream the answer, report how it ended.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::StreamExt;
use planaria_core::context::{Compaction, Context, ContextPolicy};
use planaria_core::id::{EventId, block_event};
use planaria_core::limits::{READ_RECORDS_MAX, SUMMARY_CHARS_MAX};
use planaria_core::model::{Answer, Block, Request, StopReason, Usage};
use planaria_core::port::provider::{BlockKind, Delta, Error};
use planaria_core::record::payload::Compacted;
use planaria_core::session::{Command, ModelFailure};

use super::{HarnessDeps, Key};
use crate::limits::MODEL_SILENCE;
use crate::view::Preview;

/// One model request that is wanted.
pub(super) struct Job {
    pub key: Key,
    pub start: EventId,
    /// How far the log is durable.
    pub seq: u64,
    /// Set when the context is to be summed up first: the level.
    pub compact: Option<u32>,
}

pub(super) async fn run(deps: &HarnessDeps, job: &Job, context: &mut Context) -> Command {
    let (effect, attempt) = job.key;
    let policy = deps.policy.current();
    let done = match (catch_up(deps, job.seq, context).await.map_err(internal), job.compact) {
        (Err(failure), _) => Err(failure),
        (Ok(()), Some(level)) => compact(deps, job, policy.as_ref(), context, level).await,
        (Ok(()), None) => answer(deps, job, policy.as_ref(), context).await,
    };
    done.unwrap_or_else(|failure| Command::ModelFailed { effect, attempt, failure })
}

async fn answer(
    deps: &HarnessDeps,
    job: &Job,
    policy: &dyn ContextPolicy,
    context: &Context,
) -> Result<Command, ModelFailure> {
    let (effect, attempt) = job.key;
    if policy.is_full(context) && policy.compaction(context, 0).is_some() {
        return Ok(Command::ContextFull { effect, attempt, usage: Usage::default() });
    }
    let request = policy.request(context).ok_or_else(|| internal("the log has no first record"))?;
    let digest = request.digest();
    let mut previews = Previews::new(deps, job.start);
    match ask(deps, request, |delta| previews.delta(delta)).await? {
        Ok(answer) => Ok(Command::ModelAnswered {
            effect,
            attempt,
            digest,
            harness: (policy.name().to_owned(), policy.version()),
            answer: Box::new(answer),
        }),
        Err((Error::TooLong { .. }, usage)) => Ok(Command::ContextFull { effect, attempt, usage }),
        Err((error, used)) => Err(ModelFailure::from(&error).having_used(used)),
    }
}

/// Asks for the summary that the request will go on from. Nobody sees it come: it is no message.
async fn compact(
    deps: &HarnessDeps,
    job: &Job,
    policy: &dyn ContextPolicy,
    context: &Context,
    level: u32,
) -> Result<Command, ModelFailure> {
    let (effect, attempt) = job.key;
    let nothing =
        || internal("the request is too long for the model, and there is nothing to sum up");
    let Compaction { request, upto } = policy.compaction(context, level).ok_or_else(nothing)?;
    let digest = request.digest();
    let answer = match ask(deps, request, |_| {}).await? {
        Ok(answer) => answer,
        Err((Error::TooLong { .. }, usage)) => {
            return Ok(Command::ContextFull { effect, attempt, usage });
        }
        Err((error, used)) => return Err(ModelFailure::from(&error).having_used(used)),
    };
    let text = |block: &Block| match block {
        Block::Text(text) if !text.trim().is_empty() => Some(text.clone()),
        _ => None,
    };
    let summary = answer.blocks.iter().filter_map(text).collect::<Vec<_>>().join("\n\n");
    // Longer ones would be cut when they are read, and might not fit into a record.
    let summary: String = summary.chars().take(SUMMARY_CHARS_MAX).collect();
    // Words beside a call are about the call, and those of a refusal about itself.
    let other = answer.blocks.iter().any(|block| matches!(block, Block::ToolUse { .. }))
        || matches!(answer.stop, StopReason::Refusal { .. });
    if summary.is_empty() || other {
        let message = "the model wrote no summary of the conversation".to_owned();
        return Err(ModelFailure::from(&Error::Broken { message }).having_used(answer.usage));
    }
    let harness = (policy.name().to_owned(), policy.version());
    let Answer { model, usage, .. } = answer;
    let compacted = Box::new(Compacted { upto, summary, level, digest, harness, model, usage });
    Ok(Command::Compacted { effect, attempt, compacted })
}

/// An answer, or why there is none and what it cost all the same.
type Asked = Result<Answer, (Error, Usage)>;

/// Sends one request and waits for the end of its answer.
async fn ask(
    deps: &HarnessDeps,
    request: Request,
    mut on_delta: impl FnMut(Delta),
) -> Result<Asked, ModelFailure> {
    let state = deps.shared.view.borrow().state.clone();
    let provider = deps.providers.of(deps.id, &state.metadata).map_err(internal)?;
    let _place = provider.place().await;
    let mut stream = provider.provider().answer(Arc::new(request));
    let mut used = Usage::default();
    let error = loop {
        let next = tokio::time::timeout(MODEL_SILENCE, stream.next()).await;
        let broken = |message: &str| Error::Broken { message: message.into() };
        match next {
            Ok(Some(Ok(Delta::Done(answer)))) => return Ok(Ok(answer)),
            Ok(Some(Ok(Delta::Used(usage)))) => used = usage,
            Ok(Some(Ok(delta))) => on_delta(delta),
            Ok(Some(Err(error))) => break error,
            Ok(None) => break broken("the stream ended without an answer"),
            Err(_) => break broken("no word from the model for too long"),
        }
    };
    Ok(Err((error, used)))
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
