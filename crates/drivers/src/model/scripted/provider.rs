//! The script behind the port.

use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt, stream};
use planaria_core::model::{Answer, Block, Request, StopReason, ToolInput, UNSIGNED, Usage};
use planaria_core::port::BoxStream;
use planaria_core::port::provider::{BlockKind, Delta, Error, Provider};
use serde_json::json;

use super::limits::{CHARS_PER_TOKEN, TEXT_PIECES};
use super::parse::Script;
use super::replay::{Spoken, next};

/// A model that plays a script. Costs nothing and reaches nothing.
#[derive(Debug, Clone)]
pub struct Scripted {
    script: Arc<Script>,
}

impl Scripted {
    /// A model that plays this script.
    pub fn new(script: Arc<Script>) -> Self {
        Self { script }
    }
}

/// A piece of the stream and the wait before it.
type Piece = (Duration, Result<Delta, Error>);

impl Provider for Scripted {
    fn name(&self) -> &'static str {
        "scripted"
    }

    fn answer(&self, request: Arc<Request>) -> BoxStream<'static, Result<Delta, Error>> {
        let script = self.script.clone();
        let pieces = stream::once(async move {
            match next(&script, &request.messages) {
                Ok(spoken) => pieces(&request, spoken),
                Err(message) => vec![(Duration::ZERO, Err(Error::Rejected { message }))],
            }
        });
        Box::pin(pieces.flat_map(stream::iter).then(|(wait, delta)| async move {
            if !wait.is_zero() {
                tokio::time::sleep(wait).await;
            }
            delta
        }))
    }
}

fn pieces(request: &Request, spoken: Spoken) -> Vec<Piece> {
    let mut deltas = Vec::new();
    let mut blocks = Vec::new();
    if let Some(thinking) = &spoken.think {
        deltas.push(Delta::Start { index: 0, kind: BlockKind::Thinking });
        deltas.push(Delta::Progress);
        // Marked as nobody's, so that no endpoint ever gets it: the session may go on elsewhere.
        let block = json!({ "type": "thinking", "thinking": thinking, "signature": UNSIGNED });
        blocks.push(Block::Thinking(block));
    }
    if let Some(text) = &spoken.say {
        let index = blocks.len();
        deltas.push(Delta::Start { index, kind: BlockKind::Text });
        deltas.extend(split(text).into_iter().map(|text| Delta::Text { index, text }));
        blocks.push(Block::Text(text.clone()));
    }
    for (name, input) in &spoken.calls {
        deltas.push(Delta::Start { index: blocks.len(), kind: BlockKind::ToolUse });
        deltas.push(Delta::Progress);
        let (name, input) = (name.clone(), ToolInput::Object(input.clone()));
        blocks.push(Block::ToolUse { name, input });
    }
    let stop = if spoken.calls.is_empty() { StopReason::EndTurn } else { StopReason::ToolUse };
    let usage = usage(request, &spoken);
    let model = request.model.clone();
    // A pause stands before the first token and before each further piece of content.
    let mut first = true;
    let mut pieces: Vec<Piece> = Vec::with_capacity(deltas.len() + 1);
    for delta in deltas {
        let is_start = matches!(delta, Delta::Start { .. });
        let wait = if first || !is_start { spoken.pause } else { Duration::ZERO };
        first = false;
        pieces.push((wait, Ok(delta)));
    }
    pieces.push((Duration::ZERO, Ok(Delta::Done(Answer { model, blocks, stop, usage }))));
    pieces
}

/// About what tokenizers count; the same for the same request and answer.
fn usage(request: &Request, spoken: &Spoken) -> Usage {
    let asked = serde_json::to_string(request).expect("a request is plain JSON");
    let calls = spoken.calls.iter().map(|(name, input)| chars(name) + chars(&input.to_string()));
    let texts = [&spoken.think, &spoken.say].into_iter().flatten().map(|text| chars(text));
    let said: u64 = calls.chain(texts).sum();
    Usage {
        input_tokens: (chars(&asked) / CHARS_PER_TOKEN).max(1),
        output_tokens: (said / CHARS_PER_TOKEN).max(1),
        ..Usage::default()
    }
}

fn chars(text: &str) -> u64 {
    text.chars().count() as u64
}

/// A text in a few pieces of whole words.
fn split(text: &str) -> Vec<String> {
    let least = text.len().div_ceil(TEXT_PIECES);
    let mut pieces: Vec<String> = Vec::with_capacity(TEXT_PIECES);
    let mut piece = String::new();
    for word in text.split_inclusive(' ') {
        piece.push_str(word);
        if piece.len() >= least {
            pieces.push(std::mem::take(&mut piece));
        }
    }
    if !piece.is_empty() {
        pieces.push(piece);
    }
    pieces
}
