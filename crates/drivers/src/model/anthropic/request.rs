//! The body of a request.

use planaria_core::model::{Message, Request};
use planaria_core::tool::ToolSpec;
use serde::Serialize;

/// `types/message_create_params.py` of the SDK (2.13.0), as far as we use it. Event ids serve as
/// ids of tool calls in both directions; they keep to the API's `^[a-zA-Z0-9_-]+$`.
#[derive(Serialize)]
pub(super) struct Body<'a> {
    model: &'a str,
    max_tokens: u32,
    #[serde(skip_serializing_if = "str::is_empty")]
    system: &'a str,
    messages: &'a [Message],
    #[serde(skip_serializing_if = "<[ToolSpec]>::is_empty")]
    tools: &'a [ToolSpec],
    #[serde(skip_serializing_if = "Option::is_none")]
    output_config: Option<OutputConfig<'a>>,
    stream: bool,
}

/// `types/output_config_param.py`: `effort` is one of `low`, `medium`, `high`, `xhigh`, `max`, and
/// needs no beta header. What an agent says is passed on as it is; the endpoint knows its models.
#[derive(Serialize)]
struct OutputConfig<'a> {
    effort: &'a str,
}

impl<'a> Body<'a> {
    pub fn new(request: &'a Request) -> Self {
        Self {
            model: &request.model,
            max_tokens: request.max_tokens,
            system: &request.system,
            messages: &request.messages,
            tools: &request.tools,
            output_config: request.effort.as_deref().map(|effort| OutputConfig { effort }),
            stream: true,
        }
    }
}
