//! The model answered: its message, its calls and what makes them runnable are one batch.

use bytes::Bytes;
use serde_json::{Value, json};

use super::super::batch::Batch;
use super::super::command::ModelFailure;
use super::advance;
use super::interrupt::end_request;
use super::model_failed::exhausted;
use crate::agent::{Permission, PermissionPolicy, permission};
use crate::id::{EventId, block_event};
use crate::limits::{ANSWER_BYTES_MAX, ANSWER_CALLS_MAX};
use crate::model::{Answer, Block, ToolInput, Usage};
use crate::record::payload::{Answer as AnswerRecord, Content, CustomToolUse, ToolResult, ToolUse};
use crate::record::{Kind, to_payload};
use crate::tool::text_block;

pub(super) fn model_done(
    batch: &mut Batch<'_>,
    digest: String,
    harness: (String, u32),
    answer: Answer,
) {
    let request = batch.state.model.expect("checked: the request is open").start;
    let usage = answer.usage;
    let record = to_payload(&AnswerRecord {
        request,
        digest,
        harness,
        model: answer.model,
        blocks: answer.blocks.clone(),
        stop: answer.stop,
        usage,
    });
    let message = message(&answer.blocks);
    // A message of many small blocks needs more bytes than the answer it is made of.
    let bytes = record.len().max(message.as_ref().map_or(0, |(_, payload)| payload.len()));
    if bytes > ANSWER_BYTES_MAX {
        return exhausted(batch, too_large(bytes).having_used(usage));
    }
    let id = batch.next_id();
    batch.push_as(id, Kind::Answer, record);
    let refused = blocks(batch, request, &answer.blocks, message);
    end_request(batch, false, usage);
    for (call, problem) in refused {
        let content = vec![text_block(&problem)];
        let result = ToolResult { tool_use_id: call, content, is_error: true };
        batch.push(Kind::AgentToolResult, &result);
    }
    // What is allowed runs now; what asks waits, and what was confirmed waits with it.
    advance::dispatch(batch);
    advance::advance(batch);
}

fn too_large(bytes: usize) -> ModelFailure {
    ModelFailure {
        kind: "model_request_failed_error".to_owned(),
        message: format!("the model's answer has {bytes} bytes, at most {ANSWER_BYTES_MAX} fit"),
        retryable: false,
        retry_after: None,
        usage: Usage::default(),
    }
}

/// All text of the answer as one message, and the index of the block that gives it its id.
fn message(blocks: &[Block]) -> Option<(usize, Bytes)> {
    let texts = blocks.iter().enumerate().filter_map(|(index, block)| match block {
        Block::Text(text) if !text.is_empty() => Some((index, text_block(text))),
        _ => None,
    });
    let (indices, content): (Vec<usize>, Vec<Value>) = texts.unzip();
    Some((*indices.first()?, to_payload(&Content { content })))
}

/// Turns blocks into events, in the contract's order, and returns the calls that are refused.
fn blocks(
    batch: &mut Batch<'_>,
    request: EventId,
    blocks: &[Block],
    message: Option<(usize, Bytes)>,
) -> Vec<(EventId, String)> {
    let at = |index: usize| block_event(request, index);
    for (index, block) in blocks.iter().enumerate() {
        if matches!(block, Block::Thinking(_)) {
            batch.push_as(at(index), Kind::AgentThinking, to_payload(&json!({})));
        }
    }
    if let Some((first, payload)) = message {
        batch.push_as(at(first), Kind::AgentMessage, payload);
    }
    let calls = blocks.iter().enumerate().filter_map(|(index, block)| match block {
        Block::ToolUse { name, input } => Some((at(index), name, input)),
        _ => None,
    });
    let mut refused = Vec::new();
    for (count, (id, name, input)) in calls.enumerate() {
        if let Some(problem) = tool_use(batch, id, name, input, count >= ANSWER_CALLS_MAX) {
            refused.push((id, problem));
        }
    }
    refused
}

/// Records one call; the text is the reason why it will not run.
fn tool_use(
    batch: &mut Batch<'_>,
    id: EventId,
    name: &str,
    input: &ToolInput,
    too_many: bool,
) -> Option<String> {
    let agent = batch.state.agent.clone().expect("record 1 names the agent");
    let permission = permission(&agent, name);
    let problem = match (input, permission) {
        (ToolInput::Malformed(text), _) => Some(format!(
            "The input of this call is not a JSON object, so it was not run. It began: {}",
            text.chars().take(200).collect::<String>()
        )),
        _ if too_many => Some(format!(
            "Not run: at most {ANSWER_CALLS_MAX} calls of one answer are taken. Call again."
        )),
        (_, Permission::Refuse) => Some(format!("There is no tool `{name}`.")),
        _ => None,
    };
    let object = match input {
        ToolInput::Object(value) => value.clone(),
        ToolInput::Malformed(_) => json!({}),
    };
    if permission == Permission::Custom && problem.is_none() {
        let payload = to_payload(&CustomToolUse { name: name.to_owned(), input: object });
        batch.push_as(id, Kind::AgentCustomToolUse, payload);
        return None;
    }
    let (verdict, evaluation): (&str, Option<Value>) = match permission {
        _ if problem.is_some() => ("deny", None),
        Permission::Allow(_) => ("allow", Some(json!({ "type": "always_allow" }))),
        Permission::Ask(_, PermissionPolicy::Auto) => {
            let reason = json!({ "type": "ask", "reason_code": "indeterminate" });
            ("ask", Some(json!({ "type": "auto", "evaluated_permission": reason })))
        }
        _ => ("ask", Some(json!({ "type": "always_ask" }))),
    };
    let tool_use = ToolUse {
        name: name.to_owned(),
        input: object,
        evaluated_permission: verdict.to_owned(),
        evaluation,
    };
    batch.push_as(id, Kind::AgentToolUse, to_payload(&tool_use));
    problem
}
