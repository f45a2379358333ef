//! A call that the server itself runs: a tool of the embedder's, or the agent's own log.
//!
//! It dies with its harness. The session knows from the tool's class what becomes of it then.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt;
use planaria_core::limits::{CALL_DEADLINE_MAX, READ_RECORDS_MAX};
use planaria_core::port::sandbox::Ended;
use planaria_core::port::tool::ToolCall;
use planaria_core::session::Command;
use planaria_core::tool::{LogQuery, Outcome, READ_LOG, head_and_tail, log_page, text_block};
use serde_json::Value;
use tokio::sync::watch;

use super::HarnessDeps;
use super::tool::{Job, changed, read_use};

pub(super) async fn run(deps: &HarnessDeps, job: Job, mut cancelled: watch::Receiver<Option<u64>>) {
    let (effect, attempt) = job.key;
    let is_cancelled = cancelled.borrow_and_update().is_some();
    let ended = if is_cancelled {
        given_up(&job)
    } else {
        tokio::select! { biased;
            outcome = call(deps, &job) => Ended::Outcome(outcome),
            () = changed(&mut cancelled) => given_up(&job),
        }
    };
    deps.report(Command::ToolEnded { effect, attempt, ended });
}

/// A call that was to stop is dropped where it stands.
fn given_up(job: &Job) -> Ended {
    if job.class.may_rerun() { Ended::Sealed } else { Ended::Lost }
}

async fn call(deps: &HarnessDeps, job: &Job) -> Outcome {
    let input = read_use(deps, job).await.input;
    match deps.tools.get(&job.name) {
        Some(tool) => {
            let deadline = Duration::from_micros(tool.deadline().min(CALL_DEADLINE_MAX));
            // The tool's own code may panic before it returns its future, too.
            let call = ToolCall::new(deps.id, job.call, input);
            let run = AssertUnwindSafe(async { tool.call(call).await }).catch_unwind();
            match tokio::time::timeout(deadline, run).await {
                Ok(Ok(outcome)) => fit(outcome),
                Ok(Err(panic)) => panicked(&job.name, panic.as_ref()),
                Err(_) => late(deadline),
            }
        }
        None if job.name == READ_LOG.name => {
            let read = AssertUnwindSafe(read_log(deps, &input)).catch_unwind().await;
            read.unwrap_or_else(|panic| panicked(&job.name, panic.as_ref()))
        }
        None => Outcome::error(format!(
            "This server has no tool `{}` any more. Go on without it.",
            job.name
        )),
    }
}

/// The outcome with every text short enough for the log. The host has no workspace in which the
/// rest could be kept.
fn fit(mut outcome: Outcome) -> Outcome {
    for block in &mut outcome.content {
        let text = block.get("text").and_then(Value::as_str);
        let kept = || "the rest is lost: ask for less of it".to_owned();
        if let Some(cut) = text.and_then(|text| head_and_tail(text, kept)) {
            *block = text_block(&cut);
        }
    }
    outcome
}

fn panicked(name: &str, panic: &(dyn std::any::Any + Send)) -> Outcome {
    let words = panic.downcast_ref::<String>().map(String::as_str);
    let words = words.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no words");
    tracing::error!(tool = name, words, "a tool panicked");
    Outcome::error(format!(
        "The tool failed in an unexpected way ({words}). The call may have taken effect in part. \
         Look at the state of things before you repeat it."
    ))
}

fn late(deadline: Duration) -> Outcome {
    Outcome::error(format!(
        "The call was given up after {} s. It may have taken effect wholly or in part. Look at \
         the state of things before you repeat it.",
        deadline.as_secs_f64()
    ))
}

async fn read_log(deps: &HarnessDeps, input: &Value) -> Outcome {
    let query = match LogQuery::parse(input) {
        Ok(query) => query,
        Err(outcome) => return outcome,
    };
    let head = deps.shared.view.borrow().state.seq;
    let mut page = log_page(&query);
    let mut next = query.from;
    while next <= query.end().min(head) {
        let records = match deps.store.read(deps.id, next, READ_RECORDS_MAX).await {
            Ok(records) => records,
            Err(error) => return Outcome::error(format!("The log cannot be read: {error}")),
        };
        let Some(last) = records.last() else { break };
        next = last.seq + 1;
        if !records.iter().all(|record| page.push(record)) {
            break;
        }
    }
    page.finish(head)
}
