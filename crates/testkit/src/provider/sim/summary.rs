//! Summaries that leave nothing out: the messages themselves, as JSON.

use planaria_core::context::{COMPACT_PROMPT, SUMMARY_START};
use planaria_core::model::{Message, Role};
use serde_json::Value;

/// What a request says once its summary is unfolded.
pub(super) struct Told {
    /// The whole conversation.
    pub messages: Vec<Message>,
    /// Whether it is asked to be summed up.
    pub wants_summary: bool,
    /// Whether no summary stood for any of it, and none is asked for.
    pub is_whole: bool,
}

/// Puts the messages that a summary stands for in its place.
///
/// # Errors
/// In words, if there is a summary that is none of ours.
pub(super) fn unfold(messages: &[Message]) -> Result<Told, String> {
    let mut messages = messages.to_vec();
    let last = messages.last_mut().and_then(|message| message.content.pop_if(is_prompt));
    let wants_summary = last.is_some();
    let folded = messages.first().and_then(|message| summary(&message.content)).map(str::to_owned);
    let is_whole = folded.is_none() && !wants_summary;
    if let Some(folded) = folded {
        let mut whole: Vec<Message> = serde_json::from_str(&folded)
            .map_err(|error| format!("a summary is damaged: {error}"))?;
        let first = messages.remove(0);
        let rest = first.content.into_iter().skip(1);
        match whole.last_mut() {
            Some(last) if last.role == Role::User => last.content.extend(rest),
            _ => whole.push(Message { role: Role::User, content: rest.collect() }),
        }
        whole.retain(|message| !message.content.is_empty());
        whole.append(&mut messages);
        messages = whole;
    }
    Ok(Told { messages, wants_summary, is_whole })
}

/// The summary of these messages.
pub(super) fn fold(messages: &[Message]) -> String {
    serde_json::to_string(messages).expect("messages are JSON")
}

fn is_prompt(block: &mut Value) -> bool {
    block["text"] == COMPACT_PROMPT
}

fn summary(content: &[Value]) -> Option<&str> {
    let text = content.first()?["text"].as_str()?;
    let (_, summary) = text.strip_prefix(SUMMARY_START)?.split_once("\n\n")?;
    Some(summary)
}
