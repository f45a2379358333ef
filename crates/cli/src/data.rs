//! The data directory: where things lie in it, and how it is opened.

use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use planaria_core::SessionId;
use planaria_core::port::store::{Put, Store};
use planaria_drivers::store::{FjallStore, Options};

/// The one workspace of a local data directory, as the first 16 bytes of its catalog keys.
const WORKSPACE: [u8; 16] = *b"local-workspace\0";
/// Sessions that a name is looked up among.
const NAMES_MAX: usize = 10_000;

/// Opens the store, making the directory if need be.
pub fn open(dir: &Path) -> anyhow::Result<Arc<dyn Store>> {
    open_above(dir, 0)
}

/// Opens the store, whose writers count from here on above that epoch.
pub fn open_above(dir: &Path, epoch: u64) -> anyhow::Result<Arc<dyn Store>> {
    anyhow::ensure!(!dir.exists() || dir.is_dir(), not_a_directory(dir));
    make(dir).with_context(|| {
        let dir = dir.display();
        format!("cannot make the data directory {dir}; name a place that you may write to with --data-dir")
    })?;
    let mut options = Options::default();
    options.epoch_above = epoch;
    Ok(Arc::new(FjallStore::open(&journal(dir), options)?))
}

/// What is said of a data directory that is none.
pub fn not_a_directory(dir: &Path) -> String {
    format!("{} is a file, not a directory; name another --data-dir", dir.display())
}

/// Makes the data directory, for its user alone. One that is there stays as it is.
pub fn make(dir: &Path) -> std::io::Result<()> {
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(dir)
}

/// Where the store lies.
pub fn journal(dir: &Path) -> PathBuf {
    dir.join("journal")
}

/// Opens the store of a directory that must have one.
pub fn open_existing(dir: &Path) -> anyhow::Result<Arc<dyn Store>> {
    anyhow::ensure!(
        journal(dir).is_dir(),
        "{} holds no data yet; run `planaria up` first, or name another --data-dir",
        dir.display()
    );
    open(dir)
}

/// The workspace directory of a session.
pub fn workspace(dir: &Path, session: SessionId) -> PathBuf {
    dir.join("workspaces").join(session.to_string())
}

/// Longest name of a fleet or of a session in it, in characters.
const NAME_CHARS_MAX: usize = 64;

/// A name as fleet files have it.
///
/// # Errors
/// Says what a name is made of.
pub fn fleet_name(text: &str) -> Result<String, String> {
    let fits = (1..=NAME_CHARS_MAX).contains(&text.len());
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if fits && text.chars().all(plain) {
        return Ok(text.to_owned());
    }
    Err(format!("a name has 1 to {NAME_CHARS_MAX} of a-z, 0-9 and `-`"))
}

/// The catalog key of a fleet's session.
pub fn name_key(fleet: &str, name: &str) -> Vec<u8> {
    let mut key = WORKSPACE.to_vec();
    key.extend_from_slice(format!("fleet/{fleet}/{name}").as_bytes());
    key
}

/// The catalog entry that makes a session findable by its name.
pub fn name_entry(fleet: &str, name: &str, session: SessionId) -> Put {
    Put { key: name_key(fleet, name), value: session.to_bytes().to_vec() }
}

/// The latest session of each name of a fleet.
pub async fn of_fleet(store: &dyn Store, fleet: &str) -> anyhow::Result<Vec<(String, SessionId)>> {
    let prefix = name_key(fleet, "");
    let entries = store.scan(prefix.clone(), NAMES_MAX).await?;
    let name = |entry: &Put| {
        let name = String::from_utf8_lossy(&entry.key[prefix.len()..]).into_owned();
        Ok((name, id(&entry.value)?))
    };
    entries.iter().map(name).collect()
}

fn id(bytes: &[u8]) -> anyhow::Result<SessionId> {
    let bytes: [u8; 16] = bytes.try_into().context("a catalog entry is not a session id")?;
    Ok(SessionId::from_bytes(bytes))
}

/// The session of that name, whatever its fleet.
pub async fn by_name(store: &dyn Store, name: &str) -> anyhow::Result<SessionId> {
    let mut prefix = WORKSPACE.to_vec();
    prefix.extend_from_slice(b"fleet/");
    let entries = store.scan(prefix, NAMES_MAX).await?;
    let mut found = Vec::new();
    let mut known = Vec::new();
    for entry in &entries {
        let path = String::from_utf8_lossy(&entry.key[WORKSPACE.len()..]).into_owned();
        let (fleet, session) = path.rsplit_once('/').unwrap_or_default();
        if session == name {
            let fleet = fleet.strip_prefix("fleet/").unwrap_or(fleet).to_owned();
            found.push((fleet, id(&entry.value)?));
        }
        known.push(session.to_owned());
    }
    match found.as_slice() {
        [(_, id)] => Ok(*id),
        [] if known.is_empty() => {
            anyhow::bail!("there is no session `{name}` here; there are none")
        }
        [] => anyhow::bail!("there is no session `{name}` here; known: {}", known.join(", ")),
        several => {
            let list: Vec<String> =
                several.iter().map(|(fleet, id)| format!("{id} (fleet {fleet})")).collect();
            anyhow::bail!("several sessions are named `{name}`; give the id: {}", list.join(", "))
        }
    }
}

/// The session that a command names, by its id or by its name.
///
/// # Errors
/// When there is none, or several.
pub async fn session(store: &dyn Store, word: &str) -> anyhow::Result<SessionId> {
    let Ok(id) = word.parse::<SessionId>() else { return by_name(store, word).await };
    store.head(id).await?.with_context(|| format!("there is no session {id}"))?;
    Ok(id)
}

/// Every session that a fleet has begun here.
pub async fn sessions(store: &dyn Store) -> anyhow::Result<Vec<SessionId>> {
    let mut prefix = WORKSPACE.to_vec();
    prefix.extend_from_slice(b"fleet/");
    let entries = store.scan(prefix, NAMES_MAX).await?;
    entries.iter().map(|entry| id(&entry.value)).collect()
}

/// How a session is best named on the command line: by its name, where only one has it.
pub async fn shortest(store: &dyn Store, name: &str, session: SessionId) -> String {
    match by_name(store, name).await {
        Ok(found) if found == session => name.to_owned(),
        _ => session.to_string(),
    }
}
