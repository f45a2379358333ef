//! What a client may send to a session, and the types of the errors that it may hear of.

mod errors;

use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::id::EventId;
use crate::record::payload::{Confirmation, CustomToolResult, Verdict};
pub use errors::{SESSION_ERRORS, SessionErrorType};

/// A client's event, as it stands in the body of a send.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "type", deny_unknown_fields)]
#[non_exhaustive]
pub enum ClientEvent {
    /// A message for the agent.
    #[serde(rename = "user.message")]
    Message {
        /// Content blocks: text, image, document.
        content: Vec<Value>,
    },
    /// Stop what you are doing.
    #[serde(rename = "user.interrupt")]
    Interrupt {
        /// One thread only.
        #[serde(default)]
        session_thread_id: Option<String>,
    },
    /// Verdict on a call that asked.
    #[serde(rename = "user.tool_confirmation", deserialize_with = "confirmation")]
    Confirmation(Confirmation),
    /// Result of a tool that the client runs.
    #[serde(rename = "user.custom_tool_result", deserialize_with = "custom_tool_result")]
    CustomToolResult(CustomToolResult),
    /// An addition to the system prompt from here on.
    #[serde(rename = "system.message")]
    System {
        /// Text blocks.
        content: Vec<Value>,
    },
}

/// What a client may say in a confirmation. The log is read by the payload itself, which passes
/// over fields that a later version has added; a client's misspelt field must not get lost like
/// that.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ConfirmationParams {
    tool_use_id: EventId,
    result: Verdict,
    deny_message: Option<String>,
}

/// What a client may say in the result of a tool of its own.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CustomToolResultParams {
    custom_tool_use_id: EventId,
    content: Option<Vec<Value>>,
    is_error: Option<bool>,
}

fn confirmation<'de, D: Deserializer<'de>>(event: D) -> Result<Confirmation, D::Error> {
    let ConfirmationParams { tool_use_id, result, deny_message } =
        ConfirmationParams::deserialize(event)?;
    Ok(Confirmation { tool_use_id, result, deny_message })
}

fn custom_tool_result<'de, D: Deserializer<'de>>(event: D) -> Result<CustomToolResult, D::Error> {
    let given = CustomToolResultParams::deserialize(event)?;
    Ok(CustomToolResult {
        custom_tool_use_id: given.custom_tool_use_id,
        content: given.content.unwrap_or_default(),
        is_error: given.is_error.unwrap_or_default(),
    })
}

impl ClientEvent {
    /// A message of one text block.
    pub fn message(text: &str) -> Self {
        Self::Message { content: vec![crate::tool::text_block(text)] }
    }

    /// The event's type.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Message { .. } => "user.message",
            Self::Interrupt { .. } => "user.interrupt",
            Self::Confirmation(_) => "user.tool_confirmation",
            Self::CustomToolResult(_) => "user.custom_tool_result",
            Self::System { .. } => "system.message",
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::id::EventId;

    fn read(event: Value) -> Result<ClientEvent, String> {
        serde_json::from_value(event).map_err(|error| error.to_string())
    }

    fn every_event() -> Vec<Value> {
        let (id, content) = (EventId(7), json!([{ "type": "text", "text": "x" }]));
        vec![
            json!({ "type": "user.message", "content": content }),
            json!({ "type": "user.interrupt", "session_thread_id": null }),
            json!({ "type": "user.tool_confirmation", "tool_use_id": id, "result": "allow" }),
            json!({ "type": "user.custom_tool_result", "custom_tool_use_id": id,
                "content": content, "is_error": true }),
            json!({ "type": "system.message", "content": content }),
        ]
    }

    #[test]
    fn an_event_takes_no_field_that_it_does_not_know() {
        for event in every_event() {
            let name = read(event.clone()).expect("an event of the contract").name();
            assert_eq!(event["type"], name);
            for field in ["is_eror", "session_thread", "id", "processed_at"] {
                let mut more = event.clone();
                more[field] = json!(true);
                let refusal = read(more).expect_err(&format!("{name} took `{field}`"));
                assert!(refusal.contains(&format!("unknown field `{field}`")), "{refusal}");
            }
        }
    }

    #[test]
    fn null_stands_for_what_a_client_leaves_out() {
        let nulls = json!({ "type": "user.custom_tool_result", "custom_tool_use_id": EventId(7),
            "content": null, "is_error": null });
        let Ok(ClientEvent::CustomToolResult(result)) = read(nulls) else { panic!("refused") };
        assert!(result.content.is_empty() && !result.is_error);
        let nulls = json!({ "type": "user.tool_confirmation", "tool_use_id": EventId(7),
            "result": "deny", "deny_message": null });
        let Ok(ClientEvent::Confirmation(confirmation)) = read(nulls) else { panic!("refused") };
        assert_eq!(confirmation.deny_message, None);
    }

    #[test]
    fn what_is_in_the_log_may_have_fields_of_tomorrow() {
        let id = EventId(7);
        let later = json!({ "custom_tool_use_id": id, "is_error": true, "tomorrow": 1 });
        assert!(serde_json::from_value::<CustomToolResult>(later).is_ok());
        let later = json!({ "tool_use_id": id, "result": "deny", "tomorrow": 1 });
        assert!(serde_json::from_value::<Confirmation>(later).is_ok());
    }
}
