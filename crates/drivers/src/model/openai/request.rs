//! The body of a request.

use planaria_core::model::Request;
use planaria_core::tool::ToolSpec;
use serde::Serialize;
use serde_json::Value;

use super::messages::messages;
use super::options::TokenLimit;

/// In what endpoints differ.
#[derive(Debug, Clone, Copy)]
pub(super) struct Manner {
    /// The field that bounds an answer's tokens.
    pub token_limit: TokenLimit,
    /// The most tokens that an answer may have.
    pub answer_tokens_max: u32,
    /// Whether PDF documents are taken.
    pub documents: bool,
}

/// `types/chat/completion_create_params.py` of OpenAI's SDK, as far as we use it and as far as the
/// others know it. Event ids serve as ids of tool calls in both directions.
#[derive(Serialize)]
pub(super) struct Body<'a> {
    model: &'a str,
    messages: Vec<Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<Tool<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning_effort: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_completion_tokens: Option<u32>,
    stream: bool,
    stream_options: StreamOptions,
}

/// Without this the stream says nothing of what it cost.
#[derive(Serialize)]
struct StreamOptions {
    include_usage: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case", tag = "type")]
enum Tool<'a> {
    Function { function: Function<'a> },
}

#[derive(Serialize)]
struct Function<'a> {
    name: &'a str,
    description: &'a str,
    parameters: &'a Value,
}

impl<'a> Body<'a> {
    /// The body of a request to an endpoint of that manner.
    pub fn new(request: &'a Request, manner: Manner) -> Self {
        let tokens = request.max_tokens.min(manner.answer_tokens_max);
        let bound = |field| (manner.token_limit == field).then_some(tokens);
        Self {
            model: &request.model,
            messages: messages(request, manner.documents),
            tools: request.tools.iter().map(tool).collect(),
            reasoning_effort: request.effort.as_deref().map(effort),
            max_tokens: bound(TokenLimit::MaxTokens),
            max_completion_tokens: bound(TokenLimit::MaxCompletionTokens),
            stream: true,
            stream_options: StreamOptions { include_usage: true },
        }
    }
}

fn tool(spec: &ToolSpec) -> Tool<'_> {
    let ToolSpec { name, description, input_schema } = spec;
    Tool::Function { function: Function { name, description, parameters: input_schema } }
}

/// What is above `high` in the Messages API has no name that every endpoint knows. Whatever else an
/// agent says is passed on as it is.
fn effort(effort: &str) -> &str {
    match effort {
        "xhigh" | "max" => "high",
        other => other,
    }
}
