//! What a data directory knows of a fleet's sessions.

use planaria_core::limits::READ_RECORDS_MAX;
use planaria_core::port::store::Store;
use planaria_core::record::payload::StopReason;
use planaria_core::session::{SessionState, Status, fold};
use planaria_core::{SessionId, record};
use planaria_fleet::{Current, Known};

use super::work::{INPUTS, run_of};
use crate::data;

/// The sessions of a fleet, as their logs say.
pub async fn current(store: &dyn Store, fleet: &str) -> anyhow::Result<Current> {
    let mut current = Current::default();
    for (name, id) in data::of_fleet(store, fleet).await? {
        let state = state(store, id).await?;
        // A name whose session was never recorded is as good as free.
        if state.seq == 0 {
            continue;
        }
        let inputs = state.metadata.get(INPUTS).and_then(|text| text.parse().ok());
        let known = Known {
            id: id.to_string(),
            run: run_of(&state.metadata),
            begun: state.status != Status::New,
            inputs,
            state: word(&state).to_owned(),
        };
        current.sessions.insert(name, known);
    }
    Ok(current)
}

/// A session as its log says.
pub async fn state(store: &dyn Store, id: SessionId) -> anyhow::Result<SessionState> {
    let mut state = SessionState::default();
    loop {
        let page: Vec<record::Record> = store.read(id, state.seq + 1, READ_RECORDS_MAX).await?;
        if page.is_empty() {
            return Ok(state);
        }
        fold(&mut state, &page)?;
    }
}

fn word(state: &SessionState) -> &'static str {
    match &state.status {
        Status::New => "not begun",
        Status::Running => "under way",
        Status::Rescheduling { .. } => "waits to try again",
        Status::Idle(StopReason::EndTurn) => "done",
        Status::Idle(StopReason::RequiresAction { .. }) => "waits for input",
        Status::Idle(_) => "its last turn failed",
        Status::Terminated => "terminated",
    }
}
