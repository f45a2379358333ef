//! Sessions that sleep: how soon they wake, and what they cost meanwhile.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use planaria_core::event::ClientEvent;
use planaria_core::port::BoxFuture;
use planaria_core::port::store::{Error, Head, Put, Refusal, Store, Txn};
use planaria_core::session::{Command, SessionState, Stamp, decide};
use planaria_core::{Record, SessionId};
use planaria_drivers::env::SystemEnv;
use planaria_drivers::store::{FjallStore, Options};
use planaria_runtime::{Runtime, Supervision};
use tokio::task::JoinSet;

use super::{Figure, fold};

/// Records of the log that is woken.
const LONG: usize = 10_000;
const WAKES: usize = 9;
/// Idle sessions that are counted.
const IDLE: u128 = 100_000;
/// Sessions that have woken and slept before anything is counted.
const BEFORE: u128 = 5_000;
/// Sessions that are awake at the same time at most, while they are counted.
const AT_ONCE: usize = 256;

/// A session of 10 000 records: from a message to its acknowledgement, in a runtime that has just
/// opened the embedded store; without a snapshot, and with one.
pub fn wake() -> Vec<Figure> {
    let place = tempfile::tempdir().expect("a place for files");
    block_on(async move {
        let id = SessionId(1);
        let store = open(place.path());
        write(store.as_ref(), id, fold::log(id, LONG)).await;
        store.close().await;
        let mut figures = Vec::new();
        for name in ["without a snapshot", "with a snapshot"] {
            let mut times = Vec::new();
            for _ in 0..WAKES {
                // Kept from what the round before has left, where a snapshot is not wanted.
                let copy = tempfile::tempdir().expect("a place for files");
                super::start::copy(place.path(), copy.path());
                let store = open(copy.path());
                let runtime = start(store.clone(), Supervision::default()).await;
                let began = Instant::now();
                say(&runtime, id).await;
                times.push(began.elapsed().as_secs_f64() * 1e3);
                end(runtime, store.as_ref()).await;
            }
            figures.push(figure("wake", &format!("10 000 records, {name}"), "ms", 50.0, times));
            sleep_once(place.path(), id).await;
        }
        figures
    })
}

/// Lets a session go to sleep, which keeps a snapshot of it.
async fn sleep_once(path: &Path, id: SessionId) {
    let store = open(path);
    let soon =
        Supervision { passivate_after: Some(Duration::from_millis(1)), ..Supervision::default() };
    let runtime = start(store.clone(), soon).await;
    runtime.settled(id).await.expect("it wakes");
    while store.snapshot(id).await.expect("the store is well").is_none() {
        pause(Duration::from_millis(50)).await;
    }
    end(runtime, store.as_ref()).await;
}

/// 100 000 sessions that were awake once: resident memory of the process for each, beyond that of a
/// runtime in which some have slept before. The store keeps nothing, so that nothing else is
/// counted: the caches of the embedded one are bounded.
pub fn memory() -> Vec<Figure> {
    block_on(async {
        let store = Arc::new(Forgetful::default());
        let soon = Supervision {
            passivate_after: Some(Duration::from_millis(10)),
            ..Supervision::default()
        };
        let runtime = start(store, soon).await;
        wake_all(&runtime, 1..BEFORE).await;
        let before = resident();
        let began = Instant::now();
        wake_all(&runtime, BEFORE..BEFORE + IDLE).await;
        let took = began.elapsed();
        let each = (resident() as f64 - before as f64) / IDLE as f64 / 1024.0;
        runtime.shutdown(Duration::from_secs(10)).await;
        vec![Figure {
            group: "sleep".to_owned(),
            name: "memory of one of 100 000 sleeping sessions".to_owned(),
            value: each.max(0.0),
            unit: "KiB",
            floor: None,
            goal: Some(0.5),
            note: format!("resident memory; all were awake once, which took {took:.1?}"),
        }]
    })
}

/// Wakes sessions, so many at the same time, and waits until they all sleep before the next come:
/// what the allocator keeps for sessions that are awake would be taken for what sleeping ones cost.
async fn wake_all(runtime: &Runtime, ids: std::ops::Range<u128>) {
    let mut ids = ids.map(SessionId).peekable();
    while ids.peek().is_some() {
        let mut waking = JoinSet::new();
        for id in ids.by_ref().take(AT_ONCE) {
            let runtime = runtime.clone();
            waking.spawn(async move { runtime.settled(id).await });
        }
        while let Some(woken) = waking.join_next().await {
            woken.expect("waking does not panic").expect("it wakes");
        }
        while runtime.tree().iter().any(|node| node.path.contains("/sesn_")) {
            pause(Duration::from_millis(5)).await;
        }
    }
}

/// Between two looks at what nobody tells of.
async fn pause(time: Duration) {
    let _ = tokio::time::timeout(time, std::future::pending::<()>()).await;
}

/// Bytes.
fn resident() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").expect("a Linux");
    let pages: u64 = statm.split(' ').nth(1).and_then(|pages| pages.parse().ok()).expect("pages");
    pages * 4_096
}

/// A store in which every session has one record, made when it is read.
#[derive(Default)]
struct Forgetful(AtomicU64);

impl Store for Forgetful {
    fn commit(&self, group: Vec<Txn>) -> BoxFuture<'_, Result<Vec<Result<Head, Refusal>>, Error>> {
        let judged = group.iter().map(|txn| txn.judge(Some(Head { seq: 1, epoch: 0 }))).collect();
        Box::pin(async move { Ok(judged) })
    }

    fn read(
        &self,
        session: SessionId,
        from: u64,
        _: usize,
    ) -> BoxFuture<'_, Result<Vec<Record>, Error>> {
        let stamp = Stamp { now: 1, id_seed: session.0, jitter: 0 };
        let create = Command::Create(Box::new(fold::genesis(session)));
        let records = decide(&SessionState::default(), create, &stamp).expect("a new session");
        Box::pin(async move { Ok(records.into_iter().filter(|r| r.seq >= from).collect()) })
    }

    fn head(&self, _: SessionId) -> BoxFuture<'_, Result<Option<Head>, Error>> {
        Box::pin(async { Ok(Some(Head { seq: 1, epoch: 0 })) })
    }

    fn get(&self, _: Vec<u8>) -> BoxFuture<'_, Result<Option<Vec<u8>>, Error>> {
        Box::pin(async { Ok(None) })
    }

    fn scan(&self, _: Vec<u8>, _: usize) -> BoxFuture<'_, Result<Vec<Put>, Error>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    fn open_sessions(&self) -> BoxFuture<'_, Result<Vec<SessionId>, Error>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    fn next_epoch(&self) -> u64 {
        1 + self.0.fetch_add(1, Ordering::Relaxed)
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {})
    }
}

/// The median of some times, beside its bound.
pub fn figure(
    group: &str,
    name: &str,
    unit: &'static str,
    goal: f64,
    mut times: Vec<f64>,
) -> Figure {
    times.sort_unstable_by(f64::total_cmp);
    let (first, last) = (times[0], times[times.len() - 1]);
    Figure {
        group: group.to_owned(),
        name: name.to_owned(),
        value: times[times.len() / 2],
        unit,
        floor: None,
        goal: Some(goal),
        note: format!("median of {}, {first:.1} to {last:.1} {unit}", times.len()),
    }
}

/// Opens the embedded store.
pub fn open(path: &Path) -> Arc<FjallStore> {
    Arc::new(FjallStore::open(path, Options::default()).expect("the store opens"))
}

/// Writes a log in groups that the store takes at once.
pub async fn write(store: &dyn Store, session: SessionId, log: Vec<Record>) {
    for records in log.chunks(1_000) {
        let txn = Txn {
            session,
            epoch: 1,
            expected_seq: records[0].seq - 1,
            records: records.to_vec(),
            puts: Vec::new(),
            absent: Vec::new(),
            open: false,
        };
        let outcomes = store.commit(vec![txn]).await.expect("the store is well");
        assert!(outcomes.iter().all(Result::is_ok), "they fit: {outcomes:?}");
    }
}

/// A runtime whose sessions find no model.
pub async fn start(store: Arc<dyn Store>, supervision: Supervision) -> Runtime {
    let builder = Runtime::builder()
        .store(store)
        .env(SystemEnv::new())
        .route(|_, _| Err("there is no model in this measurement".to_owned()));
    builder.supervision(supervision).start().await.expect("the runtime starts")
}

async fn say(runtime: &Runtime, id: SessionId) {
    let sent = runtime.send(id, vec![ClientEvent::message("hello")]).await;
    sent.expect("a message is accepted");
}

/// Ends everything in good order.
pub async fn end(runtime: Runtime, store: &dyn Store) {
    runtime.shutdown(Duration::from_secs(10)).await;
    store.close().await;
}

/// Runs on a runtime like the one of the `planaria` command.
pub fn block_on<T: Send + 'static>(run: impl Future<Output = T> + Send + 'static) -> T {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.expect("the system gives threads");
    // A task of its own, because the thread that blocks is not one of the workers.
    runtime.block_on(async { tokio::spawn(run).await.expect("measuring does not panic") })
}
