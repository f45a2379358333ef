//! A log that cannot be read stops its session: with a typed error, and alone.

use std::sync::Arc;

use planaria_core::event::ClientEvent;
use planaria_core::port::BoxFuture;
use planaria_core::port::store::{Error as StoreError, Head, Put, Refusal, Store, Txn};
use planaria_core::record::payload::StopReason;
use planaria_core::session::Status;
use planaria_core::{Record, SessionId};
use planaria_runtime::{Condition, Error};

use crate::support::{Model, Rig, create, idle, said, say};

const BROKEN: SessionId = SessionId(1);
const SOUND: SessionId = SessionId(2);

/// A store in which one record of one session is damaged.
struct Damaged(Arc<dyn Store>);

const DAMAGED_SEQ: u64 = 3;

impl Store for Damaged {
    fn commit(
        &self,
        group: Vec<Txn>,
    ) -> BoxFuture<'_, Result<Vec<Result<Head, Refusal>>, StoreError>> {
        self.0.commit(group)
    }

    fn read(
        &self,
        session: SessionId,
        from: u64,
        max: usize,
    ) -> BoxFuture<'_, Result<Vec<Record>, StoreError>> {
        if session == BROKEN && from <= DAMAGED_SEQ {
            let problem = "damaged record: checksum mismatch".to_owned();
            let error = StoreError::Corrupt { session, seq: DAMAGED_SEQ, problem };
            return Box::pin(async { Err(error) });
        }
        self.0.read(session, from, max)
    }

    fn head(&self, session: SessionId) -> BoxFuture<'_, Result<Option<Head>, StoreError>> {
        self.0.head(session)
    }

    fn get(&self, key: Vec<u8>) -> BoxFuture<'_, Result<Option<Vec<u8>>, StoreError>> {
        self.0.get(key)
    }

    fn scan(&self, prefix: Vec<u8>, max: usize) -> BoxFuture<'_, Result<Vec<Put>, StoreError>> {
        self.0.scan(prefix, max)
    }

    fn open_sessions(&self) -> BoxFuture<'_, Result<Vec<SessionId>, StoreError>> {
        // Both were at work when the process ended.
        Box::pin(async { Ok(vec![BROKEN, SOUND]) })
    }

    fn next_epoch(&self) -> u64 {
        self.0.next_epoch()
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        self.0.close()
    }
}

#[tokio::test(start_paused = true)]
async fn a_session_with_a_damaged_record_stops_alone_and_the_others_run() {
    let rig = Rig::new();
    let store = rig.store();
    let model = || Model(|_: &_| said("fine"));
    let runtime = rig.start(store.clone(), model()).await;
    for id in [BROKEN, SOUND] {
        create(&runtime, id).await;
        say(&runtime, id, "hello").await;
        idle(&runtime, id).await;
    }
    runtime.shutdown(std::time::Duration::from_secs(1)).await;
    let before = store.head(BROKEN).await.unwrap();

    let runtime = rig.start(Arc::new(Damaged(store.clone())), model()).await;
    let mut view = runtime.watch(BROKEN);
    view.wait_for(|view| matches!(view.condition, Condition::Unreadable(_))).await.unwrap();

    let message = || vec![ClientEvent::message("are you there?")];
    for error in [
        runtime.send(BROKEN, message()).await.unwrap_err(),
        runtime.state(BROKEN).await.unwrap_err(),
    ] {
        let Error::Unreadable { session, problem } = error else { panic!("{error}") };
        assert_eq!(session, BROKEN);
        assert!(problem.contains("record 3") && problem.contains("checksum"), "{problem}");
    }
    runtime.send(SOUND, message()).await.unwrap();
    assert_eq!(idle(&runtime, SOUND).await.status, Status::Idle(StopReason::EndTurn));
    assert_eq!(store.head(BROKEN).await.unwrap(), before, "nothing is written behind the damage");
}
