//! What a user message makes the model do.

use planaria_core::model::{Block, ToolInput};
use serde_json::{Value, json};

use crate::rng::Rng;

/// The custom tool that jobs call, for agents that have it: the client answers.
pub const ASK_USER: &str = "ask_user";
/// A message that begins with this is refused.
pub const REFUSE: &str = "refuse";

/// Steps of one job.
const STEPS: std::ops::RangeInclusive<u64> = 1..=4;
/// Calls of one step.
const CALLS: std::ops::RangeInclusive<u64> = 1..=3;
/// How often a call is made anew when it did not run, or when nothing is to be seen of it.
const TRIES: u32 = 3;

/// The tools that jobs use, by how often they do. `edit` is there to ask for confirmation.
const TOOLS: &[&str] =
    &["bash", "bash", "bash", "write", "write", "read", "glob", "grep", "edit", ASK_USER];

/// What the model knows of tools that only look.
const LOOKS: &[&str] = &["read", "glob", "grep"];

/// One call that the model means to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ask {
    pub tool: &'static str,
    /// What it works on; every result of the call names it.
    pub key: String,
    tries: u32,
    /// The call whose effect this one looks for.
    doubts: Option<&'static str>,
}

/// The steps that the text asks for, and the calls of each.
pub(super) fn steps(seed: u64, text: &str) -> Vec<Vec<Ask>> {
    let mut rng = Rng::of(seed, text);
    let between = |rng: &mut Rng, range: std::ops::RangeInclusive<u64>| {
        range.start() + rng.below(range.end() - range.start() + 1)
    };
    let mut calls = |step: u64| {
        let calls = between(&mut rng, CALLS);
        let ask = |call| Ask {
            tool: rng.pick::<&str>(TOOLS),
            key: format!("{text}, {step}.{call}"),
            tries: 1,
            doubts: None,
        };
        (1..=calls).map(ask).collect()
    };
    let count = between(&mut Rng::of(seed, &format!("steps of {text}")), STEPS);
    (1..=count).map(&mut calls).collect()
}

impl Ask {
    /// The call as a block of an answer.
    pub fn block(&self) -> Block {
        let key = &self.key;
        let input = match self.tool {
            "bash" => json!({ "command": key }),
            "write" => json!({ "file_path": key, "content": key }),
            "edit" => json!({ "file_path": key, "old_string": "a", "new_string": "b" }),
            "read" => json!({ "file_path": key }),
            ASK_USER => json!({ "question": key }),
            _ => json!({ "pattern": key }),
        };
        Block::ToolUse { name: self.tool.to_owned(), input: ToolInput::Object(input) }
    }

    /// What follows from the call's result: another call, or nothing.
    ///
    /// # Errors
    /// In words, if it cannot be the result of this call.
    pub fn judge(&self, result: &Value) -> Result<Option<Ask>, String> {
        let text = texts(&result["content"]);
        let failed = result["is_error"] == true;
        if text.contains(&self.key) && !stopped(&text) {
            return Ok(self.looked(&text));
        }
        let not_run = text.contains("was interrupted before completion");
        let unknown = stopped(&text) || text.contains("outcome is unknown");
        let denied = text.contains("The user rejected");
        if !failed || !(not_run || unknown || denied) {
            return Err(format!("`{text}` is no result of {} {}", self.tool, self.key));
        }
        let again = Ask { tries: self.tries + 1, ..self.clone() };
        if denied || self.tries >= TRIES {
            return Ok(None);
        }
        if not_run || LOOKS.contains(&self.tool) || self.tool == ASK_USER {
            return Ok(Some(again));
        }
        // Nobody knows whether it ran: look first.
        Ok(Some(Ask { tool: "read", doubts: Some(self.tool), ..again }))
    }

    /// After a look at the effect of a call: the call again, if there is none.
    fn looked(&self, text: &str) -> Option<Ask> {
        let tool = self.doubts?;
        text.contains("written 0 times").then(|| Ask { tool, doubts: None, ..self.clone() })
    }
}

/// Whether a result says that the call was stopped in its course.
fn stopped(text: &str) -> bool {
    text.contains("killed: ") || text.contains("timed out: ")
}

/// All the text of a content array.
pub(super) fn texts(content: &Value) -> String {
    let blocks = content.as_array().map(Vec::as_slice).unwrap_or_default();
    let texts: Vec<&str> = blocks.iter().filter_map(|block| block["text"].as_str()).collect();
    texts.join("\n")
}
