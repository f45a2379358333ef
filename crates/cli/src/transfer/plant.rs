//! Writing a checked log into a store.

use anyhow::{bail, ensure};
use planaria_core::port::env::Env;
use planaria_core::port::store::{Put, Store, Txn};
use planaria_core::session::{Command, SessionState, decide, effects, evolve};
use planaria_core::{Record, SessionId};
use planaria_drivers::env::SystemEnv;

use super::verify::Checked;
use crate::data;
use crate::limits::{IMPORT_TXN_RECORDS, PAGE_RECORDS};
use crate::up::{SESSION_FLEET, SESSION_NAME};

/// What the session is told whose work was cut off.
const CUT_OFF: &str = "it was exported while it was at work, and imported elsewhere";

/// What an import came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Planted {
    /// The session is here now.
    Whole,
    /// The rest of the log was added to its beginning, which was here.
    Rest,
    /// All of the log was here.
    Nothing,
}

impl Planted {
    /// Its word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Whole => "imported",
            Self::Rest => "completed",
            Self::Nothing => "unchanged",
        }
    }
}

/// How much of the log a store holds.
///
/// # Errors
/// When it holds another log of the same session.
pub async fn held(store: &dyn Store, id: SessionId, records: &[Record]) -> anyhow::Result<u64> {
    let Some(head) = store.head(id).await? else { return Ok(0) };
    let mut next = 1;
    while next <= head.seq.min(records.len() as u64) {
        for record in store.read(id, next, PAGE_RECORDS).await? {
            let Some(ours) = records.get(next as usize - 1) else { break };
            ensure!(
                record == *ours,
                "{id} is here already, and its record {next} is another one: the two have gone \
                 different ways. --as-new takes the file's log as a session of its own"
            );
            next += 1;
        }
    }
    Ok(head.seq)
}

/// Whether the file was imported before up to its last record, and not further: then what was to
/// end its open work may be missing. A session of the store's own that is at work is among the open
/// ones.
async fn is_half_done(store: &dyn Store, id: SessionId, checked: &Checked) -> anyhow::Result<bool> {
    let open = store.open_sessions().await?.contains(&id);
    Ok(!open && !effects(&checked.state).is_empty())
}

/// Writes what is missing. Groups are small, and the last one alone makes the session findable: an
/// import that was cut off is finished by the same command.
///
/// # Errors
/// When the store refuses it.
pub async fn plant(
    store: &dyn Store,
    id: SessionId,
    checked: &Checked,
) -> anyhow::Result<(Planted, SessionState)> {
    let held = held(store, id, &checked.records).await?;
    let total = checked.records.len() as u64;
    if held > total || (held == total && !is_half_done(store, id, checked).await?) {
        return Ok((Planted::Nothing, checked.state.clone()));
    }
    ensure!(
        held == 0 || !store.open_sessions().await?.contains(&id),
        "{id} is here and at work; bring its fleet up until it has ended its turn, or give --as-new"
    );
    let mut state = checked.state.clone();
    let end = ending(store, &mut state)?;
    let puts = name(store, id, &state).await?;
    let mut txns: Vec<Txn> = Vec::new();
    for record in checked.records.iter().skip(held as usize).chain(&end) {
        match txns.last_mut() {
            Some(txn) if txn.epoch == record.epoch && txn.records.len() < IMPORT_TXN_RECORDS => {
                txn.records.push(record.clone());
            }
            _ => txns.push(Txn {
                session: id,
                epoch: record.epoch,
                expected_seq: record.seq - 1,
                records: vec![record.clone()],
                puts: Vec::new(),
                absent: Vec::new(),
                open: false,
            }),
        }
    }
    if let Some(last) = txns.last_mut() {
        last.absent = puts.iter().map(|put| put.key.clone()).collect();
        last.puts = puts;
    }
    for txn in txns {
        for outcome in store.commit(vec![txn]).await? {
            outcome?;
        }
    }
    Ok((if held == 0 { Planted::Whole } else { Planted::Rest }, state))
}

/// The records that end what was under way. What runs where the log comes from is not run here
/// again: its outcome is unknown, and the turn is over.
fn ending(store: &dyn Store, state: &mut SessionState) -> anyhow::Result<Vec<Record>> {
    if effects(state).is_empty() {
        return Ok(Vec::new());
    }
    let command = Command::Park { reason: CUT_OFF.to_owned() };
    let mut records = decide(state, command, &SystemEnv::new().stamp())?;
    let epoch = store.next_epoch();
    for record in &mut records {
        record.epoch = epoch;
        evolve(state, record);
    }
    if !effects(state).is_empty() {
        bail!("what is under way in this log cannot be ended");
    }
    Ok(records)
}

/// The entry by which the session is found by name, unless the name is somebody's.
async fn name(store: &dyn Store, id: SessionId, state: &SessionState) -> anyhow::Result<Vec<Put>> {
    let label = |key: &str| state.metadata.get(key).map(String::as_str);
    let (Some(fleet), Some(name)) = (label(SESSION_FLEET), label(SESSION_NAME)) else {
        return Ok(Vec::new());
    };
    if data::fleet_name(fleet).is_err() || data::fleet_name(name).is_err() {
        return Ok(Vec::new());
    }
    match named(store, fleet, name).await? {
        Some(_) => Ok(Vec::new()),
        None => Ok(vec![data::name_entry(fleet, name, id)]),
    }
}

/// The session that has a name of a fleet.
///
/// # Errors
/// When the store cannot be read, or the entry is none.
pub async fn named(
    store: &dyn Store,
    fleet: &str,
    name: &str,
) -> anyhow::Result<Option<SessionId>> {
    let Some(entry) = store.get(data::name_key(fleet, name)).await? else { return Ok(None) };
    let bytes = entry.try_into();
    let bytes = bytes.map_err(|_| anyhow::anyhow!("the entry of `{name}` is not a session id"))?;
    Ok(Some(SessionId::from_bytes(bytes)))
}
