//! A client sends events: all are accepted, or none.

use serde_json::Value;
use serde_json::value::RawValue;

use super::super::batch::Batch;
use super::super::command::Rejection;
use super::super::state::Status;
use super::content::{self, Place};
use super::{advance, answer, interrupt};
use crate::event::ClientEvent;
use crate::limits::{QUEUE_BYTES_MAX, QUEUE_EVENTS_MAX, SEND_EVENTS_MAX};
use crate::record::payload::{Accepted, Content};
use crate::record::{Kind, to_payload};

pub(super) fn send(batch: &mut Batch<'_>, events: Vec<ClientEvent>) -> Result<(), Rejection> {
    if batch.state.status == Status::Terminated {
        return Err(Rejection::Invalid("the session is terminated".to_owned()));
    }
    if events.is_empty() || events.len() > SEND_EVENTS_MAX {
        return Err(Rejection::Invalid(format!("events: 1 to {SEND_EVENTS_MAX} are allowed")));
    }
    // A person's answers that settle the last open question wake the session, and the statuses come
    // before the event that caused them.
    answer::run_if_settled(batch, &events);
    let last = events.len() - 1;
    let mut has_result = false;
    for (index, event) in events.into_iter().enumerate() {
        let name = event.name();
        let after_result = std::mem::take(&mut has_result);
        match event {
            ClientEvent::Message { content } => {
                if batch.state.is_blocked() {
                    return Err(blocked(batch, index, name));
                }
                queue(batch, index, Kind::UserMessage, content)?;
            }
            ClientEvent::System { content } => {
                if index != last {
                    return Err(at(index, name, "must be the last event of the request"));
                }
                if batch.state.is_blocked() && !after_result {
                    return Err(blocked(batch, index, name));
                }
                queue(batch, index, Kind::SystemMessage, content)?;
            }
            ClientEvent::Interrupt { session_thread_id } => {
                interrupt::interrupt(batch, index, session_thread_id)?;
            }
            ClientEvent::Confirmation(confirmation) => {
                answer::confirm(batch, index, &confirmation)?;
            }
            ClientEvent::CustomToolResult(result) => {
                answer::custom_result(batch, index, &result)?;
                has_result = true;
            }
        }
    }
    advance::advance(batch);
    Ok(())
}

fn queue(
    batch: &mut Batch<'_>,
    index: usize,
    kind: Kind,
    content: Vec<Value>,
) -> Result<(), Rejection> {
    let name = kind.name();
    let place = if kind == Kind::UserMessage { Place::Message } else { Place::System };
    content::check(&content, place).map_err(|problem| at(index, &name, &problem))?;
    let payload = to_payload(&Content { content });
    answer::fits(index, &name, payload.len())?;
    let waiting: usize = batch.state.queue.iter().map(|q| q.payload.len()).sum();
    let full =
        batch.state.queue.len() >= QUEUE_EVENTS_MAX || waiting + payload.len() > QUEUE_BYTES_MAX;
    if full && !starts_a_turn(batch, kind) {
        return Err(Rejection::RateLimited(format!(
            "{} events ({waiting} bytes) wait already; send more when the agent has read them",
            batch.state.queue.len()
        )));
    }
    let text = String::from_utf8(payload.to_vec()).expect("JSON is UTF-8");
    let event = RawValue::from_string(text).expect("a payload is JSON");
    batch.push(Kind::Accepted, &Accepted { kind: name.into_owned(), event });
    Ok(())
}

/// The message that sets an idle session running empties the queue: it must get in even where
/// system messages have filled it, or nobody could ever empty it.
fn starts_a_turn(batch: &Batch<'_>, kind: Kind) -> bool {
    let idle = matches!(batch.state.status, Status::New | Status::Idle(_));
    idle && kind == Kind::UserMessage && !advance::has_message(batch)
}

/// A refusal in the words that clients match (contract §6.4).
fn blocked(batch: &Batch<'_>, index: usize, name: &str) -> Rejection {
    let ids: Vec<String> = batch.state.pending().map(|c| c.id.to_string()).collect();
    Rejection::Invalid(format!(
        "Invalid {name} event at events[{index}]: waiting on responses to events [{}]; only \
         `user.tool_confirmation`, `user.custom_tool_result`, `user.tool_result`, or \
         `user.interrupt` may be sent",
        ids.join(", ")
    ))
}

pub(super) fn at(index: usize, name: &str, problem: &str) -> Rejection {
    Rejection::Invalid(format!("Invalid {name} event at events[{index}]: {problem}"))
}
