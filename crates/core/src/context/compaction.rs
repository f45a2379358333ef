//! A summary in the place of the older part of a conversation.
//!
//! The summary is asked for with the very messages that it is to stand for, so that the provider's
//! cache serves them, and a last word that asks for it. The newest steps are not summarised.

use serde_json::Value;

use super::{Context, append, bytes_of};
use crate::limits::{BYTES_PER_TOKEN, COMPACT_BLOCK_CHARS, COMPACT_KEEP, SUMMARY_CHARS_MAX};
use crate::model::{Message, Request, Role};
use crate::record::payload::Compacted;
use crate::tool::text_block;

/// The last word of a request for a summary.
pub const COMPACT_PROMPT: &str = "\
[The conversation has become too long for your context window. Do not go on with the task and call no tools. \
Write the summary that you will go on from: it takes the place of everything above. Keep, in this order: what the \
user wants, with their own words where they matter; what was decided and why; what was done, with the names of \
files, commands and identifiers; what was found; what failed; what is left to do and what you were about to do. \
Leave nothing out that you would need, and add nothing.]";

/// How a summary begins in the conversation that goes on from it.
pub const SUMMARY_START: &str =
    "[This conversation is longer than your context window. Records 1 to ";
const SUMMARY_MIDDLE: &str = " of its log are summed up here, in your own words. To look something up, call \
    read_log.]\n\n";
const LEFT_OUT: &str = "[Earlier messages are left out here.]";
const CUT_SHORT: &str = " [… cut short …]";

/// A request for a summary.
#[derive(Debug, Clone, PartialEq)]
pub struct Compaction {
    /// What the model is asked. Only the text of the answer matters.
    pub request: Request,
    /// The last record that the summary will stand for.
    pub upto: u64,
}

impl Context {
    /// The request for a summary of everything but the newest steps; `None` if there is nothing to
    /// sum up. Level 0 sums up all of it; each level above shortens the blocks and leaves out the
    /// older half of what is left, for models whom the whole does not fit.
    pub fn compaction(&self, level: u32) -> Option<Compaction> {
        let mut request = self.request()?;
        let upto = match self.cut() {
            Some(index) => {
                request.messages.truncate(index);
                self.began[index] - 1
            }
            // Not the last record: others may come in between that the model is not told of.
            None => self.said,
        };
        if request.messages.is_empty() {
            return None;
        }
        if level > 0 {
            shorten(&mut request.messages, level);
        }
        append(&mut request.messages, Role::User, vec![text_block(COMPACT_PROMPT)]);
        Some(Compaction { request, upto })
    }

    /// The message before which to cut: the model's own, so that every result stays with its call,
    /// and as early as the kept share allows. `None`: everything is summed up.
    fn cut(&self) -> Option<usize> {
        let bytes: Vec<usize> = self.messages.iter().map(|m| bytes_of(&m.content)).collect();
        let mut kept = bytes_of(&self.user_turn());
        let most = (bytes.iter().sum::<usize>() + kept) / COMPACT_KEEP;
        let mut cut = None;
        for (index, message) in self.messages.iter().enumerate().skip(1).rev() {
            kept += bytes[index];
            if kept > most {
                break;
            }
            if message.role == Role::Assistant {
                cut = Some(index);
            }
        }
        cut
    }

    /// The summary takes the place of what it stands for.
    pub(super) fn compacted(&mut self, compacted: Compacted) {
        let Compacted { upto, mut summary, .. } = compacted;
        let mut gone = self.began.iter().take_while(|began| **began <= upto).count();
        // A result stays with its call, and roles alternate, wherever a policy cuts.
        while self.messages.get(gone).is_some_and(|message| message.role == Role::User) {
            gone += 1;
        }
        self.messages.drain(..gone);
        self.began.drain(..gone);
        if self.messages.is_empty() {
            self.calls.clear();
            self.results.clear();
        }
        if self.turn_began.is_some_and(|began| began <= upto) {
            self.turn_began = None;
            self.calls.clear();
            self.results.clear();
            self.texts.clear();
        }
        cut_chars(&mut summary, SUMMARY_CHARS_MAX);
        let text = format!("{SUMMARY_START}{upto}{SUMMARY_MIDDLE}{summary}");
        let content = vec![text_block(&text)];
        self.messages.insert(0, Message { role: Role::User, content });
        self.began.insert(0, 0);
        let bytes: usize = self.messages.iter().map(|m| bytes_of(&m.content)).sum();
        self.tokens = bytes as u64 / BYTES_PER_TOKEN;
        self.since_summary = Some(0);
    }
}

/// Cuts long blocks, and leaves out the oldest messages until what is left is half as much for each
/// level.
fn shorten(messages: &mut Vec<Message>, level: u32) {
    let size: usize = messages.iter().map(|message| bytes_of(&message.content)).sum();
    let budget = size >> level;
    let chars = COMPACT_BLOCK_CHARS >> (2 * (level - 1));
    messages.iter_mut().flat_map(|m| &mut m.content).for_each(|block| cut_block(block, chars));
    // From the end on: the earliest message of the model's from which the rest fits, or its last.
    let (mut left, mut from) = (0, None);
    for (index, message) in messages.iter().enumerate().skip(1).rev() {
        left += bytes_of(&message.content);
        if left > budget && from.is_some() {
            break;
        }
        if message.role == Role::Assistant {
            from = Some(index);
        }
    }
    if left + bytes_of(&messages[0].content) <= budget {
        return;
    }
    let Some(from) = from else { return };
    messages.drain(..from);
    messages.insert(0, Message { role: Role::User, content: vec![text_block(LEFT_OUT)] });
}

/// Shortens what a block says, wherever it says it; media become a note. Calls and thinking stay as
/// they are: what refers to them, or signs them, must go on fitting.
fn cut_block(block: &mut Value, chars: usize) {
    match block.get("type").and_then(Value::as_str) {
        Some("text") => {
            if let Some(Value::String(text)) = block.get_mut("text") {
                cut_chars(text, chars);
            }
        }
        Some("tool_result") => {
            if let Some(Value::Array(inner)) = block.get_mut("content") {
                inner.iter_mut().for_each(|block| cut_block(block, chars));
            }
        }
        Some(kind @ ("image" | "document" | "search_result")) => {
            *block = text_block(&format!("[A block of the type {kind} is left out here.]"));
        }
        _ => {}
    }
}

fn cut_chars(text: &mut String, most: usize) {
    if let Some((end, _)) = text.char_indices().nth(most) {
        text.truncate(end);
        text.push_str(CUT_SHORT);
    }
}
