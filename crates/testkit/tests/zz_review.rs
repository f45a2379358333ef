#![allow(missing_docs, dead_code, clippy::all)]
#[path = "runtime/support.rs"]
mod support;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::{StreamExt, stream};
use planaria_core::agent::AgentParams;
use planaria_core::event::ClientEvent;
use planaria_core::model::{Answer, Block, Request, StopReason as Stop, ToolInput, Usage};
use planaria_core::port::env::Env;
use planaria_core::port::provider::{Delta, Error as PError, Provider};
use planaria_core::port::sandbox::{Call, Driver, Ended, Error as SError, Hand, Isolation, Locator, Spec};
use planaria_core::port::store::{Error as StoreError, Head, Put, Refusal, Store, Txn};
use planaria_core::port::{BoxFuture, BoxStream};
use planaria_core::record::Kind;
use planaria_core::record::payload::{Genesis, StopReason};
use planaria_core::session::Status;
use planaria_core::{EventId, Record, SessionId};
use planaria_runtime::{Fault, Route, Runtime};
use planaria_testkit::env::{SimClock, SimEnv};
use planaria_testkit::rng::Rng;
use planaria_testkit::store::{SimDisk, SimStore};
use support::{Model, Rig, create, idle, say};

const S: SessionId = SessionId(1);

/// calls `n` bash commands, then says done.
struct Caller(usize);
impl Provider for Caller {
    fn name(&self) -> &str { "caller" }
    fn answer(&self, request: Arc<Request>) -> BoxStream<'static, Result<Delta, PError>> {
        let (blocks, stop) = if request.messages.len() > 1 {
            (vec![Block::Text("done".into())], Stop::EndTurn)
        } else {
            let calls = (0..self.0).map(|i| Block::ToolUse {
                name: "bash".into(),
                input: ToolInput::Object(serde_json::json!({"command": format!("c{i}")})),
            });
            (calls.collect(), Stop::ToolUse)
        };
        let answer = Answer { model: request.model.clone(), blocks, stop, usage: Usage::default() };
        stream::iter([Ok(Delta::Done(answer))]).boxed()
    }
}

#[derive(Default)]
struct Log { ensured: Mutex<Vec<String>>, destroyed: AtomicUsize, cancel_hangs: bool, ends: bool }
#[derive(Clone)]
struct Frozen(Arc<Log>);
struct FrozenHand(Arc<Log>);
impl Driver for Frozen {
    fn name(&self) -> &str { "frozen" }
    fn isolation(&self) -> Isolation { Isolation { level: "none".into(), summary: "x".into() } }
    fn provision(&self, spec: Spec) -> BoxFuture<'_, Result<Locator, SError>> {
        Box::pin(async move { Ok(Locator { driver: "frozen".into(), generation: spec.generation, session: spec.session, address: String::new() }) })
    }
    fn attach(&self, _: Locator, _: u64) -> BoxFuture<'_, Result<Arc<dyn Hand>, SError>> {
        let log = self.0.clone();
        Box::pin(async move { Ok(Arc::new(FrozenHand(log)) as Arc<dyn Hand>) })
    }
    fn destroy(&self, _: Locator) -> BoxFuture<'_, Result<(), SError>> {
        self.0.destroyed.fetch_add(1, Ordering::SeqCst);
        Box::pin(async { Ok(()) })
    }
}
impl Hand for FrozenHand {
    fn ensure(&self, call: Call) -> BoxFuture<'_, Result<Ended, SError>> {
        let log = self.0.clone();
        Box::pin(async move {
            log.ensured.lock().unwrap().push(call.input["command"].as_str().unwrap().to_owned());
            if log.ends { return Ok(Ended::Outcome(planaria_core::tool::Outcome::text("ok"))); }
            std::future::pending().await
        })
    }
    fn cancel(&self, _: EventId) -> BoxFuture<'_, Result<(), SError>> {
        let hangs = self.0.cancel_hangs;
        Box::pin(async move { if hangs { std::future::pending::<()>().await; } Ok(()) })
    }
    fn retire(&self) -> BoxFuture<'_, Result<(), SError>> { Box::pin(async { Ok(()) }) }
}

async fn start(store: Arc<dyn Store>, clock: &SimClock, model: impl Provider + 'static, driver: Arc<dyn Driver>) -> Runtime {
    let env: Arc<dyn Env> = Arc::new(SimEnv::new(clock.clone(), Rng::new(2)));
    let model: Arc<dyn Provider> = Arc::new(model);
    let route: Box<Route> = Box::new(move |_, _: &BTreeMap<String, String>| Ok(model.clone()));
    Runtime::builder(store, env, driver, route).start().await.unwrap()
}
async fn create_tools(runtime: &Runtime, id: SessionId) {
    let params = serde_json::json!({ "name": "worker", "model": "any", "tools": [{"type": "agent_toolset_20260401"}] });
    let params: AgentParams = serde_json::from_value(params).unwrap();
    let genesis = Genesis { session: id, workspace: "local".into(), agent: params.materialise().unwrap(),
        environment: "local".into(), title: None, metadata: Default::default() };
    runtime.create(genesis, vec![], vec![]).await.unwrap();
}
async fn interrupted(cancel_hangs: bool, kill_sandbox: bool) -> (bool, usize) {
    let log = Arc::new(Log { cancel_hangs, ..Default::default() });
    let store = Arc::new(SimStore::open(&SimDisk::new(Rng::new(1))).unwrap());
    let clock = SimClock::running();
    let runtime = start(store, &clock, Caller(1), Arc::new(Frozen(log.clone()))).await;
    create_tools(&runtime, S).await;
    say(&runtime, S, "go").await;
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(log.ensured.lock().unwrap().len(), 1);
    if kill_sandbox { assert!(runtime.inject(S, Fault::KillSandbox).await); }
    tokio::time::sleep(Duration::from_secs(1)).await;
    runtime.send(S, vec![ClientEvent::Interrupt { session_thread_id: None }]).await.unwrap();
    let mut view = runtime.watch(S);
    let ended = tokio::time::timeout(Duration::from_secs(86_400),
        view.wait_for(|v| matches!(v.state.status, Status::Idle(_)))).await.is_ok();
    (ended, log.destroyed.load(Ordering::SeqCst))
}

#[tokio::test(start_paused = true)]
async fn t1_interrupt_of_a_frozen_hand_ends() {
    assert_eq!(interrupted(false, false).await, (true, 1), "control");
    assert_eq!(interrupted(true, false).await, (true, 1), "frozen: (idle after a day, destroyed)");
}
#[tokio::test(start_paused = true)]
async fn t2_unknown_only_after_the_hand_is_destroyed() {
    assert_eq!(interrupted(false, true).await, (true, 1), "(idle, destroyed)");
}

#[tokio::test(start_paused = true)]
async fn t3_clock_set_back() {
    let disk = SimDisk::new(Rng::new(1));
    let ahead = SimClock::running();
    ahead.skip(Duration::from_secs(86_400));
    let driver = || Arc::new(Frozen(Arc::new(Log { ends: true, ..Default::default() })));
    let runtime = start(Arc::new(SimStore::open(&disk).unwrap()), &ahead, Caller(1), driver()).await;
    create_tools(&runtime, S).await;
    say(&runtime, S, "go").await;
    idle(&runtime, S).await;
    runtime.shutdown(Duration::from_secs(1)).await;
    drop(runtime);
    disk.crash();
    let right = SimClock::running();
    let runtime = start(Arc::new(SimStore::open(&disk).unwrap()), &right, Caller(1), driver()).await;
    say(&runtime, S, "more").await;
    let begin = right.now();
    let mut view = runtime.watch(S);
    view.wait_for(|v| matches!(v.state.status, Status::Idle(_))).await.unwrap();
    let took = right.now() - begin;
    assert!(took < Duration::from_secs(60), "the turn took {took:?}");
}

struct Bad { inner: Arc<dyn Store>, failures: AtomicUsize, panics: bool, only_from: Option<u64> }
impl Store for Bad {
    fn commit(&self, g: Vec<Txn>) -> BoxFuture<'_, Result<Vec<Result<Head, Refusal>>, StoreError>> { self.inner.commit(g) }
    fn read(&self, session: SessionId, from: u64, max: usize) -> BoxFuture<'_, Result<Vec<Record>, StoreError>> {
        let left = self.failures.load(Ordering::SeqCst);
        let hit = self.only_from.is_none_or(|n| n == from && max == 1);
        if session == S && left > 0 && hit && (from > 1 || max > 1) {
            self.failures.fetch_sub(1, Ordering::SeqCst);
            if self.panics { panic!("a bug in the fold of one session"); }
            return Box::pin(async { Err(StoreError::Io { action: "reading".into(), problem: "EIO".into() }) });
        }
        self.inner.read(session, from, max)
    }
    fn head(&self, s: SessionId) -> BoxFuture<'_, Result<Option<Head>, StoreError>> { self.inner.head(s) }
    fn get(&self, key: Vec<u8>) -> BoxFuture<'_, Result<Option<Vec<u8>>, StoreError>> { self.inner.get(key) }
    fn scan(&self, p: Vec<u8>, max: usize) -> BoxFuture<'_, Result<Vec<Put>, StoreError>> { self.inner.scan(p, max) }
    fn open_sessions(&self) -> BoxFuture<'_, Result<Vec<SessionId>, StoreError>> { self.inner.open_sessions() }
    fn next_epoch(&self) -> u64 { self.inner.next_epoch() }
    fn close(&self) -> BoxFuture<'_, ()> { self.inner.close() }
}

/// A session in the middle of a call, left behind by a dead process.
async fn left_behind(disk: &SimDisk, clock: &SimClock) {
    let frozen = Arc::new(Frozen(Arc::default()));
    let runtime = start(Arc::new(SimStore::open(disk).unwrap()), clock, Caller(1), frozen).await;
    create_tools(&runtime, S).await;
    say(&runtime, S, "go").await;
    tokio::time::sleep(Duration::from_secs(5)).await;
    runtime.shutdown(Duration::from_secs(1)).await;
    disk.crash();
}

#[tokio::test(start_paused = true)]
async fn t4_a_session_whose_fold_panics_takes_nobody_down() {
    let (disk, clock) = (SimDisk::new(Rng::new(1)), SimClock::running());
    left_behind(&disk, &clock).await;
    let store = Arc::new(Bad { inner: Arc::new(SimStore::open(&disk).unwrap()), failures: AtomicUsize::new(usize::MAX), panics: true, only_from: None });
    let done = Arc::new(Frozen(Arc::new(Log { ends: true, ..Default::default() })));
    let runtime = start(store, &clock, Caller(1), done).await;
    tokio::time::sleep(Duration::from_secs(120)).await;
    let end = runtime.end().borrow().clone();
    assert_eq!(end, None, "the runtime has ended");
}

#[tokio::test(start_paused = true)]
async fn t5_a_short_read_error_does_not_leave_a_session_alone() {
    for failures in [1, 5, 7] {
        let (disk, clock) = (SimDisk::new(Rng::new(1)), SimClock::running());
        left_behind(&disk, &clock).await;
        let store = Arc::new(Bad { inner: Arc::new(SimStore::open(&disk).unwrap()), failures: AtomicUsize::new(failures), panics: false, only_from: None });
        let done = Arc::new(Frozen(Arc::new(Log { ends: true, ..Default::default() })));
        let runtime = start(store.clone(), &clock, Caller(1), done).await;
        let mut view = runtime.watch(S);
        let ended = tokio::time::timeout(Duration::from_secs(3_600), view.wait_for(|v| matches!(v.state.status, Status::Idle(_)))).await.is_ok();
        let status = runtime.state(S).await.map(|s| s.status.clone());
        println!("{failures} failed reads: idle {ended}, {status:?}, left {}", store.failures.load(Ordering::SeqCst));
        assert!(ended, "{failures}: {status:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn t6_a_follower_hears_of_the_end() {
    let rig = Rig::new();
    let runtime = rig.start(rig.store(), Model(|_: &_| Ok("fine".to_owned()))).await;
    create(&runtime, S).await;
    let mut follower = runtime.follow(S, 1_000);
    runtime.shutdown(Duration::from_secs(1)).await;
    let next = tokio::time::timeout(Duration::from_secs(3_600), follower.next(1)).await;
    assert!(next.is_ok(), "still waits an hour after the end");
}

fn rss() -> u64 {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap();
    text.split(' ').nth(1).unwrap().parse::<u64>().unwrap() * 4096
}
#[tokio::test(start_paused = true)]
async fn t7_asking_for_strangers_costs_nothing() {
    let rig = Rig::new();
    let runtime = rig.start(rig.store(), Model(|_: &_| Ok("fine".to_owned()))).await;
    let before = rss();
    for n in 0..10_000u128 { let _ = runtime.state(SessionId(1_000 + n)).await; }
    let bytes = (rss() - before) / 10_000;
    assert!(bytes < 100, "{bytes} bytes are kept for each unknown id");
}

struct SlowCrash(Arc<AtomicUsize>);
impl Provider for SlowCrash {
    fn name(&self) -> &str { "slow" }
    fn answer(&self, _: Arc<Request>) -> BoxStream<'static, Result<Delta, PError>> {
        self.0.fetch_add(1, Ordering::SeqCst);
        stream::once(async { tokio::time::sleep(Duration::from_secs(8)).await; panic!("a bug after eight seconds") }).boxed()
    }
}
#[tokio::test(start_paused = true)]
async fn t8_a_slow_crash_loop_ends() {
    let rig = Rig::new();
    let asked = Arc::new(AtomicUsize::new(0));
    let runtime = rig.start(rig.store(), SlowCrash(asked.clone())).await;
    create(&runtime, S).await;
    say(&runtime, S, "go").await;
    let mut view = runtime.watch(S);
    let ended = tokio::time::timeout(Duration::from_secs(3_600), view.wait_for(|v| matches!(v.state.status, Status::Idle(_)))).await.is_ok();
    assert!(ended, "asked {} times in an hour", asked.load(Ordering::SeqCst));
}

#[tokio::test(start_paused = true)]
async fn t9_a_read_error_does_not_replace_an_outcome() {
    let (disk, clock) = (SimDisk::new(Rng::new(1)), SimClock::running());
    left_behind(&disk, &clock).await;
    let inner = Arc::new(SimStore::open(&disk).unwrap());
    let records = inner.read(S, 1, 100).await.unwrap();
    let use_seq = records.iter().find(|r| r.kind == Kind::AgentToolUse).unwrap().seq;
    let store = Arc::new(Bad { inner, failures: AtomicUsize::new(1), panics: false, only_from: Some(use_seq) });
    let done = Arc::new(Frozen(Arc::new(Log { ends: true, ..Default::default() })));
    let runtime = start(store, &clock, Caller(1), done).await;
    idle(&runtime, S).await;
    let records = runtime.read(S, 1, 100).await.unwrap();
    let result = records.iter().find(|r| r.kind == Kind::AgentToolResult).unwrap();
    let text = String::from_utf8_lossy(&result.payload).into_owned();
    assert!(text.contains("ok") , "{text}");
}

#[tokio::test(flavor = "current_thread")]
async fn t10_queued_shell_calls_stay_in_the_queue_when_the_harness_is_killed() {
    let mut bad = 0;
    for _ in 0..50 {
        let log = Arc::new(Log::default());
        let store = Arc::new(SimStore::open(&SimDisk::new(Rng::new(1))).unwrap());
        let clock = SimClock::running();
        let runtime = start(store, &clock, Caller(6), Arc::new(Frozen(log.clone()))).await;
        create_tools(&runtime, S).await;
        say(&runtime, S, "go").await;
        while log.ensured.lock().unwrap().is_empty() { tokio::time::sleep(Duration::from_millis(1)).await; }
        for _ in 0..3 {
            runtime.inject(S, Fault::KillHarness).await;
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
        let sent = log.ensured.lock().unwrap().clone();
        if sent.iter().any(|c| c != "c0") { bad += 1; println!("{sent:?}"); }
        runtime.shutdown(Duration::from_secs(1)).await;
    }
    assert_eq!(bad, 0, "of 50 runs sent calls while the first one ran");
}
