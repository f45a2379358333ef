//! From the log to a model request: a pure function of (log, harness, policy).
//!
//! [`Context`] is fed records in order and can make the request at any time, so a harness that has
//! followed a session does not read its log again, and one that takes over gets the same request
//! from the same records.
//!
//! Everything that was said goes in, except what the Messages API refuses: once refused, a log
//! would be refused for ever. Left out are
//! * blank texts, the model's and those of results;
//! * thinking without a signature, or with [`UNSIGNED`]: a session that the scripted model began
//!   can
//!   go on with another;
//! * thinking at the end of a message, which an answer that was cut off leaves behind;
//! * what is not text in a failed result: a note stands in its place;
//! * a call's input that is no JSON object: an empty one stands in its place.
//!
//! When the context runs full, a summary stands for its older part from then on ([`Compaction`]),
//! and the agent can look up what it was in its log, with `read_log`. How full is full, and
//! everything else about the choice, is the affair of a [`ContextPolicy`].

mod compaction;
mod policy;

pub use compaction::{COMPACT_PROMPT, Compaction, SUMMARY_START};
pub use policy::{ContextPolicy, WholeLog};

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::agent::{Agent, offered_tools};
use crate::id::{EventId, block_event};
use crate::limits::{ANSWER_TOKENS_MAX, BYTES_PER_TOKEN};
use crate::model::{Block, Message, Request, Role, ToolInput, UNSIGNED};
use crate::record::payload::{Answer, CallClosed, Content, Genesis, HandBound};
use crate::record::{Kind, PayloadError, Record};
use crate::tool::{READ_LOG, builtin, text_block};

/// The name of [`WholeLog`]; recorded with every answer.
pub const HARNESS: &str = "whole-log";
/// Its version: raised whenever the same log gives another request.
pub const HARNESS_VERSION: u32 = 4;

const SANDBOX_REPLACED: &str = "[The sandbox was replaced before this call. Shell variables, background processes \
    and the working directory are gone; files in the workspace remain.]";
const FAILED_SILENTLY: &str = "The call failed without a message.";
const SANDBOX_NOTE: &str =
    "Your tools run in a sandbox. Relative paths start at your workspace, the working directory.";

/// The conversation so far.
#[derive(Debug, Clone, Default)]
pub struct Context {
    agent: Option<Arc<Agent>>,
    messages: Vec<Message>,
    /// For each message the position of the first record that is in it; 0 for a summary.
    began: Vec<u64>,
    /// Calls of the last answer, in its order: results go back in this order, whatever came first.
    calls: Vec<EventId>,
    results: BTreeMap<EventId, Value>,
    texts: Vec<Value>,
    /// Position of the first record of the user's turn that is not answered yet.
    turn_began: Option<u64>,
    replaced: bool,
    /// Tokens of the last request and its answer, as far as known.
    tokens: u64,
    /// Answers since the last summary; `None` without one.
    since_summary: Option<u32>,
    /// Position of the last record that is part of the conversation.
    said: u64,
    seq: u64,
}

#[derive(Deserialize)]
struct ResultBody {
    #[serde(alias = "custom_tool_use_id")]
    tool_use_id: EventId,
    #[serde(default)]
    content: Vec<Value>,
    #[serde(default)]
    is_error: bool,
}

impl Context {
    /// The position of the last record that was fed.
    pub fn seq(&self) -> u64 {
        self.seq
    }

    /// The conversation up to the last answer: roles alternate.
    pub fn messages(&self) -> &[Message] {
        &self.messages
    }

    /// The agent whose context it is; `None` before the first record.
    pub fn agent(&self) -> Option<&Agent> {
        self.agent.as_deref()
    }

    /// About how many tokens the next request has: what the endpoint counted last, and an estimate
    /// of what came since.
    pub fn tokens(&self) -> u64 {
        self.tokens.saturating_add(bytes_of(&self.user_turn()) as u64 / BYTES_PER_TOKEN)
    }

    /// Answers since the last summary; `None` if there was none.
    pub fn since_summary(&self) -> Option<u32> {
        self.since_summary
    }

    /// Feeds the next record.
    ///
    /// # Errors
    /// When its payload is not what its kind promises; the session must not go on.
    pub fn push(&mut self, record: &Record) -> Result<(), PayloadError> {
        let before = std::mem::replace(&mut self.seq, record.seq);
        // One that cannot be read was not fed, and is met again.
        self.take(record).inspect_err(|_| self.seq = before)
    }

    fn take(&mut self, record: &Record) -> Result<(), PayloadError> {
        match record.kind {
            Kind::Genesis => self.agent = Some(Arc::new(record.parse::<Genesis>()?.agent)),
            Kind::UserMessage => {
                self.user_spoke();
                self.texts.extend(record.parse::<Content>()?.content);
            }
            Kind::SystemMessage => {
                self.user_spoke();
                for block in record.parse::<Content>()?.content {
                    let text = block.get("text").and_then(Value::as_str).unwrap_or_default();
                    self.texts.push(text_block(&format!("<system>{text}</system>")));
                }
            }
            Kind::Answer => self.answer(&record.parse()?),
            Kind::Compacted => self.compacted(record.parse()?),
            Kind::HandBound => {
                self.replaced |= record.parse::<HandBound>()?.locator.generation > 1;
            }
            Kind::AgentToolResult | Kind::UserCustomToolResult => {
                let body: ResultBody = record.parse()?;
                self.result(body.tool_use_id, body.content, body.is_error);
            }
            Kind::CallClosed => {
                let closed: CallClosed = record.parse()?;
                self.result(closed.tool_use_id, vec![text_block(&closed.text)], true);
            }
            _ => {}
        }
        Ok(())
    }

    fn user_spoke(&mut self) {
        self.turn_began.get_or_insert(self.seq);
        self.said = self.seq;
    }

    fn result(&mut self, call: EventId, mut content: Vec<Value>, is_error: bool) {
        self.user_spoke();
        if std::mem::take(&mut self.replaced) {
            content.insert(0, text_block(SANDBOX_REPLACED));
        }
        // The API takes no blank texts, and in a failure nothing but text, of which there must be
        // some.
        content.retain(|block| !is_blank(block));
        if is_error {
            content.iter_mut().for_each(only_text);
        }
        if is_error && content.is_empty() {
            content.push(text_block(FAILED_SILENTLY));
        }
        let block = json!({
            "type": "tool_result", "tool_use_id": call, "content": content, "is_error": is_error,
        });
        self.results.insert(call, block);
    }

    fn answer(&mut self, answer: &Answer) {
        self.end_user_turn();
        let mut content = Vec::with_capacity(answer.blocks.len());
        for (index, block) in answer.blocks.iter().enumerate() {
            match block {
                Block::Text(text) if text.trim().is_empty() => {}
                Block::Text(text) => content.push(text_block(text)),
                Block::Thinking(raw) if is_unsigned(raw) => {}
                Block::Thinking(raw) => content.push(raw.clone()),
                Block::ToolUse { name, input } => {
                    let id = block_event(answer.request, index);
                    let input = match input {
                        ToolInput::Object(value) => value.clone(),
                        ToolInput::Malformed(_) => json!({}),
                    };
                    self.calls.push(id);
                    content.push(json!({
                        "type": "tool_use", "id": id, "name": name, "input": input,
                    }));
                }
            }
        }
        // Nor may a message end with thinking, which is all that an answer cut off early has.
        while content.last().is_some_and(is_thinking) {
            content.pop();
        }
        self.append(Role::Assistant, content, self.seq);
        self.said = self.seq;
        self.tokens = match answer.usage.total() {
            // An endpoint that does not count: by size, as after a summary.
            0 => {
                let bytes: usize = self.messages.iter().map(|m| bytes_of(&m.content)).sum();
                bytes as u64 / BYTES_PER_TOKEN
            }
            counted => counted,
        };
        if let Some(answers) = &mut self.since_summary {
            *answers += 1;
        }
    }

    fn append(&mut self, role: Role, content: Vec<Value>, began: u64) {
        append(&mut self.messages, role, content);
        // One more message, or none if the last one has grown.
        self.began.resize(self.messages.len(), began);
    }

    /// What the user and the tools said since the last answer, in the order that the API demands.
    fn user_turn(&self) -> Vec<Value> {
        let results = self.calls.iter().filter_map(|call| self.results.get(call).cloned());
        results.chain(self.texts.iter().cloned()).collect()
    }

    fn end_user_turn(&mut self) {
        let content = self.user_turn();
        self.calls.clear();
        self.results.clear();
        self.texts.clear();
        let began = self.turn_began.take().unwrap_or(self.seq);
        self.append(Role::User, content, began);
    }

    /// The request that the session would send now; `None` before its first record.
    pub fn request(&self) -> Option<Request> {
        let agent = self.agent.as_ref()?;
        let mut messages = self.messages.clone();
        append(&mut messages, Role::User, self.user_turn());
        let mut tools = offered_tools(agent);
        let mut system = agent.system.clone().unwrap_or_default();
        if tools.iter().any(|tool| builtin(&tool.name).is_some()) {
            if !system.is_empty() {
                system.push_str("\n\n");
            }
            system.push_str(SANDBOX_NOTE);
        }
        // Before there is a summary, the log holds nothing that is not before the model's eyes.
        if self.since_summary.is_some() && tools.iter().all(|tool| tool.name != READ_LOG.name) {
            tools.push(READ_LOG.spec());
        }
        Some(Request {
            model: agent.model.id.clone(),
            effort: agent.model.effort.clone(),
            system,
            messages,
            tools,
            max_tokens: ANSWER_TOKENS_MAX,
        })
    }
}

/// Roles alternate: what one says in several goes is one message. That happens to the user when an
/// answer was empty or never came, and to the model when it paused.
fn append(messages: &mut Vec<Message>, role: Role, content: Vec<Value>) {
    if content.is_empty() {
        return;
    }
    match messages.last_mut() {
        Some(last) if last.role == role => last.content.extend(content),
        _ => messages.push(Message { role, content }),
    }
}

/// Puts a note where a failed call returned something else than text.
fn only_text(block: &mut Value) {
    let what = match block.get("type").and_then(Value::as_str) {
        Some("text") => return,
        Some("image") => "An image",
        Some("document") => "A document",
        Some("search_result") => "A search result",
        _ => "Something",
    };
    let note = format!("[{what} was left out here: a failed call can only return text.]");
    *block = text_block(&note);
}

/// Bytes of content as JSON.
fn bytes_of(content: &[Value]) -> usize {
    content.iter().map(|block| block.to_string().len()).sum()
}

fn is_blank(block: &Value) -> bool {
    block.get("text").and_then(Value::as_str).is_some_and(|text| text.trim().is_empty())
}

fn is_thinking(block: &Value) -> bool {
    let kind = block.get("type").and_then(Value::as_str);
    matches!(kind, Some("thinking" | "redacted_thinking"))
}

fn is_unsigned(block: &Value) -> bool {
    let text = |field: &str| block.get(field).and_then(Value::as_str).unwrap_or_default();
    text("type") == "thinking" && matches!(text("signature"), "" | UNSIGNED)
}
