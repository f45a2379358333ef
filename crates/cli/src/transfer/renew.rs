//! A copy of a log as the log of another session.

use anyhow::Context;
use planaria_core::record::payload::{Genesis, HandBound};
use planaria_core::record::{Kind, to_payload};
use planaria_core::session::{SessionState, fold};
use planaria_core::{Record, SessionId};
use planaria_drivers::sandbox::LocalDriver;
use serde_json::Value;

use super::verify::Checked;
use crate::up::SESSION_NAME;

/// Where status events name the session's thread.
const THREAD: &str = "session_thread_id";

/// Gives the log to another session, which takes another name if one is given. Its hands become
/// hands that nobody can reach: they are the first session's.
///
/// # Errors
/// When a record is not what its kind promises.
pub fn renew(checked: &mut Checked, id: SessionId, name: Option<&str>) -> anyhow::Result<()> {
    let old_thread = Value::from(checked.header.session.primary_thread().to_string());
    let new_thread = Value::from(id.primary_thread().to_string());
    for record in &mut checked.records {
        match record.kind {
            Kind::Genesis => genesis(record, id, name)?,
            Kind::HandBound => {
                let mut bound: HandBound = record.parse()?;
                bound.locator = LocalDriver::out_of_reach(&bound.locator, id);
                record.payload = to_payload(&bound);
            }
            Kind::ThreadStatusRunning
            | Kind::ThreadStatusIdle
            | Kind::ThreadStatusRescheduled
            | Kind::ThreadStatusTerminated => {
                let mut status: Value = record.parse()?;
                if status.get(THREAD) == Some(&old_thread) {
                    status[THREAD] = new_thread.clone();
                    record.payload = to_payload(&status);
                }
            }
            _ => {}
        }
    }
    checked.state = SessionState::default();
    fold(&mut checked.state, &checked.records)?;
    Ok(())
}

fn genesis(record: &mut Record, id: SessionId, name: Option<&str>) -> anyhow::Result<()> {
    let mut genesis: Genesis = record.parse()?;
    genesis.session = id;
    if let Some(name) = name {
        let label = genesis.metadata.get_mut(SESSION_NAME);
        let label = label.context("--name: the session belongs to no fleet, so it has no name")?;
        if genesis.title.as_ref() == Some(label) {
            genesis.title = Some(name.to_owned());
        }
        *label = name.to_owned();
    }
    record.payload = to_payload(&genesis);
    Ok(())
}
