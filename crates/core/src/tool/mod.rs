//! Tools as the domain sees them: a name, a schema, an effect class. How they run is their runner's
//! affair.

mod read_log;

pub use read_log::{LogPage, LogQuery, READ_LOG, log_page};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::limits::RESULT_CHARS_MAX;

/// What may be done about a call whose outcome nobody knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum EffectClass {
    /// Changes nothing: run it again.
    Read,
    /// Running it twice is running it once: run it again.
    Idempotent,
    /// Never run again; the model is told that the outcome is unknown.
    AtMostOnce,
}

impl EffectClass {
    /// Whether a call of this class may be run again after its outcome was lost.
    pub fn may_rerun(self) -> bool {
        self != Self::AtMostOnce
    }
}

/// Who runs a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Runner {
    /// The session's hand, which outlives the server and knows how its calls ended.
    Hand,
    /// The server itself: a call is lost with the harness that ran it.
    Server,
}

/// A tool as it is offered to the model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ToolSpec {
    /// The name by which the model calls it.
    pub name: String,
    /// What it does, for the model.
    pub description: String,
    /// JSON Schema of its input.
    pub input_schema: Value,
}

impl ToolSpec {
    /// A tool of this name, with words for the model and the schema of its input.
    pub fn new(
        name: impl Into<String>,
        description: impl Into<String>,
        input_schema: Value,
    ) -> Self {
        Self { name: name.into(), description: description.into(), input_schema }
    }
}

/// How a call ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// Content blocks of the API (text, image, document).
    pub content: Vec<Value>,
    /// Whether the model is told that the call failed.
    pub is_error: bool,
}

impl Outcome {
    /// A result that is one text block.
    pub fn text(text: impl Into<String>) -> Self {
        Self { content: vec![text_block(&text.into())], is_error: false }
    }

    /// A failure that is one text block.
    pub fn error(text: impl Into<String>) -> Self {
        Self { content: vec![text_block(&text.into())], is_error: true }
    }
}

/// Characters kept free for the note of [`head_and_tail`].
const NOTE_CHARS: usize = 1_000;

/// A text that is too long for the log ([`RESULT_CHARS_MAX`]), with its middle left out; `None` for
/// one that fits. `kept` says what became of the rest, in few words.
pub fn head_and_tail(text: &str, kept: impl FnOnce() -> String) -> Option<String> {
    let chars = text.chars().count();
    if chars <= RESULT_CHARS_MAX {
        return None;
    }
    // What matters stands at the beginning or, with commands, at the end.
    let half = (RESULT_CHARS_MAX - NOTE_CHARS) / 2;
    let head: String = text.chars().take(half).collect();
    let tail: String = text.chars().skip(chars - half).collect();
    let left_out = chars - 2 * half;
    let kept: String = kept().chars().take(NOTE_CHARS / 2).collect();
    Some(format!("{head}\n[{left_out} of {chars} characters are left out here; {kept}]\n{tail}"))
}

/// A text content block of the API.
pub fn text_block(text: &str) -> Value {
    serde_json::json!({ "type": "text", "text": text })
}

/// A tool of the built-in toolset `agent_toolset_20260401` (contract §13) that runs in a sandbox.
#[derive(Debug)]
pub struct Builtin {
    /// Its name, which is contract.
    pub name: &'static str,
    /// Its description for the model.
    pub description: &'static str,
    /// Its class.
    pub class: EffectClass,
    /// JSON Schema of its input.
    pub schema: &'static str,
}

impl Builtin {
    /// The tool as it is offered to the model.
    pub fn spec(&self) -> ToolSpec {
        ToolSpec {
            name: self.name.to_owned(),
            description: self.description.to_owned(),
            input_schema: serde_json::from_str(self.schema).expect("schema of a built-in tool"),
        }
    }
}

/// The built-in tool of that name.
pub fn builtin(name: &str) -> Option<&'static Builtin> {
    BUILTINS.iter().find(|tool| tool.name == name)
}

/// The built-in tools that run in a sandbox, in the order of the documentation.
pub const BUILTINS: &[Builtin] = &[
    Builtin {
        name: "bash",
        description: "Runs a command in one persistent bash shell. Working directory and variables survive \
                      between calls; stdin is closed; stdout and stderr are merged. A non-zero exit status is an \
                      error. Set restart to true to get a fresh shell.",
        class: EffectClass::AtMostOnce,
        schema: r#"{"type":"object","properties":{"command":{"type":"string","description":"The command to run."},"restart":{"type":"boolean","description":"Replace the shell by a fresh one."},"timeout_ms":{"type":"integer","minimum":1,"description":"Milliseconds until the command is killed; 120000 by default."}}}"#,
    },
    Builtin {
        name: "read",
        description: "Reads a text file (at most 256 KiB unless a range is given), an image or a PDF. Relative \
                      paths start at the workspace.",
        class: EffectClass::Read,
        schema: r#"{"type":"object","properties":{"file_path":{"type":"string"},"view_range":{"type":"array","items":{"type":"integer"},"minItems":2,"maxItems":2,"description":"First and last line, from 1, inclusive; an end of 0 or less means the end of the file."}},"required":["file_path"]}"#,
    },
    Builtin {
        name: "write",
        description: "Writes a file, replacing what was there; makes missing directories.",
        class: EffectClass::Idempotent,
        schema: r#"{"type":"object","properties":{"file_path":{"type":"string"},"content":{"type":"string"}},"required":["file_path","content"]}"#,
    },
    Builtin {
        name: "edit",
        description: "Replaces an exact piece of text in a file. The text must occur exactly once unless \
                      replace_all is true.",
        class: EffectClass::AtMostOnce,
        schema: r#"{"type":"object","properties":{"file_path":{"type":"string"},"old_string":{"type":"string"},"new_string":{"type":"string"},"replace_all":{"type":"boolean"}},"required":["file_path","old_string","new_string"]}"#,
    },
    Builtin {
        name: "glob",
        description: "Lists files by a pattern such as **/*.rs, newest first, at most 200.",
        class: EffectClass::Read,
        schema: r#"{"type":"object","properties":{"pattern":{"type":"string"},"path":{"type":"string","description":"Directory to start at."}},"required":["pattern"]}"#,
    },
    Builtin {
        name: "grep",
        description: "Searches files for a regular expression; prints path:line:text.",
        class: EffectClass::Read,
        schema: r#"{"type":"object","properties":{"pattern":{"type":"string"},"path":{"type":"string","description":"File or directory to search."}},"required":["pattern"]}"#,
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_tool_has_a_unique_name_a_valid_schema_and_a_sentence() {
        let mut names: Vec<_> = BUILTINS.iter().map(|t| t.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), BUILTINS.len());
        for tool in BUILTINS {
            assert_eq!(tool.spec().input_schema["type"], "object", "{}", tool.name);
            assert!(tool.description.ends_with('.'), "{}", tool.name);
        }
    }
}
