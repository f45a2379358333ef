//! A log that cannot be read stops its session: with a typed error, and alone. One that could not
//! be read for a moment stops nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use planaria_core::event::ClientEvent;
use planaria_core::port::BoxFuture;
use planaria_core::port::store::{Error as StoreError, Store};
use planaria_core::record::payload::StopReason;
use planaria_core::session::Status;
use planaria_core::{Kind, Record, SessionId};
use planaria_runtime::{Condition, Error};
use planaria_testkit::store::{Layer, Layered, SimStore};

use crate::support::{Rig, create, fine, idle, log, results, say};

const BROKEN: SessionId = SessionId(1);
const SOUND: SessionId = SessionId(2);

/// A store in which reads of one session go wrong, by the position and the number of records.
struct Unread<F> {
    inner: Arc<SimStore>,
    wrong: F,
}

impl<F> Unread<F>
where
    F: Fn(u64, usize) -> Option<StoreError> + Send + Sync + 'static,
{
    fn store(inner: Arc<SimStore>, wrong: F) -> Arc<dyn Store> {
        Arc::new(Layered(Self { inner, wrong }))
    }
}

impl<F> Layer for Unread<F>
where
    F: Fn(u64, usize) -> Option<StoreError> + Send + Sync,
{
    fn behind(&self) -> &dyn Store {
        self.inner.as_ref()
    }

    fn read(
        &self,
        session: SessionId,
        from: u64,
        max: usize,
    ) -> BoxFuture<'_, Result<Vec<Record>, StoreError>> {
        match (session == BROKEN).then(|| (self.wrong)(from, max)).flatten() {
            Some(error) => Box::pin(async { Err(error) }),
            None => self.inner.read(session, from, max),
        }
    }

    fn open_sessions(&self) -> BoxFuture<'_, Result<Vec<SessionId>, StoreError>> {
        // Both were at work when the process ended.
        Box::pin(async { Ok(vec![BROKEN, SOUND]) })
    }
}

/// What the system says when it cannot read for a moment.
fn busy() -> StoreError {
    StoreError::Io { action: "reading".to_owned(), problem: "input/output error".to_owned() }
}

const DAMAGED_SEQ: u64 = 3;

fn damaged(from: u64, _: usize) -> Option<StoreError> {
    let problem = "damaged record: checksum mismatch".to_owned();
    let damaged = StoreError::Corrupt { session: BROKEN, seq: DAMAGED_SEQ, problem };
    (from <= DAMAGED_SEQ).then_some(damaged)
}

#[tokio::test(start_paused = true)]
async fn a_session_with_a_damaged_record_stops_alone_and_the_others_run() {
    let rig = Rig::new();
    let store = rig.store();
    let runtime = rig.start(store.clone(), fine()).await;
    for id in [BROKEN, SOUND] {
        create(&runtime, id).await;
        say(&runtime, id, "hello").await;
        idle(&runtime, id).await;
    }
    runtime.shutdown(Duration::from_secs(1)).await;
    let before = store.head(BROKEN).await.unwrap();

    let runtime = rig.start(Unread::store(store.clone(), damaged), fine()).await;
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

/// A session in the middle of a call and one that rests; the call ends while no runtime is there.
async fn left_behind(rig: &Rig) {
    let call = rig.left_behind(BROKEN).await;
    let runtime = rig.start(rig.store(), fine()).await;
    create(&runtime, SOUND).await;
    runtime.shutdown(Duration::from_secs(1)).await;
    rig.disk.crash();
    rig.hands.release(BROKEN, call);
}

#[tokio::test(start_paused = true)]
async fn a_session_whose_fold_panics_stops_alone_and_the_others_run() {
    // Whoever looks at the first record of a session dies of it, or whoever reads on.
    for first_too in [true, false] {
        let rig = Rig::new();
        left_behind(&rig).await;
        let panics = move |from, max| {
            assert!(!first_too && from == 1 && max == 1, "a bug in the fold of one session");
            None
        };
        let store = Unread::store(rig.store(), panics);
        let runtime = rig.start(store, fine()).await;
        let mut view = runtime.watch(BROKEN);
        let stopped = view.wait_for(|view| matches!(view.condition, Condition::Unreadable(_)));
        let stopped = tokio::time::timeout(Duration::from_secs(600), stopped).await;
        drop(stopped.expect("the session is stopped").unwrap());

        let error = runtime.state(BROKEN).await.unwrap_err();
        assert!(error.to_string().contains("a bug in the fold"), "{error}");
        say(&runtime, SOUND, "hello").await;
        assert_eq!(idle(&runtime, SOUND).await.status, Status::Idle(StopReason::EndTurn));
        assert_eq!(runtime.end().borrow().clone(), None);
    }
}

#[tokio::test(start_paused = true)]
async fn a_session_that_cannot_be_read_for_a_moment_goes_on() {
    for failures in [1, 5, 7, 20] {
        let rig = Rig::new();
        left_behind(&rig).await;
        let left = AtomicUsize::new(failures);
        let one_less = |left: usize| left.checked_sub(1);
        let fails = move |_, _| {
            left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_less).ok().map(|_| busy())
        };
        let store = Unread::store(rig.store(), fails);
        let runtime = rig.start(store, fine()).await;

        idle(&runtime, BROKEN).await;
        log(&runtime, BROKEN).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_read_that_fails_does_not_replace_the_outcome_of_a_call() {
    let rig = Rig::new();
    left_behind(&rig).await;
    let inner = rig.store();
    let records = inner.read(BROKEN, 1, 100).await.unwrap();
    let used = records.iter().find(|record| record.kind == Kind::AgentToolUse).unwrap().seq;
    let asked = Arc::new(AtomicUsize::new(0));
    let count = asked.clone();
    // The first reads of the call itself fail, and no others.
    let fails = move |from, max| {
        let ours = from == used && max == 1;
        (ours && count.fetch_add(1, Ordering::Relaxed) < 2).then(busy)
    };
    let runtime = rig.start(Unread::store(inner, fails), fine()).await;

    idle(&runtime, BROKEN).await;
    assert!(asked.load(Ordering::Relaxed) > 2, "the call was read again");
    assert_eq!(results(&log(&runtime, BROKEN).await), ["did: bash wait"]);
    assert_eq!(rig.hands.ledger().len(), 1);
}
