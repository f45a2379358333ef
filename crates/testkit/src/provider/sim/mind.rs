//! Where the model stands: what the messages add up to.

use std::collections::VecDeque;

use planaria_core::model::{Block, Message, Role, StopReason, ToolInput};
use serde_json::{Value, json};

use super::job::{Ask, REFUSE, steps, texts};
use crate::rng::Rng;

/// The fold of a conversation.
pub(super) struct Mind {
    seed: u64,
    /// Steps that are not begun.
    todo: VecDeque<Vec<Ask>>,
    /// Calls of the last answer, with their ids: their results are due.
    flying: Vec<(Value, Ask)>,
    /// Jobs that the next final message names.
    finished: Vec<String>,
    refuses: bool,
    answers: u64,
    asked: u64,
}

impl Mind {
    /// Reads a conversation and checks it on the way.
    ///
    /// # Errors
    /// In words: what in it cannot be.
    pub fn read(seed: u64, messages: &[Message]) -> Result<Self, String> {
        let mut mind = Self {
            seed,
            todo: VecDeque::new(),
            flying: Vec::new(),
            finished: Vec::new(),
            refuses: false,
            answers: 0,
            asked: 0,
        };
        for (index, message) in messages.iter().enumerate() {
            let read = match message.role {
                Role::User => mind.user(&message.content),
                Role::Assistant => mind.own(&message.content),
            };
            read.map_err(|problem| format!("message {index}: {problem}"))?;
        }
        match messages.last() {
            Some(last) if last.role == Role::User => Ok(mind),
            _ => Err("there is nothing to answer".to_owned()),
        }
    }

    /// Names the place in the conversation: it grows with every answer and every user message.
    pub fn place(&self) -> u64 {
        self.answers << 16 | self.asked
    }

    fn user(&mut self, content: &[Value]) -> Result<(), String> {
        let is_result = |block: &&Value| block["type"] == "tool_result";
        let results: Vec<&Value> = content.iter().take_while(is_result).collect();
        let due = std::mem::take(&mut self.flying);
        if results.len() != due.len() {
            return Err(format!("{} calls were made, {} have results", due.len(), results.len()));
        }
        let mut follow = Vec::new();
        for (result, (id, ask)) in results.iter().zip(&due) {
            if result["tool_use_id"] != *id {
                let found = &result["tool_use_id"];
                return Err(format!("a result of {found} stands where {id} was called"));
            }
            follow.extend(ask.judge(result)?);
        }
        if !follow.is_empty() {
            self.todo.push_front(follow);
        }
        for block in &content[results.len()..] {
            if block["type"] != "text" {
                return Err(format!("a {} follows what the user said", block["type"]));
            }
            self.job(&texts(&json!([block])));
        }
        Ok(())
    }

    fn job(&mut self, text: &str) {
        self.asked += 1;
        if text.starts_with(REFUSE) {
            self.refuses = true;
            return;
        }
        self.todo.extend(steps(self.seed, text));
        self.finished.push(text.to_owned());
    }

    /// An answer of ours: it must be the one that we would give here.
    fn own(&mut self, content: &[Value]) -> Result<(), String> {
        let (blocks, _) = self.answer();
        if blocks.len() != content.len() {
            let count = blocks.len();
            return Err(format!("{} blocks stand where {count} were said", content.len()));
        }
        let calls = self.next_calls();
        let mut ids = Vec::new();
        for (block, found) in blocks.iter().zip(content) {
            let same = match block {
                Block::Text(text) => found["text"] == text.as_str(),
                Block::Thinking(raw) => found == raw,
                Block::ToolUse { name, input: ToolInput::Object(input) } => {
                    ids.push(found["id"].clone());
                    found["name"] == name.as_str() && found["input"] == *input
                }
                _ => false,
            };
            if !same {
                return Err(format!("{found} stands where {block:?} was said"));
            }
        }
        self.answers += 1;
        self.flying = ids.into_iter().zip(calls).collect();
        if self.todo.pop_front().is_none() {
            self.finished.clear();
            self.refuses = false;
        }
        Ok(())
    }

    fn next_calls(&self) -> Vec<Ask> {
        self.todo.front().cloned().unwrap_or_default()
    }

    /// What the model says here.
    pub fn answer(&self) -> (Vec<Block>, StopReason) {
        let calls = self.next_calls();
        if calls.is_empty() && self.refuses {
            let stop = StopReason::Refusal { category: None, explanation: None };
            return (vec![Block::Text("I will not do that.".to_owned())], stop);
        }
        let place = format!("answer {} of {:?}", self.answers, self.finished);
        let mut rng = Rng::of(self.seed, &place);
        let mut blocks = Vec::new();
        if rng.chance(20) {
            let thought = format!("{} steps are left.", self.todo.len());
            let raw = json!({ "type": "thinking", "thinking": thought, "signature": "c2ln" });
            blocks.push(Block::Thinking(raw));
        }
        if calls.is_empty() {
            let text = format!("Finished: {}. Nothing is left to do.", self.finished.join("; "));
            blocks.push(Block::Text(text));
            return (blocks, StopReason::EndTurn);
        }
        if rng.chance(40) {
            let text = format!("Next, {} calls; then {} steps.", calls.len(), self.todo.len() - 1);
            blocks.push(Block::Text(text));
        }
        blocks.extend(calls.iter().map(Ask::block));
        (blocks, StopReason::ToolUse)
    }
}
