//! The chunks of a stream, as servers send them.
//!
//! `types/chat/chat_completion_chunk.py` of OpenAI's SDK says what should be there; here nearly
//! everything may be missing or `null`, and fields that we do not use are passed over.

use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// One event.
#[derive(Deserialize)]
pub(super) struct Chunk {
    pub model: Option<String>,
    /// Empty in the chunk that says what was used.
    pub choices: Option<Vec<Choice>>,
    pub usage: Option<Value>,
    pub error: Option<Value>,
    pub object: Option<String>,
}

impl Chunk {
    /// Whether it is about a failure.
    pub fn is_failure(&self) -> bool {
        self.error.is_some() || self.object.as_deref() == Some("error")
    }

    /// The choice that we have asked for; there is one.
    pub fn choice(self) -> Option<Choice> {
        self.choices?.into_iter().find(|choice| choice.index.unwrap_or(0) == 0)
    }
}

#[derive(Deserialize)]
pub(super) struct Choice {
    index: Option<u64>,
    pub delta: Option<Piece>,
    pub finish_reason: Option<String>,
}

/// What a chunk adds to the message.
#[derive(Deserialize)]
pub(super) struct Piece {
    /// A text, or parts.
    content: Option<Value>,
    /// Thinking, as DeepSeek named it first.
    reasoning_content: Option<Value>,
    /// Thinking, as OpenRouter and Ollama name it. Who sends both says the same twice.
    reasoning: Option<Value>,
    refusal: Option<String>,
    pub tool_calls: Option<Vec<CallPiece>>,
}

/// What a chunk adds to a call.
#[derive(Deserialize)]
pub(super) struct CallPiece {
    /// Anything but a count is as good as none.
    #[serde(default, deserialize_with = "count")]
    pub index: Option<u64>,
    pub id: Option<String>,
    function: Option<FunctionPiece>,
}

#[derive(Deserialize)]
struct FunctionPiece {
    name: Option<String>,
    arguments: Option<Value>,
}

fn count<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u64>, D::Error> {
    Ok(Value::deserialize(from)?.as_u64())
}

impl Piece {
    /// More thinking; empty for none.
    pub fn thinking(&self) -> String {
        let fields = [&self.reasoning_content, &self.reasoning];
        let mut told = fields.into_iter().flatten().filter_map(Value::as_str);
        let told = told.find(|text| !text.is_empty()).unwrap_or_default().to_owned();
        told + &parts(self.content.as_ref(), "thinking")
    }

    /// More text; empty for none.
    pub fn text(&self) -> String {
        match &self.content {
            Some(Value::String(text)) => text.clone(),
            content => parts(content.as_ref(), "text"),
        }
    }

    /// More of the words with which the model refuses; empty for none.
    pub fn refusal(&self) -> &str {
        self.refusal.as_deref().unwrap_or_default()
    }
}

/// The parts of one type in a content of parts, as Mistral has them; thinking is made of parts
/// again.
fn parts(content: Option<&Value>, wanted: &str) -> String {
    let parts = content.and_then(Value::as_array).into_iter().flatten();
    let texts = parts.filter(|part| part["type"] == wanted).map(|part| match &part[wanted] {
        Value::String(text) => text.clone(),
        inner => parts_of_text(inner),
    });
    texts.collect()
}

fn parts_of_text(content: &Value) -> String {
    let parts = content.as_array().into_iter().flatten();
    parts.filter_map(|part| part["text"].as_str()).collect()
}

impl CallPiece {
    /// The tool's name; empty where the piece does not say it.
    pub fn name(&self) -> &str {
        self.function.as_ref().and_then(|function| function.name.as_deref()).unwrap_or_default()
    }

    /// The call's id; empty where the piece does not say it.
    pub fn id(&self) -> &str {
        self.id.as_deref().unwrap_or_default()
    }

    /// More of the input's text. Some servers send the input itself.
    pub fn arguments(&self) -> String {
        match self.function.as_ref().and_then(|function| function.arguments.as_ref()) {
            None | Some(Value::Null) => String::new(),
            Some(Value::String(text)) => text.clone(),
            Some(input) => input.to_string(),
        }
    }

    /// Whether there is nothing in it that a call could begin with.
    pub fn says_nothing(&self) -> bool {
        self.id().is_empty() && self.name().is_empty() && self.arguments().trim().is_empty()
    }
}
