//! What a session is, from its last snapshot and what its log has beyond it.

use planaria_core::limits::READ_RECORDS_MAX;
use planaria_core::port::store::Store;
use planaria_core::session::{SessionState, fold, snapshot};
use planaria_core::{Record, SessionId};

use crate::error::Error;
use crate::limits::SNAPSHOT_WORTH;

/// A session as its log has it.
#[derive(Debug, Default)]
pub(crate) struct Loaded {
    pub state: SessionState,
    /// How far the snapshot reaches that it was read from; 0 if it was none.
    pub snapshot: u64,
}

/// Reads what a session is. Snapshots are a cache: one that cannot be read, or is not of this log,
/// is passed over.
pub(crate) async fn load(store: &dyn Store, id: SessionId) -> Result<Loaded, Error> {
    let mut loaded = resume(store, id).await?.unwrap_or_default();
    let state = &mut loaded.state;
    loop {
        let page = store.read(id, state.seq + 1, READ_RECORDS_MAX).await?;
        if page.is_empty() {
            return Ok(loaded);
        }
        fold(state, &page)?;
    }
}

/// The snapshot and the first page beyond it, if the log has the snapshot's last record as well: it
/// may end before that, or be another than the one that was folded.
async fn resume(store: &dyn Store, id: SessionId) -> Result<Option<Loaded>, Error> {
    let kept = match store.snapshot(id).await {
        Ok(kept) => kept,
        Err(error) => {
            tracing::debug!(session = %id, %error, "its snapshot cannot be read");
            None
        }
    };
    let Some(mut state) = kept.and_then(|kept| snapshot::decode(id, &kept.bytes)) else {
        return Ok(None);
    };
    let page = store.read(id, state.seq, READ_RECORDS_MAX).await?;
    let ends_with =
        |last: &Record| (last.seq, last.at_us, last.epoch) == (state.seq, state.at_us, state.epoch);
    let Some((_, tail)) = page.split_first().filter(|(last, _)| ends_with(last)) else {
        tracing::debug!(session = %id, seq = state.seq, "its snapshot is not of this log");
        return Ok(None);
    };
    let snapshot = state.seq;
    fold(&mut state, tail)?;
    Ok(Some(Loaded { state, snapshot }))
}

/// Keeps a snapshot, if it saves the next reader enough beyond the one that reaches to `before`.
pub(crate) async fn keep(store: &dyn Store, id: SessionId, state: &SessionState, before: u64) {
    if state.seq < before + SNAPSHOT_WORTH {
        return;
    }
    if let Some(bytes) = snapshot::encode(state)
        && let Err(error) = store.save_snapshot(id, state.seq, bytes).await
    {
        tracing::debug!(session = %id, %error, "its snapshot was not kept");
    }
}
