//! What the model sees: summaries, the log that can be looked up, and a choice that can be changed.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use planaria_core::context::{COMPACT_PROMPT, Context, ContextPolicy, SUMMARY_START, WholeLog};
use planaria_core::limits::COMPACTION_LEVEL_MAX;
use planaria_core::model::{Block, Request, ToolInput};
use planaria_core::port::provider::Error;
use planaria_core::record::payload::Answer;
use planaria_core::{Kind, Record, SessionId};
use planaria_runtime::Fault;
use serde_json::{Value, json};

use crate::support::*;

const ID: SessionId = SessionId(7);

type Said = Result<Vec<Block>, Error>;

fn too_long() -> Said {
    Err(Error::TooLong { message: "prompt is too long".to_owned() })
}

fn bytes(request: &Request) -> usize {
    let block = |block: &Value| block.to_string().len();
    request.messages.iter().flat_map(|m| &m.content).map(block).sum()
}

fn begins_with_a_summary(request: &Request) -> bool {
    let text = request.messages[0].content[0]["text"].as_str();
    text.is_some_and(|text| text.starts_with(SUMMARY_START))
}

fn is_compaction(request: &Request) -> bool {
    last_text(request) == COMPACT_PROMPT
}

fn count(log: &[Record], kind: Kind) -> usize {
    log.iter().filter(|record| record.kind == kind).count()
}

/// A model with a small window: it refuses what is larger, and sums up when asked.
fn small(window: usize) -> Model<impl Fn(&Request) -> Said> {
    Model(move |request: &Request| match bytes(request) {
        bytes if bytes > window => too_long(),
        _ if is_compaction(request) => said("They have talked a lot."),
        _ if begins_with_a_summary(request) => said("I remember."),
        _ => said("fine"),
    })
}

#[tokio::test(start_paused = true)]
async fn a_model_that_refuses_a_conversation_as_too_long_is_asked_for_a_summary() {
    let rig = Rig::new();
    let runtime = rig.start(rig.store(), small(10_000)).await;
    create(&runtime, ID).await;
    for _ in 0..3 {
        say(&runtime, ID, &"word ".repeat(900)).await;
        idle(&runtime, ID).await;
    }
    let log = log(&runtime, ID).await;
    assert!(count(&log, Kind::ThreadContextCompacted) > 0);
    assert_eq!(count(&log, Kind::SessionError), 0);
    let answers = log.iter().filter(|record| record.kind == Kind::Answer);
    let last = answers.last().unwrap().parse::<Answer>().unwrap();
    assert_eq!(last.blocks, [Block::Text("I remember.".to_owned())]);
}

#[tokio::test(start_paused = true)]
async fn a_window_into_which_nothing_fits_ends_the_turn_with_its_reason() {
    let rig = Rig::new();
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = asked.clone();
    let model = Model(move |_: &Request| {
        counter.fetch_add(1, Ordering::Relaxed);
        too_long()
    });
    let runtime = rig.start(rig.store(), model).await;
    create(&runtime, ID).await;
    say(&runtime, ID, "hello").await;
    idle(&runtime, ID).await;
    let log = log(&runtime, ID).await;
    let error = log.iter().find(|record| record.kind == Kind::SessionError).unwrap();
    assert_eq!(error.parse::<Value>().unwrap()["error"]["type"], "compaction_limit_reached_error");
    assert_eq!(asked.load(Ordering::Relaxed), COMPACTION_LEVEL_MAX as usize + 2);
}

#[tokio::test(start_paused = true)]
async fn a_conversation_is_summed_up_when_the_policy_says_so() {
    let rig = Rig::new();
    let builder = rig.builder(rig.store(), small(usize::MAX), Arc::new(rig.hands.clone()));
    let builder = builder.context_policy(WholeLog { compact_at: 1_000 });
    let runtime = builder.start().await.unwrap();
    create(&runtime, ID).await;
    for _ in 0..2 {
        say(&runtime, ID, &"word ".repeat(600)).await;
        idle(&runtime, ID).await;
    }
    assert_eq!(count(&log(&runtime, ID).await, Kind::Compacted), 0);
    say(&runtime, ID, &"word ".repeat(900)).await;
    idle(&runtime, ID).await;
    assert_eq!(count(&log(&runtime, ID).await, Kind::Compacted), 1);
}

#[tokio::test(start_paused = true)]
async fn a_harness_killed_over_a_summary_is_replaced_by_one_that_writes_it() {
    let rig = Rig::new();
    let builder = rig.builder(rig.store(), small(10_000), Arc::new(rig.hands.clone()));
    let runtime = builder.start().await.unwrap();
    create(&runtime, ID).await;
    for _ in 0..2 {
        say(&runtime, ID, &"word ".repeat(900)).await;
        idle(&runtime, ID).await;
    }
    say(&runtime, ID, &"word ".repeat(900)).await;
    let mut follower = runtime.follow(ID, 1);
    'wanted: loop {
        for record in follower.next(100).await.unwrap() {
            if record.kind == Kind::CompactionWanted {
                break 'wanted;
            }
        }
    }
    inject(&runtime, ID, Fault::KillHarness).await;
    idle(&runtime, ID).await;
    let log = log(&runtime, ID).await;
    assert_eq!(count(&log, Kind::SessionError), 0);
    assert!(count(&log, Kind::Compacted) >= 1);
}

#[tokio::test(start_paused = true)]
async fn an_agent_looks_up_in_its_log_what_its_context_holds_no_more() {
    let rig = Rig::new();
    let read_log = |input: Value| {
        Ok(vec![Block::ToolUse { name: "read_log".to_owned(), input: ToolInput::Object(input) }])
    };
    let model = Model(move |request: &Request| {
        if bytes(request) > 10_000 {
            return too_long();
        }
        if is_compaction(request) {
            return said("There was a number; it is in the log.");
        }
        match (begins_with_a_summary(request), request.messages.len()) {
            (true, 1 | 2) => read_log(json!({ "search": "NUMBER" })),
            _ => said("fine"),
        }
    });
    let runtime = rig.start(rig.store(), model).await;
    create(&runtime, ID).await;
    say(&runtime, ID, "The number is 4711.").await;
    idle(&runtime, ID).await;
    for _ in 0..3 {
        say(&runtime, ID, &"word ".repeat(900)).await;
        idle(&runtime, ID).await;
    }
    let results = results(&log(&runtime, ID).await);
    assert!(results[0].contains("The number is 4711."), "{results:?}");
    assert!(!results[0].contains("word"), "{results:?}");
}

/// Sees the last message only.
struct LastOnly;

impl ContextPolicy for LastOnly {
    fn name(&self) -> &str {
        "last-only"
    }

    fn version(&self) -> u32 {
        1
    }

    fn request(&self, context: &Context) -> Option<Request> {
        let mut request = context.request()?;
        request.messages = request.messages.split_off(request.messages.len() - 1);
        Some(request)
    }

    fn is_full(&self, _: &Context) -> bool {
        false
    }
}

#[tokio::test(start_paused = true)]
async fn a_session_goes_on_with_another_policy_from_one_request_to_the_next() {
    let rig = Rig::new();
    let model = Model(|request: &Request| said(&format!("{} messages", request.messages.len())));
    let runtime = rig.start(rig.store(), model).await;
    create(&runtime, ID).await;
    say(&runtime, ID, "one").await;
    idle(&runtime, ID).await;
    say(&runtime, ID, "two").await;
    idle(&runtime, ID).await;
    runtime.set_context_policy(LastOnly);
    say(&runtime, ID, "three").await;
    idle(&runtime, ID).await;
    let answers: Vec<(String, String)> = log(&runtime, ID)
        .await
        .iter()
        .filter(|record| record.kind == Kind::Answer)
        .map(|record| record.parse::<Answer>().unwrap())
        .map(|answer| match &answer.blocks[..] {
            [Block::Text(text)] => (answer.harness.0, text.clone()),
            other => panic!("{other:?}"),
        })
        .collect();
    let expected = [("whole-log", "1"), ("whole-log", "3"), ("last-only", "1")];
    let expected = expected.map(|(who, n)| (who.to_owned(), format!("{n} messages")));
    assert_eq!(answers, expected);
}

#[tokio::test(start_paused = true)]
async fn words_before_a_call_are_no_summary() {
    let rig = Rig::new();
    let model = Model(move |request: &Request| match bytes(request) {
        bytes if bytes > 10_000 => too_long(),
        _ if is_compaction(request) => Ok(vec![
            Block::Text("Let me look at one more file first.".to_owned()),
            Block::ToolUse { name: "bash".to_owned(), input: ToolInput::Object(json!({})) },
        ]),
        _ => said("fine"),
    });
    let runtime = rig.start(rig.store(), model).await;
    create(&runtime, ID).await;
    for _ in 0..3 {
        say(&runtime, ID, &"word ".repeat(900)).await;
        idle(&runtime, ID).await;
    }
    let log = log(&runtime, ID).await;
    assert_eq!(count(&log, Kind::Compacted), 0, "the task is forgotten");
}

#[tokio::test(start_paused = true)]
async fn a_look_beyond_all_bounds_is_a_failed_call() {
    let rig = Rig::new();
    let model = Model(move |request: &Request| match request.messages.len() {
        1 => {
            let input = json!({ "from": 1, "to": 3, "offset": u64::MAX });
            let one = json!({ "from": 2, "to": 2, "offset": u64::MAX });
            let call = |input| Block::ToolUse {
                name: "read_log".to_owned(),
                input: ToolInput::Object(input),
            };
            let _ = input;
            Ok(vec![
                call(one.clone()),
                call(json!({"from": 3, "to": 3, "offset": u64::MAX})),
                call(json!({"from": 4, "to": 4, "offset": u64::MAX})),
                call(json!({"from": 5, "to": 5, "offset": u64::MAX})),
                call(json!({"from": 6, "to": 6, "offset": u64::MAX})),
            ])
        }
        _ => said("fine"),
    });
    let runtime = rig.start(rig.store(), model).await;
    create(&runtime, ID).await;
    say(&runtime, ID, "hello").await;
    let state = idle(&runtime, ID).await;
    let log = log(&runtime, ID).await;
    assert_eq!((state.attempt, count(&log, Kind::Parked)), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_summary_without_end_does_not_park_the_session() {
    let rig = Rig::new();
    let model = Model(move |request: &Request| match bytes(request) {
        bytes if bytes > 10_000 => too_long(),
        _ if is_compaction(request) => said(&"la ".repeat(400_000)),
        _ => said("fine"),
    });
    let runtime = rig.start(rig.store(), model).await;
    create(&runtime, ID).await;
    for _ in 0..3 {
        say(&runtime, ID, &"word ".repeat(900)).await;
        idle(&runtime, ID).await;
    }
    let log = log(&runtime, ID).await;
    assert_eq!(count(&log, Kind::Parked), 0);
}
