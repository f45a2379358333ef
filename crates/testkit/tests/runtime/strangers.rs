//! Sessions that do not exist: asking for them costs nothing that stays.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use planaria_core::event::ClientEvent;
use planaria_core::port::BoxFuture;
use planaria_core::port::store::{Error as StoreError, Store};
use planaria_core::{Record, SessionId};
use planaria_runtime::{Error, Supervision};
use planaria_testkit::store::{Layer, Layered};

use crate::support::{Rig, create, fine, idle, say};

const KNOWN: SessionId = SessionId(1);

fn strangers() -> impl Iterator<Item = SessionId> {
    (1_000..1_100).map(SessionId)
}

/// Counts the reads of other sessions than the one that exists.
struct Counting {
    inner: Arc<dyn Store>,
    reads: Arc<AtomicUsize>,
}

impl Layer for Counting {
    fn behind(&self) -> &dyn Store {
        self.inner.as_ref()
    }

    fn read(
        &self,
        session: SessionId,
        from: u64,
        max: usize,
    ) -> BoxFuture<'_, Result<Vec<Record>, StoreError>> {
        if session != KNOWN {
            self.reads.fetch_add(1, Ordering::Relaxed);
        }
        self.inner.read(session, from, max)
    }
}

#[tokio::test(start_paused = true)]
async fn strangers_are_refused_and_leave_nothing_behind() {
    let rig = Rig::new();
    let reads = Arc::new(AtomicUsize::new(0));
    let store = Counting { inner: rig.store(), reads: reads.clone() };
    let awake = Supervision { passivate_after: None, ..Supervision::default() };
    let runtime = rig.start_sleepy(Arc::new(Layered(store)), fine(), awake).await;
    create(&runtime, KNOWN).await;
    say(&runtime, KNOWN, "hello").await;
    idle(&runtime, KNOWN).await;
    let before = runtime.tree().len();

    for id in strangers() {
        let sent = runtime.send(id, vec![ClientEvent::message("hello")]).await.unwrap_err();
        assert!(matches!(sent, Error::NoSuchSession(found) if found == id), "{sent}");
        let asked = runtime.state(id).await.unwrap_err();
        assert!(matches!(asked, Error::NoSuchSession(found) if found == id), "{asked}");
    }
    tokio::time::sleep(Duration::from_secs(3_600)).await;

    assert_eq!(runtime.tree().len(), before, "they have no actors");
    // Retiring hands looks at every session that the runtime knows.
    reads.store(0, Ordering::Relaxed);
    runtime.retire_hands().await;
    assert_eq!(reads.load(Ordering::Relaxed), 0, "it remembers them");
}
