//! The body of a request.

use std::borrow::Cow;

use planaria_core::model::{Message, Request, Role};
use planaria_core::tool::ToolSpec;
use serde::Serialize;
use serde_json::{Value, json};

use super::cache::{Breakpoints, breakpoints};

/// `types/message_create_params.py` of the SDK (2.13.0), as far as we use it. Event ids serve as
/// ids of tool calls in both directions; they keep to the API's `^[a-zA-Z0-9_-]+$`.
#[derive(Serialize)]
pub(super) struct Body<'a> {
    model: &'a str,
    max_tokens: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    system: Option<System<'a>>,
    messages: Vec<Turn<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<Tool<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_config: Option<OutputConfig<'a>>,
    stream: bool,
}

/// `types/cache_control_ephemeral_param.py`: what ends here is cached for five minutes after its
/// last use.
#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case", tag = "type")]
enum CacheControl {
    Ephemeral,
}

/// A system prompt: a text, or the block that a breakpoint needs.
#[derive(Serialize)]
#[serde(untagged)]
enum System<'a> {
    Text(&'a str),
    Blocks([TextBlock<'a>; 1]),
}

#[derive(Serialize)]
#[serde(rename = "text", tag = "type")]
struct TextBlock<'a> {
    text: &'a str,
    cache_control: CacheControl,
}

#[derive(Serialize)]
struct Turn<'a> {
    role: Role,
    /// Only a block that gets a breakpoint is copied.
    content: Vec<Cow<'a, Value>>,
}

#[derive(Serialize)]
struct Tool<'a> {
    #[serde(flatten)]
    spec: &'a ToolSpec,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_control: Option<CacheControl>,
}

/// `types/output_config_param.py`: `effort` is one of `low`, `medium`, `high`, `xhigh`, `max`, and
/// needs no beta header. What an agent says is passed on as it is; the endpoint knows its models.
#[derive(Serialize)]
struct OutputConfig<'a> {
    effort: &'a str,
}

impl<'a> Body<'a> {
    /// The body of a request, with breakpoints for the endpoint's cache if `cache` is on.
    pub fn new(request: &'a Request, cache: bool) -> Self {
        let marks = if cache { breakpoints(request) } else { Breakpoints::default() };
        Self {
            model: &request.model,
            max_tokens: request.max_tokens,
            system: system(&request.system, &marks),
            messages: turns(&request.messages, &marks),
            tools: tools(&request.tools, &marks),
            output_config: request.effort.as_deref().map(|effort| OutputConfig { effort }),
            stream: true,
        }
    }
}

fn system<'a>(text: &'a str, marks: &Breakpoints) -> Option<System<'a>> {
    let cache_control = CacheControl::Ephemeral;
    match text.is_empty() {
        true => None,
        false if marks.system => Some(System::Blocks([TextBlock { text, cache_control }])),
        false => Some(System::Text(text)),
    }
}

fn turns<'a>(messages: &'a [Message], marks: &Breakpoints) -> Vec<Turn<'a>> {
    let turn = |message: &'a Message| Turn {
        role: message.role,
        content: message.content.iter().map(Cow::Borrowed).collect(),
    };
    let mut turns: Vec<Turn<'a>> = messages.iter().map(turn).collect();
    for (message, block) in &marks.blocks {
        // A block that can be marked is an object.
        turns[*message].content[*block].to_mut()["cache_control"] = json!(CacheControl::Ephemeral);
    }
    turns
}

fn tools<'a>(specs: &'a [ToolSpec], marks: &Breakpoints) -> Vec<Tool<'a>> {
    let mut tools: Vec<Tool<'a>> =
        specs.iter().map(|spec| Tool { spec, cache_control: None }).collect();
    if let Some(last) = tools.last_mut().filter(|_| marks.tools) {
        last.cache_control = Some(CacheControl::Ephemeral);
    }
    tools
}
