//! Tools of the host, which run in the runtime's own process.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use planaria_core::agent::Agent;
use planaria_core::limits::RESULT_CHARS_MAX;
use planaria_core::model::{Block, Request, ToolInput};
use planaria_core::port::BoxFuture;
use planaria_core::port::tool::{Tool, ToolCall};
use planaria_core::session::{CALLER_LOST, INTERRUPTED};
use planaria_core::tool::{EffectClass, Outcome, ToolSpec};
use planaria_core::{EventId, SessionId};
use planaria_runtime::{Builder, Error, Fault};
use serde_json::json;
use tokio::sync::Notify;

use crate::support::*;

const ID: SessionId = SessionId(7);

/// A tool that waits to be released, and counts.
#[derive(Clone)]
struct Pay {
    class: EffectClass,
    begun: Arc<Mutex<Vec<EventId>>>,
    ended: Arc<AtomicUsize>,
    release: Arc<Notify>,
}

impl Pay {
    fn new(class: EffectClass) -> Self {
        let (begun, ended, release) = <_>::default();
        Self { class, begun, ended, release }
    }

    fn begun(&self) -> usize {
        self.begun.lock().unwrap().len()
    }
}

impl Tool for Pay {
    fn spec(&self) -> ToolSpec {
        ToolSpec {
            name: "pay".to_owned(),
            description: "Pays a bill.".to_owned(),
            input_schema: json!({ "type": "object" }),
        }
    }

    fn class(&self) -> EffectClass {
        self.class
    }

    fn call(&self, call: ToolCall) -> BoxFuture<'static, Outcome> {
        let pay = self.clone();
        Box::pin(async move {
            pay.begun.lock().unwrap().push(call.id);
            if call.input["how"] == "badly" {
                panic!("no money left");
            }
            if call.input["how"] == "slowly" {
                pay.release.notified().await;
            }
            pay.ended.fetch_add(1, Ordering::Relaxed);
            match call.input["how"].as_str() {
                Some("wordily") => Outcome::text("paid ".repeat(300_000)),
                _ => Outcome::text(format!("paid {}", call.input["bill"])),
            }
        })
    }
}

/// A model that pays once, and then says what it was told.
fn payer(
    how: &'static str,
) -> Model<impl Fn(&Request) -> Result<Vec<Block>, planaria_core::port::provider::Error>> {
    Model(move |request: &Request| match request.messages.len() {
        1 => {
            let input = ToolInput::Object(json!({ "bill": 7, "how": how }));
            Ok(vec![Block::ToolUse { name: "pay".to_owned(), input }])
        }
        _ => said("done"),
    })
}

fn building(rig: &Rig, how: &'static str) -> Builder {
    rig.builder(rig.store(), payer(how), Arc::new(rig.hands.clone()))
}

fn agent(pay: &Pay) -> Agent {
    Agent::new("payer", "any").with_tool(pay)
}

#[tokio::test(start_paused = true)]
async fn a_tool_of_the_host_runs_without_any_sandbox() {
    let (rig, pay) = (Rig::new(), Pay::new(EffectClass::AtMostOnce));
    let runtime = building(&rig, "well").tool(pay.clone()).start().await.unwrap();
    create_of(&runtime, ID, agent(&pay)).await.unwrap();
    say(&runtime, ID, "pay").await;
    let state = idle(&runtime, ID).await;
    assert_eq!(results(&log(&runtime, ID).await), ["paid 7"]);
    assert_eq!((pay.begun(), state.hand.is_none()), (1, true));
}

#[tokio::test(start_paused = true)]
async fn a_long_result_of_a_hosts_tool_is_cut_and_says_so() {
    let (rig, pay) = (Rig::new(), Pay::new(EffectClass::AtMostOnce));
    let runtime = building(&rig, "wordily").tool(pay.clone()).start().await.unwrap();
    create_of(&runtime, ID, agent(&pay)).await.unwrap();
    say(&runtime, ID, "pay").await;
    idle(&runtime, ID).await;
    let results = results(&log(&runtime, ID).await);
    assert!(results[0].chars().count() <= RESULT_CHARS_MAX);
    assert!(results[0].contains("of 1500000 characters are left out"), "{}", &results[0][..100]);
}

#[tokio::test(start_paused = true)]
async fn a_panic_in_a_hosts_tool_is_that_calls_failure_and_nobody_elses() {
    let (rig, pay) = (Rig::new(), Pay::new(EffectClass::AtMostOnce));
    let runtime = building(&rig, "badly").tool(pay.clone()).start().await.unwrap();
    create_of(&runtime, ID, agent(&pay)).await.unwrap();
    say(&runtime, ID, "pay").await;
    let state = idle(&runtime, ID).await;
    let results = results(&log(&runtime, ID).await);
    assert!(results[0].contains("no money left"), "{results:?}");
    assert_eq!((pay.begun(), state.attempt), (1, 0), "the harness lives");
}

/// A session whose harness is killed while the tool is at work.
async fn after_a_kill(class: EffectClass) -> (Vec<String>, Pay) {
    let (rig, pay) = (Rig::new(), Pay::new(class));
    let runtime = building(&rig, "slowly").tool(pay.clone()).start().await.unwrap();
    create_of(&runtime, ID, agent(&pay)).await.unwrap();
    say(&runtime, ID, "pay").await;
    until(|| pay.begun() == 1).await;
    inject(&runtime, ID, Fault::KillHarness).await;
    if class.may_rerun() {
        until(|| pay.begun() == 2).await;
        pay.release.notify_one();
    }
    idle(&runtime, ID).await;
    (results(&log(&runtime, ID).await), pay)
}

#[tokio::test(start_paused = true)]
async fn a_call_that_may_have_paid_is_not_made_again() {
    let (results, pay) = after_a_kill(EffectClass::AtMostOnce).await;
    assert_eq!(results, [CALLER_LOST]);
    assert_eq!((pay.begun(), pay.ended.load(Ordering::Relaxed)), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_idempotent_is_made_again_under_the_same_id() {
    let (results, pay) = after_a_kill(EffectClass::Idempotent).await;
    assert_eq!(results, ["paid 7"]);
    let begun = pay.begun.lock().unwrap().clone();
    assert_eq!((begun.len(), begun[0]), (2, begun[1]));
    assert_eq!(pay.ended.load(Ordering::Relaxed), 1);
}

#[tokio::test(start_paused = true)]
async fn an_interrupt_drops_the_call() {
    for (class, told) in [(EffectClass::Read, INTERRUPTED), (EffectClass::AtMostOnce, CALLER_LOST)]
    {
        let (rig, pay) = (Rig::new(), Pay::new(class));
        let runtime = building(&rig, "slowly").tool(pay.clone()).start().await.unwrap();
        create_of(&runtime, ID, agent(&pay)).await.unwrap();
        say(&runtime, ID, "pay").await;
        until(|| pay.begun() == 1).await;
        interrupt(&runtime, ID).await;
        idle(&runtime, ID).await;
        assert_eq!(results(&log(&runtime, ID).await), [told]);
        assert_eq!(pay.ended.load(Ordering::Relaxed), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_that_takes_too_long_is_given_up() {
    let (rig, pay) = (Rig::new(), Pay::new(EffectClass::AtMostOnce));
    let runtime = building(&rig, "slowly").tool(pay.clone()).start().await.unwrap();
    create_of(&runtime, ID, agent(&pay)).await.unwrap();
    say(&runtime, ID, "pay").await;
    idle(&runtime, ID).await;
    let results = results(&log(&runtime, ID).await);
    assert!(results[0].contains("given up after 120 s"), "{results:?}");
}

#[tokio::test(start_paused = true)]
async fn an_agent_whose_tool_the_runtime_lacks_is_refused() {
    let (rig, pay) = (Rig::new(), Pay::new(EffectClass::AtMostOnce));
    let runtime = building(&rig, "well").start().await.unwrap();
    let refused = create_of(&runtime, ID, agent(&pay)).await.unwrap_err();
    assert!(matches!(&refused, Error::Rejected(_)), "{refused:?}");
    assert!(refused.to_string().contains("Builder::tool"), "{refused}");
    assert!(matches!(runtime.state(ID).await, Err(Error::NoSuchSession(_))));
}

#[tokio::test(start_paused = true)]
async fn a_session_whose_tool_is_gone_after_a_restart_is_told_so() {
    let (rig, pay) = (Rig::new(), Pay::new(EffectClass::Read));
    let runtime = building(&rig, "slowly").tool(pay.clone()).start().await.unwrap();
    create_of(&runtime, ID, agent(&pay)).await.unwrap();
    say(&runtime, ID, "pay").await;
    until(|| pay.begun() == 1).await;
    runtime.shutdown(std::time::Duration::from_secs(1)).await;
    rig.disk.crash();
    let runtime = building(&rig, "slowly").start().await.unwrap();
    idle(&runtime, ID).await;
    let results = results(&log(&runtime, ID).await);
    assert!(results[0].contains("no tool `pay` any more"), "{results:?}");
}

#[tokio::test(start_paused = true)]
async fn a_call_is_not_made_again_when_an_append_is_in_flight_at_the_takeover() {
    let (rig, pay) = (Rig::new(), Pay::new(EffectClass::AtMostOnce));
    let store = rig.store();
    let runtime = rig
        .builder(store.clone(), payer("slowly"), Arc::new(rig.hands.clone()))
        .tool(pay.clone())
        .start()
        .await
        .unwrap();
    create_of(&runtime, ID, agent(&pay)).await.unwrap();
    say(&runtime, ID, "pay").await;
    until(|| pay.begun() == 1).await;
    // A disk whose sync takes longer than a harness's restart.
    store.delay(std::time::Duration::from_millis(100));
    let sending = {
        let runtime = runtime.clone();
        tokio::spawn(async move { say(&runtime, ID, "and hurry").await })
    };
    tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    inject(&runtime, ID, Fault::KillHarness).await;
    sending.await.unwrap();
    idle(&runtime, ID).await;
    assert_eq!(results(&log(&runtime, ID).await), [CALLER_LOST]);
    assert_eq!(pay.begun(), 1, "made twice");
}

/// Says what no endpoint takes.
#[derive(Clone)]
struct Odd;

impl Tool for Odd {
    fn spec(&self) -> ToolSpec {
        ToolSpec::new("pay", "Pays a bill.", json!({ "type": "object" }))
    }

    fn call(&self, _: ToolCall) -> BoxFuture<'static, Outcome> {
        Box::pin(async {
            Outcome { content: vec![json!({ "total": 7 }), json!("seven")], is_error: false }
        })
    }
}

#[tokio::test(start_paused = true)]
async fn a_result_that_no_endpoint_takes_does_not_get_into_the_log() {
    let rig = Rig::new();
    let runtime = building(&rig, "well").tool(Odd).start().await.unwrap();
    let agent = Agent::new("payer", "any").with_tool(&Odd);
    create_of(&runtime, ID, agent).await.unwrap();
    say(&runtime, ID, "pay").await;
    idle(&runtime, ID).await;
    let log = log(&runtime, ID).await;
    let mut context = planaria_core::context::Context::default();
    log.iter().for_each(|record| context.push(record).unwrap());
    let request = context.request().unwrap();
    for block in request.messages.iter().flat_map(|m| &m.content) {
        for part in block["content"].as_array().into_iter().flatten() {
            let kind = part["type"].as_str();
            assert!(
                matches!(kind, Some("text" | "image" | "document" | "search_result")),
                "{part}"
            );
        }
    }
}

/// A store whose next commit panics, if it is told so.
struct Panicking(Arc<planaria_testkit::store::SimStore>, Arc<std::sync::atomic::AtomicBool>);

impl planaria_testkit::store::Layer for Panicking {
    fn behind(&self) -> &dyn planaria_core::port::store::Store {
        self.0.as_ref()
    }

    fn commit(
        &self,
        group: Vec<planaria_core::port::store::Txn>,
    ) -> BoxFuture<
        '_,
        Result<
            Vec<Result<planaria_core::port::store::Head, planaria_core::port::store::Refusal>>,
            planaria_core::port::store::Error,
        >,
    > {
        assert!(!self.1.swap(false, Ordering::SeqCst), "a bug in the store");
        planaria_core::port::store::Store::commit(self.0.as_ref(), group)
    }
}

struct Beside;

impl planaria_supervisor::Worker for Beside {
    type Message = ();

    fn handle(
        &mut self,
        _: &planaria_supervisor::ActorRef<()>,
        (): (),
    ) -> Result<planaria_supervisor::Flow, String> {
        Ok(planaria_supervisor::Flow::Continue)
    }
}

#[tokio::test(start_paused = true)]
async fn children_of_the_host_come_back_when_the_journal_does() {
    let rig = Rig::new();
    let bug = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let store = Arc::new(planaria_testkit::store::Layered(Panicking(rig.store(), bug.clone())));
    let child = planaria_supervisor::ChildSpec::worker("beside", |context| {
        Box::pin(planaria_supervisor::worker(context, |_, _| Ok(Beside)))
    });
    let runtime =
        rig.builder(store, fine(), Arc::new(rig.hands.clone())).child(child).start().await.unwrap();
    create(&runtime, ID).await;
    let there = |runtime: &planaria_runtime::Runtime| {
        runtime
            .tree()
            .iter()
            .map(|node| format!("{node:?}"))
            .filter(|n| n.contains("beside"))
            .collect::<Vec<_>>()
    };
    println!("before {:#?}", there(&runtime));
    bug.store(true, Ordering::SeqCst);
    let _ = runtime.send(ID, vec![planaria_core::event::ClientEvent::message("x")]).await;
    tokio::time::sleep(std::time::Duration::from_secs(30)).await;
    say(&runtime, ID, "hello").await;
    idle(&runtime, ID).await;
    println!("after {:#?}", there(&runtime));
    let all = runtime.tree().iter().map(|node| format!("{node:?}")).collect::<Vec<_>>();
    println!("{all:#?}");
    assert!(there(&runtime).iter().any(|n| n.to_lowercase().contains("running")));
}

#[tokio::test(start_paused = true)]
async fn a_call_of_the_host_can_be_parked_without_any_sandbox() {
    let (rig, pay) = (Rig::new(), Pay::new(EffectClass::Read));
    let model = || {
        Model(move |request: &Request| match request.messages.len() {
            1 => runs(&[quick("ls")]),
            3 => {
                let input = ToolInput::Object(json!({ "bill": 7, "how": "slowly" }));
                Ok(vec![Block::ToolUse { name: "pay".to_owned(), input }])
            }
            _ => said("done"),
        })
    };
    let params =
        json!({ "name": "w", "model": "any", "tools": [{ "type": "agent_toolset_20260401" }] });
    let params: planaria_core::agent::AgentParams = serde_json::from_value(params).unwrap();
    let agent = params.materialise().unwrap().with_tool(&pay);
    let with = rig.builder(rig.store(), model(), Arc::new(rig.hands.clone()));
    let runtime = with.tool(pay.clone()).start().await.unwrap();
    create_of(&runtime, ID, agent).await.unwrap();
    say(&runtime, ID, "go").await;
    until(|| pay.begun() == 1).await;
    runtime.shutdown(std::time::Duration::from_secs(1)).await;
    rig.disk.crash();

    let env =
        planaria_testkit::env::SimEnv::new(rig.clock.clone(), planaria_testkit::rng::Rng::new(3));
    let runtime = planaria_runtime::Runtime::builder()
        .store(rig.store())
        .env(env)
        .provider(model())
        .tool(pay.clone())
        .start()
        .await
        .unwrap();
    for kill in 0..6 {
        until(|| pay.begun() == 2 + kill).await;
        inject(&runtime, ID, Fault::KillHarness).await;
    }
    let parked = tokio::time::timeout(std::time::Duration::from_secs(300), runtime.idle(ID)).await;
    assert!(parked.is_ok(), "it is never parked");
}
