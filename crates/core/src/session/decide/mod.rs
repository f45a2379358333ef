//! Commands in, records out. One file per kind of decision.

mod advance;
mod answer;
mod claim;
mod compaction;
mod content;
mod interrupt;
mod model_done;
mod model_failed;
mod park;
mod send;
mod tool_ended;

use super::Stamp;
use super::batch::Batch;
use super::command::{Command, Rejection};
use super::effects::EffectId;
use super::state::{SessionState, Status};
use crate::limits::CLIENT_EVENT_BYTES_MAX;
use crate::port::sandbox::{Isolation, Locator};
use crate::record::payload::{Genesis, HandBound, ThreadStatus};
use crate::record::{Kind, Record, to_payload};

/// The records that `command` leads to; none if there is nothing to record. The same state, command
/// and stamp give the same records.
///
/// # Errors
/// A [`Rejection`]; nothing is to be recorded then.
pub fn decide(
    state: &SessionState,
    command: Command,
    stamp: &Stamp,
) -> Result<Vec<Record>, Rejection> {
    let mut batch = Batch::new(state, stamp);
    if state.seq == 0 {
        let Command::Create(genesis) = command else {
            return Err(Rejection::Invalid("the session does not exist".to_owned()));
        };
        create(&mut batch, &genesis)?;
        return Ok(batch.records);
    }
    match command {
        Command::Create(_) => {
            return Err(Rejection::Invalid("the session exists already".to_owned()));
        }
        Command::Send(events) => send::send(&mut batch, events)?,
        Command::Claim { harness, version } => claim::claim(&mut batch, harness, version),
        Command::BindHand { locator, isolation } => bind_hand(&mut batch, locator, isolation)?,
        Command::ModelAnswered { effect, attempt, digest, harness, answer } => {
            open_model(state, effect, attempt)?;
            model_done::model_done(&mut batch, digest, harness, *answer);
        }
        Command::ModelFailed { effect, attempt, failure } => {
            open_model(state, effect, attempt)?;
            model_failed::model_failed(&mut batch, failure);
        }
        Command::ContextFull { effect, attempt, usage } => {
            open_model(state, effect, attempt)?;
            compaction::context_full(&mut batch, usage);
        }
        Command::Compacted { effect, attempt, compacted } => {
            open_model(state, effect, attempt)?;
            compaction::compacted(&mut batch, &compacted);
        }
        Command::ToolEnded { effect, attempt, ended } => {
            tool_ended::tool_ended(&mut batch, effect, attempt, ended)?;
        }
        Command::TimerDue { effect } => timer_due(&mut batch, effect)?,
        Command::Park { reason } => park::park(&mut batch, reason),
    }
    Ok(batch.records)
}

/// The first record, if it fits into one.
fn create(batch: &mut Batch<'_>, genesis: &Genesis) -> Result<(), Rejection> {
    let payload = to_payload(genesis);
    let (bytes, most) = (payload.len(), CLIENT_EVENT_BYTES_MAX);
    if bytes > most {
        return Err(Rejection::Invalid(format!(
            "agent and settings of the session have {bytes} bytes together, at most {most} fit"
        )));
    }
    let id = batch.next_id();
    batch.push_as(id, Kind::Genesis, payload);
    Ok(())
}

/// Generations follow each other without a gap, so that two hands can never both be the last one.
/// Binding the last one again changes nothing.
fn bind_hand(
    batch: &mut Batch<'_>,
    locator: Locator,
    isolation: Isolation,
) -> Result<(), Rejection> {
    let last = batch.state.hand.as_ref();
    if last == Some(&locator) {
        return Ok(());
    }
    let next = last.map_or(1, |hand| hand.generation + 1);
    if locator.generation != next {
        let given = locator.generation;
        return Err(Rejection::Invalid(format!("hand {given} is stale: the next is {next}")));
    }
    batch.push(Kind::HandBound, &HandBound { locator, isolation });
    Ok(())
}

fn stale(effect: EffectId, attempt: u32) -> Rejection {
    Rejection::Stale { effect: effect.0, attempt }
}

fn open_model(state: &SessionState, effect: EffectId, attempt: u32) -> Result<(), Rejection> {
    match state.model {
        Some(model) if model.effect == effect && attempt == state.attempt => Ok(()),
        _ => Err(stale(effect, attempt)),
    }
}

fn timer_due(batch: &mut Batch<'_>, effect: EffectId) -> Result<(), Rejection> {
    match batch.state.status {
        Status::Rescheduling { effect: open, .. } if open == effect => {
            run(batch);
            advance::advance(batch);
            Ok(())
        }
        _ => Err(stale(effect, batch.state.attempt)),
    }
}

/// The primary thread, as status events name it.
fn thread(batch: &Batch<'_>) -> ThreadStatus {
    let session = batch.state.session.expect("record 1 names the session");
    let agent_name = batch.state.agent.as_ref().map(|a| a.name.clone()).unwrap_or_default();
    ThreadStatus { session_thread_id: session.primary_thread(), agent_name }
}

/// Idle or rescheduling → running.
fn run(batch: &mut Batch<'_>) {
    batch.push_empty(Kind::SessionStatusRunning);
    let thread = thread(batch);
    batch.push(Kind::ThreadStatusRunning, &thread);
}
