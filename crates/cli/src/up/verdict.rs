//! How a session ended, as its state and its log say.

use planaria_core::SessionId;
use planaria_core::port::store::Store;
use planaria_core::record::Kind;
use planaria_core::record::payload::{ErrorBody, SessionError, StopReason};
use planaria_core::session::{SessionState, Status};

use crate::answer;

/// How a session ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Its turn ended, with this answer.
    Done(String),
    /// It waits for somebody, and for what.
    Waiting(String),
    /// It did not, and why.
    Failed(String),
    /// It has no prompt, and stands ready for messages.
    Ready,
}

impl Verdict {
    /// Its word in progress lines.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Done(_) => "done",
            Self::Waiting(_) => "waiting",
            Self::Failed(_) => "failed",
            Self::Ready => "ready",
        }
    }
}

/// How a session has ended; `None` while something will happen by itself.
pub async fn of(
    store: &dyn Store,
    id: SessionId,
    state: &SessionState,
) -> anyhow::Result<Option<Verdict>> {
    Ok(Some(match &state.status {
        Status::Idle(StopReason::EndTurn) if state.queue.is_empty() => {
            Verdict::Done(answer::of(store, id, state).await?)
        }
        Status::Idle(StopReason::RequiresAction { event_ids }) => {
            let calls: Vec<String> = state
                .calls
                .iter()
                .filter(|c| event_ids.contains(&c.id))
                .map(|c| format!("{} ({})", c.name, c.id))
                .collect();
            Verdict::Waiting(format!(
                "answers to {}; give them with `planaria send` (see its --help) while the fleet is up, \
                 which `planaria up --watch` keeps it",
                calls.join(", ")
            ))
        }
        Status::Idle(StopReason::EndTurn) | Status::New | Status::Running => return Ok(None),
        Status::Rescheduling { .. } => return Ok(None),
        Status::Idle(StopReason::Refusal) => {
            Verdict::Failed("the model refused to go on".to_owned())
        }
        Status::Idle(_) => Verdict::Failed(last_error(store, id, state).await?),
        Status::Terminated => Verdict::Failed("the session is terminated".to_owned()),
    }))
}

/// The words of the last `session.error`.
pub async fn last_error(
    store: &dyn Store,
    id: SessionId,
    state: &SessionState,
) -> anyhow::Result<String> {
    /// An error stands right before the idle statuses; what was flushed in between is bounded.
    const TAIL: u64 = 128;
    let from = state.seq.saturating_sub(TAIL).max(1);
    let page = store.read(id, from, TAIL as usize + 1).await?;
    let turn = page.iter().rev().take_while(|r| r.kind != Kind::SessionStatusRunning);
    let error = turn.into_iter().find(|r| r.kind == Kind::SessionError);
    let body = error.and_then(|r| r.parse::<SessionError>().ok()).map(|e| e.error);
    Ok(match body {
        Some(ErrorBody { message, .. }) => message,
        None => "the turn ended without an answer".to_owned(),
    })
}
