//! Snapshots that are believed and should not be.

use std::sync::Arc;

use planaria_core::SessionId;
use planaria_core::port::BoxFuture;
use planaria_core::port::store::{Error, Snapshot, Store};
use planaria_core::session::snapshot;
use planaria_testkit::store::{Layer, Layered, SimStore};

/// Keeps what another fold would have made of the log, as if it were ours.
pub fn of_another_fold(inner: Arc<SimStore>) -> Arc<dyn Store> {
    Arc::new(Layered(OtherFold { inner }))
}

struct OtherFold {
    inner: Arc<SimStore>,
}

impl Layer for OtherFold {
    fn behind(&self) -> &dyn Store {
        self.inner.as_ref()
    }

    fn save_snapshot(
        &self,
        session: SessionId,
        seq: u64,
        bytes: Vec<u8>,
    ) -> BoxFuture<'_, Result<(), Error>> {
        let mut state = snapshot::decode(session, &bytes).expect("it was just made");
        state.steps += 1;
        self.inner.save_snapshot(session, seq, snapshot::encode(&state).expect("it is small"))
    }
}

/// Says that the state of before stands where the log ends now, as if the records in between had
/// been read.
pub fn without_tail(inner: Arc<SimStore>) -> Arc<dyn Store> {
    Arc::new(Layered(WithoutTail { inner }))
}

struct WithoutTail {
    inner: Arc<SimStore>,
}

impl Layer for WithoutTail {
    fn behind(&self) -> &dyn Store {
        self.inner.as_ref()
    }

    fn snapshot(&self, session: SessionId) -> BoxFuture<'_, Result<Option<Snapshot>, Error>> {
        Box::pin(async move {
            let kept = self.inner.snapshot(session).await?;
            let state = kept.and_then(|kept| snapshot::decode(session, &kept.bytes));
            let Some(mut state) = state else { return Ok(None) };
            let Some(head) = self.inner.head(session).await? else { return Ok(None) };
            let page = self.inner.read(session, head.seq, 1).await?;
            if let Some(last) = page.first() {
                (state.seq, state.at_us, state.epoch) = (last.seq, last.at_us, last.epoch);
            }
            Ok(snapshot::encode(&state).map(|bytes| Snapshot { seq: state.seq, bytes }))
        })
    }
}
