//! A block of an answer while it grows.

use planaria_core::model::{Block, ToolInput};
use planaria_core::port::provider::BlockKind;
use serde_json::{Map, Value};

use crate::model::input::tool_input;

/// A block that has begun and not ended.
pub(super) enum Open {
    Text(String),
    Call {
        name: String,
        /// Input that came with the block's start; some endpoints send it whole.
        start: Value,
        json: String,
    },
    /// Thinking, and every type that we do not know: it must go back as it came.
    Kept {
        block: Map<String, Value>,
        json: String,
    },
}

/// What a delta added.
pub(super) enum Growth {
    /// Text for the reader.
    Text(String),
    /// Something that is not shown while it grows.
    Hidden,
    /// Nothing that matters.
    Nothing,
}

impl Open {
    /// # Errors
    /// What is wrong with the block's start.
    pub fn begin(block: Value) -> Result<Self, String> {
        let Value::Object(mut block) = block else {
            return Err("a content block that is not an object".to_owned());
        };
        match block.get("type").and_then(Value::as_str) {
            Some("text") => Ok(Self::Text(take_text(&mut block, "text"))),
            Some("tool_use") => {
                let name = take_text(&mut block, "name");
                if name.is_empty() {
                    return Err("a tool call without a name".to_owned());
                }
                let start = block.remove("input").unwrap_or_default();
                Ok(Self::Call { name, start, json: String::new() })
            }
            Some(_) => Ok(Self::Kept { block, json: String::new() }),
            None => Err("a content block without a type".to_owned()),
        }
    }

    pub fn kind(&self) -> BlockKind {
        match self {
            Self::Text(_) => BlockKind::Text,
            Self::Call { .. } => BlockKind::ToolUse,
            Self::Kept { .. } => BlockKind::Thinking,
        }
    }

    /// The text that the block has so far.
    pub fn text(&self) -> &str {
        match self {
            Self::Text(text) => text,
            _ => "",
        }
    }

    /// # Errors
    /// When a delta of a known type does not fit the block.
    pub fn grow(&mut self, delta: &Value) -> Result<Growth, String> {
        let kind = delta.get("type").and_then(Value::as_str).ok_or("a delta without a type")?;
        let field = |name: &str| {
            let text = delta.get(name).and_then(Value::as_str);
            text.ok_or_else(|| format!("a {kind} without `{name}`"))
        };
        match (self, kind) {
            (Self::Text(text), "text_delta") => {
                let more = field("text")?;
                text.push_str(more);
                Ok(Growth::Text(more.to_owned()))
            }
            (Self::Call { json, .. }, "input_json_delta") => {
                json.push_str(field("partial_json")?);
                Ok(Growth::Hidden)
            }
            (Self::Kept { block, json }, "input_json_delta") if !is_thinking(block) => {
                json.push_str(field("partial_json")?);
                Ok(Growth::Hidden)
            }
            (Self::Kept { block, .. }, _) if fits(block, kind) => {
                keep(block, kind, delta);
                Ok(Growth::Hidden)
            }
            (_, "text_delta" | "thinking_delta" | "signature_delta" | "input_json_delta") => {
                Err(format!("a {kind} for a block of another type"))
            }
            // Citations of a text, and deltas of later days: the block is whole without them.
            _ => Ok(Growth::Nothing),
        }
    }

    pub fn finish(self) -> Block {
        match self {
            Self::Text(text) => Block::Text(text),
            Self::Call { name, start, json } => Block::ToolUse { name, input: input(start, json) },
            Self::Kept { mut block, json } => {
                if let Ok(input) = serde_json::from_str(&json) {
                    block.insert("input".to_owned(), input);
                }
                Block::Thinking(Value::Object(block))
            }
        }
    }
}

fn is_thinking(block: &Map<String, Value>) -> bool {
    let kind = block.get("type").and_then(Value::as_str);
    matches!(kind, Some("thinking" | "redacted_thinking"))
}

/// Whether a delta belongs into a block that goes back as it came. Thinking takes none but its own:
/// its endpoint refuses fields that it does not know itself.
fn fits(block: &Map<String, Value>, kind: &str) -> bool {
    !is_thinking(block) || matches!(kind, "thinking_delta" | "signature_delta")
}

/// Adds a delta to such a block. Every delta of the API so far says by a field's name where its
/// text belongs, so one of a type that we do not know is treated the same way.
fn keep(block: &mut Map<String, Value>, kind: &str, delta: &Value) {
    let fields = delta.as_object().into_iter().flatten();
    for (name, more) in fields.filter(|(name, _)| *name != "type") {
        match (block.get_mut(name), more) {
            (Some(Value::String(text)), Value::String(more)) if kind != "signature_delta" => {
                text.push_str(more);
            }
            _ => {
                block.insert(name.clone(), more.clone());
            }
        }
    }
}

/// A call's input: what came in pieces, or else what came with the block's start.
fn input(start: Value, json: String) -> ToolInput {
    match start {
        Value::Object(_) if json.trim().is_empty() => ToolInput::Object(start),
        Value::Null => tool_input(json),
        other if json.trim().is_empty() => ToolInput::Malformed(other.to_string()),
        _ => tool_input(json),
    }
}

fn take_text(block: &mut Map<String, Value>, name: &str) -> String {
    match block.remove(name) {
        Some(Value::String(text)) => text,
        _ => String::new(),
    }
}
