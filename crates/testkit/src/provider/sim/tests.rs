//! The simulated model, asked as a session would ask it.

use std::sync::Arc;

use futures_util::StreamExt;
use planaria_core::SessionId;
use planaria_core::model::{Answer, Block, Message, Request, Role, StopReason, ToolInput};
use planaria_core::port::provider::{Delta, Error};
use planaria_core::tool::text_block;
use serde_json::{Value, json};

use super::{ModelFault, SimModel};

const ID: SessionId = SessionId(1);

fn request(messages: &[Message]) -> Arc<Request> {
    Arc::new(Request {
        model: "sim-1".to_owned(),
        effort: None,
        system: String::new(),
        messages: messages.to_vec(),
        tools: Vec::new(),
        max_tokens: 1_000,
    })
}

fn user(content: Vec<Value>) -> Message {
    Message { role: Role::User, content }
}

async fn ask(model: &SimModel, messages: &[Message]) -> Result<Answer, Error> {
    let mut stream = model.provider(ID).answer(request(messages));
    loop {
        match stream.next().await {
            Some(Ok(Delta::Done(answer))) => return Ok(answer),
            Some(Ok(_)) => {}
            Some(Err(error)) => return Err(error),
            None => return Err(Error::Broken { message: "no end".to_owned() }),
        }
    }
}

/// The answer as it stands in the history, and the calls in it.
fn said(answer: &Answer, number: usize) -> (Message, Vec<(String, Value)>) {
    let mut calls = Vec::new();
    let block = |(index, block): (usize, &Block)| match block {
        Block::Text(text) => text_block(text),
        Block::Thinking(raw) => raw.clone(),
        Block::ToolUse { name, input: ToolInput::Object(input) } => {
            let id = format!("{number}.{index}");
            calls.push((id.clone(), input.clone()));
            json!({ "type": "tool_use", "id": id, "name": name, "input": input })
        }
        other => panic!("the simulated model does not say {other:?}"),
    };
    let content = answer.blocks.iter().enumerate().map(block).collect();
    (Message { role: Role::Assistant, content }, calls)
}

fn result(id: &str, text: &str, is_error: bool) -> Value {
    let content = [text_block(text)];
    json!({ "type": "tool_result", "tool_use_id": id, "content": content, "is_error": is_error })
}

/// A result that names what was asked, as those of the simulated hands do.
fn done((id, input): &(String, Value)) -> Value {
    result(id, &input.to_string(), false)
}

/// Works a job through; `answer` gives the results of each answer's calls.
async fn work(
    model: &SimModel,
    job: &str,
    mut answer: impl FnMut(&(String, Value)) -> Value,
) -> Result<Vec<Message>, Error> {
    let mut messages = vec![user(vec![text_block(job)])];
    for number in 0.. {
        let reply = ask(model, &messages).await?;
        let (message, calls) = said(&reply, number);
        messages.push(message);
        if reply.stop == StopReason::EndTurn {
            break;
        }
        messages.push(user(calls.iter().map(&mut answer).collect()));
    }
    Ok(messages)
}

#[tokio::test(start_paused = true)]
async fn a_job_is_worked_through_and_ends_with_a_message_that_names_it() {
    let model = SimModel::new(1, 0);
    let messages = work(&model, "job 1", done).await.unwrap();
    let last = messages.last().unwrap().content.last().unwrap();
    assert!(last["text"].as_str().unwrap().starts_with("Finished: job 1."), "{last}");
    assert!(messages.len() >= 4);
    assert!(model.complaints().is_empty());
    assert_eq!(messages, work(&SimModel::new(1, 0), "job 1", done).await.unwrap());
    assert_ne!(messages, work(&SimModel::new(2, 0), "job 1", done).await.unwrap());
}

#[tokio::test(start_paused = true)]
async fn lost_doubled_and_swapped_steps_are_complained_about() {
    let model = SimModel::new(1, 0);
    let good = work(&model, "job 1", done).await.unwrap();
    assert!(good.len() > 4, "more than one step");
    let mut first = good.clone();
    first.truncate(3);
    ask(&model, &first).await.unwrap();
    let mut lost = first.clone();
    lost[2].content.pop();
    lost[2].content.push(text_block("job 2"));
    let mut doubled = first.clone();
    let copy = doubled[2].content[0].clone();
    doubled[2].content.push(copy);
    let mut skipped = good.clone();
    skipped.drain(1..3);
    skipped.pop();
    let mut repeated = first.clone();
    repeated.extend(first[1..].to_vec());
    let mut other = first.clone();
    other[2].content[0]["content"] = json!([text_block("did: something else")]);
    for bad in [&lost, &doubled, &skipped, &repeated, &other] {
        let before = model.complaints().len();
        let refused = ask(&model, bad).await;
        assert!(matches!(refused, Err(Error::Rejected { .. })), "{refused:?} to {bad:?}");
        assert_eq!(model.complaints().len(), before + 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_of_unknown_outcome_is_looked_at_and_repeated_only_if_nothing_is_there() {
    for (there, again) in [(0, true), (1, false)] {
        let model = SimModel::new(1, 0);
        let mut doubtful: Option<String> = None;
        let mut repeated = false;
        work(&model, "job 1", |call| {
            let (id, input) = call;
            let command = input["command"].as_str().map(str::to_owned);
            let key = input["file_path"].as_str().map(str::to_owned);
            match (&doubtful, command) {
                (None, Some(command)) => {
                    doubtful = Some(command);
                    result(id, planaria_core::session::OUTCOME_UNKNOWN, true)
                }
                (Some(doubt), _) if key.as_ref() == Some(doubt) => {
                    result(id, &format!("{doubt}: written {there} times"), false)
                }
                (Some(doubt), Some(command)) if *doubt == command => {
                    repeated = true;
                    done(call)
                }
                _ => done(call),
            }
        })
        .await
        .unwrap();
        assert!(doubtful.is_some(), "the job has a command");
        assert_eq!(repeated, again);
        assert!(model.complaints().is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn it_refuses_when_asked_to_and_goes_on_afterwards() {
    let model = SimModel::new(1, 0);
    let mut messages = vec![user(vec![text_block("refuse this")])];
    let refused = ask(&model, &messages).await.unwrap();
    assert!(matches!(refused.stop, StopReason::Refusal { .. }));
    messages.push(said(&refused, 0).0);
    messages.push(user(vec![text_block("job 1")]));
    assert_eq!(ask(&model, &messages).await.unwrap().stop, StopReason::ToolUse);
}

#[tokio::test(start_paused = true)]
async fn failures_follow_from_the_seed_and_end() {
    let messages = vec![user(vec![text_block("job 1")])];
    let mut kinds = std::collections::BTreeSet::new();
    for seed in 0..40 {
        let model = SimModel::new(seed, 100);
        let mut failures = 0;
        loop {
            let asking = ask(&model, &messages);
            let patience = std::time::Duration::from_secs(600);
            match tokio::time::timeout(patience, asking).await {
                Ok(Ok(_)) => break,
                // One that is too long is not repeated but summed up first, and comes once.
                Ok(Err(Error::TooLong { .. })) => assert_eq!(failures, 0),
                Ok(Err(error)) => assert!(error.is_retryable(), "{error}"),
                Err(_) => kinds.extend(model.requests().last().unwrap().fault),
            }
            failures += 1;
        }
        assert!((1..=4).contains(&failures), "{failures}");
        kinds.extend(model.requests().iter().filter_map(|asked| asked.fault).map(|f| match f {
            ModelFault::OverloadedFor(_) => ModelFault::OverloadedFor(0),
            ModelFault::RateLimited(_) => ModelFault::RateLimited(0),
            other => other,
        }));
        assert!(model.complaints().is_empty());
    }
    assert_eq!(kinds.len(), 8, "{kinds:?}");
}
