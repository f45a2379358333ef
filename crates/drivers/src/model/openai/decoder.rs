//! From chunks to deltas and the answer.

use std::collections::VecDeque;

use planaria_core::model::{Answer, Block, StopReason, UNSIGNED, Usage};
use planaria_core::port::provider::{BlockKind, Delta};
use serde_json::json;

use super::calls::Calls;
use super::chunk::{CallPiece, Chunk, Piece};
use super::limits::BLOCKS_MAX;
use super::usage;
use crate::model::http::{Decode, Fault, Refusal};

/// The data of the event behind the last chunk.
const DONE: &str = "[DONE]";

/// An answer while it arrives. The message has one text, one thinking and a list of calls; here
/// they are blocks in the order in which they began.
pub(super) struct Decoder {
    asked: String,
    model: Option<String>,
    blocks: Vec<Open>,
    calls: Calls,
    finish: Option<String>,
    /// The words with which the model refused.
    refusal: String,
    usage: Usage,
}

/// A block that has begun.
enum Open {
    Text(String),
    Thinking(String),
    /// The next of the calls.
    Call,
}

impl Open {
    fn kind(&self) -> BlockKind {
        match self {
            Self::Text(_) => BlockKind::Text,
            Self::Thinking(_) => BlockKind::Thinking,
            Self::Call => BlockKind::ToolUse,
        }
    }
}

impl Decode for Decoder {
    /// The protocol gives its events no names, so one that has a name is taken all the same.
    fn wants(&self, _: &str) -> bool {
        true
    }

    fn take(&mut self, data: &str, out: &mut VecDeque<Delta>) -> Result<(), Fault> {
        if data.trim() == DONE {
            return Ok(self.end(out)?);
        }
        let unreadable = |error| Fault::Broken(format!("its data cannot be read: {error}"));
        let mut chunk: Chunk = serde_json::from_str(data).map_err(unreadable)?;
        if chunk.is_failure() {
            let body = serde_json::from_str(data).map_err(unreadable)?;
            return Err(Fault::Refused(Refusal::read(&body).unwrap_or_default()));
        }
        let model = chunk.model.take().filter(|model| !model.is_empty());
        self.model = self.model.take().or(model);
        if let Some(counts) = chunk.usage.take() {
            // What was used is told at once: the stream may still break off.
            usage::apply(&counts, &mut self.usage);
            out.push_back(Delta::Used(self.usage));
        }
        let Some(choice) = chunk.choice() else { return Ok(()) };
        if let Some(piece) = choice.delta {
            self.grow(piece, out)?;
        }
        match choice.finish_reason {
            Some(reason) if !reason.is_empty() => self.finish(reason),
            _ => Ok(()),
        }
    }

    /// The answer is whole when its reason to stop is there; what follows it are its costs, which
    /// are not worth asking again for.
    fn end(&mut self, out: &mut VecDeque<Delta>) -> Result<(), String> {
        let due = || "the stream ended before a finish_reason".to_owned();
        let finish = self.finish.take().ok_or_else(due)?;
        let stop = self.stop(&finish);
        let blocks = self.blocks()?;
        let model = self.model.take().unwrap_or(std::mem::take(&mut self.asked));
        out.push_back(Delta::Done(Answer { model, blocks, stop, usage: self.usage }));
        Ok(())
    }
}

impl Decoder {
    /// A decoder for the answer to a request for `model`; the endpoint may name another.
    pub fn new(model: String) -> Self {
        Self {
            asked: model,
            model: None,
            blocks: Vec::new(),
            calls: Calls::default(),
            finish: None,
            refusal: String::new(),
            usage: Usage::default(),
        }
    }

    fn grow(&mut self, piece: Piece, out: &mut VecDeque<Delta>) -> Result<(), String> {
        let (thinking, text) = (piece.thinking(), piece.text());
        if !thinking.is_empty() {
            self.think(&thinking, out)?;
        }
        if !text.is_empty() {
            self.say(text, out)?;
        }
        self.refusal.push_str(piece.refusal());
        if !piece.refusal().is_empty() {
            out.push_back(Delta::Progress);
        }
        self.call(piece.tool_calls.unwrap_or_default(), out)
    }

    fn think(&mut self, more: &str, out: &mut VecDeque<Delta>) -> Result<(), String> {
        if !matches!(self.blocks.last(), Some(Open::Thinking(_))) {
            self.begin(Open::Thinking(String::new()), out)?;
        }
        if let Some(Open::Thinking(thinking)) = self.blocks.last_mut() {
            thinking.push_str(more);
        }
        out.push_back(Delta::Progress);
        Ok(())
    }

    fn say(&mut self, more: String, out: &mut VecDeque<Delta>) -> Result<(), String> {
        if !matches!(self.blocks.last(), Some(Open::Text(_))) {
            self.begin(Open::Text(String::new()), out)?;
        }
        if let Some(Open::Text(text)) = self.blocks.last_mut() {
            text.push_str(&more);
        }
        out.push_back(Delta::Text { index: self.blocks.len() - 1, text: more });
        Ok(())
    }

    fn call(&mut self, pieces: Vec<CallPiece>, out: &mut VecDeque<Delta>) -> Result<(), String> {
        let several = pieces.len() > 1;
        for (place, piece) in (0_u64..).zip(pieces) {
            if self.calls.take(piece, several.then_some(place)) {
                self.begin(Open::Call, out)?;
            }
            out.push_back(Delta::Progress);
        }
        Ok(())
    }

    fn begin(&mut self, open: Open, out: &mut VecDeque<Delta>) -> Result<(), String> {
        let index = self.blocks.len();
        if index == BLOCKS_MAX {
            return Err(format!("the answer has more than {BLOCKS_MAX} blocks"));
        }
        out.push_back(Delta::Start { index, kind: open.kind() });
        self.blocks.push(open);
        Ok(())
    }

    /// Takes a reason to stop. Some are failures.
    fn finish(&mut self, reason: String) -> Result<(), Fault> {
        if matches!(reason.as_str(), "error" | "insufficient_system_resource") {
            let message = "the endpoint gave the answer up".to_owned();
            return Err(Fault::Refused(Refusal { kind: reason, code: String::new(), message }));
        }
        self.finish = Some(reason);
        Ok(())
    }

    /// What the reason means. Where it says no more than that the answer is over, what happens next
    /// follows from the blocks: many servers say `stop` although there are calls.
    fn stop(&mut self, finish: &str) -> StopReason {
        let explanation = Some(std::mem::take(&mut self.refusal)).filter(|text| !text.is_empty());
        let over = || match self.calls.is_empty() {
            true => StopReason::EndTurn,
            false => StopReason::ToolUse,
        };
        match finish {
            "content_filter" => {
                StopReason::Refusal { category: Some(finish.to_owned()), explanation }
            }
            // Mistral has the second name for a context window that is full.
            "length" | "model_length" | "max_tokens" => StopReason::MaxTokens,
            _ if explanation.is_some() => StopReason::Refusal { category: None, explanation },
            "stop" | "tool_calls" | "function_call" | "eos" | "end_turn" => over(),
            other => {
                tracing::warn!(
                    reason = other,
                    "the model stopped for a reason that has no name here"
                );
                over()
            }
        }
    }

    fn blocks(&mut self) -> Result<Vec<Block>, String> {
        let mut calls = std::mem::take(&mut self.calls).finish()?.into_iter();
        let blocks = std::mem::take(&mut self.blocks).into_iter();
        let blocks = blocks.filter_map(|open| match open {
            Open::Text(text) => Some(Block::Text(text)),
            Open::Thinking(thinking) => Some(Block::Thinking(json!({
                "type": "thinking", "thinking": thinking, "signature": UNSIGNED,
            }))),
            Open::Call => calls.next(),
        });
        Ok(blocks.collect())
    }
}
