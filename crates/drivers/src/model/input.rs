//! A call's input, from the text that a model wrote.

use planaria_core::model::ToolInput;
use serde_json::{Map, Value};

/// Reads a call's input. No text at all is an empty object. What is no object is data too: the
/// model is told, not the operator.
pub(super) fn tool_input(json: String) -> ToolInput {
    if json.trim().is_empty() {
        return ToolInput::Object(Value::Object(Map::new()));
    }
    match serde_json::from_str(&json) {
        Ok(value @ Value::Object(_)) => ToolInput::Object(value),
        _ => ToolInput::Malformed(json),
    }
}
