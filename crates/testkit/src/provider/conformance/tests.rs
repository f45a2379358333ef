//! The suite itself: a provider that does everything right passes, and each thing done wrong is
//! noticed by the behaviour that is about it.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::{FutureExt, StreamExt, stream};
use planaria_core::model::{Answer, Block, Request, StopReason, ToolInput, Usage};
use planaria_core::port::BoxStream;
use planaria_core::port::provider::{BlockKind, Delta, Error, Provider};
use serde_json::{Value, json};

use super::{BEHAVIOURS, Case, Failure, Rig, Said, conformance};

type Item = Result<Delta, Error>;
/// What a provider does wrong.
type Twist = fn(Vec<Item>) -> Vec<Item>;

/// A provider that knows its case, and twists what it should say.
struct Told {
    case: Case,
    twist: Twist,
}

impl Provider for Told {
    fn name(&self) -> &str {
        "told"
    }

    fn answer(&self, _: Arc<Request>) -> BoxStream<'static, Item> {
        let items = stream::iter((self.twist)(items(&self.case)));
        match self.case {
            Case::StallsAfter { .. } => Box::pin(items.chain(stream::pending())),
            _ => Box::pin(items),
        }
    }
}

fn items(case: &Case) -> Vec<Item> {
    match case {
        Case::Answers { said, stop } => answer(said, stop),
        Case::Fails(failure) => vec![Err(error(*failure))],
        Case::FailsAfter { text, failure } => {
            let mut items = begun(text);
            items.push(Err(error(*failure)));
            items
        }
        Case::BreaksOffAfter { text } => {
            let mut items = begun(text);
            items.push(Err(Error::Broken { message: String::new() }));
            items
        }
        Case::BreaksOffHavingUsed { usage } => {
            vec![Ok(Delta::Used(*usage)), Err(Error::Broken { message: String::new() })]
        }
        Case::StallsAfter { text } => begun(text),
    }
}

fn answer(said: &[Said], stop: &StopReason) -> Vec<Item> {
    let mut items = Vec::new();
    let mut blocks = Vec::new();
    for (index, said) in said.iter().enumerate() {
        let (kind, block) = block(said);
        items.push(Ok(Delta::Start { index, kind }));
        match said {
            Said::Text(pieces) => items.extend(pieces.iter().map(|piece| text(index, piece))),
            _ => items.push(Ok(Delta::Progress)),
        }
        blocks.push(block);
    }
    let (model, stop) = ("told".to_owned(), stop.clone());
    items.push(Ok(Delta::Done(Answer { model, blocks, stop, usage: Usage::default() })));
    items
}

fn block(said: &Said) -> (BlockKind, Block) {
    match said {
        Said::Text(pieces) => (BlockKind::Text, Block::Text(pieces.concat())),
        Said::Thinking(text) => (BlockKind::Thinking, Block::Thinking(json!({ "thinking": text }))),
        Said::Call { name, input } => {
            let text = if input.is_empty() { "{}".to_owned() } else { input.concat() };
            let input = match serde_json::from_str(&text) {
                Ok(value @ Value::Object(_)) => ToolInput::Object(value),
                _ => ToolInput::Malformed(text),
            };
            (BlockKind::ToolUse, Block::ToolUse { name: name.clone(), input })
        }
    }
}

fn begun(pieces: &[String]) -> Vec<Item> {
    let start = Ok(Delta::Start { index: 0, kind: BlockKind::Text });
    [start].into_iter().chain(pieces.iter().map(|piece| text(0, piece))).collect()
}

fn text(index: usize, text: &str) -> Item {
    Ok(Delta::Text { index, text: text.to_owned() })
}

fn error(failure: Failure) -> Error {
    let (message, retry_after) = (String::new(), None);
    match failure {
        Failure::Overloaded => Error::Overloaded { message, retry_after },
        Failure::RateLimited => Error::RateLimited { message, retry_after },
        Failure::Unavailable => Error::Unavailable { message },
        Failure::Rejected => Error::Rejected { message },
        Failure::Unauthorized => Error::Unauthorized { message },
        Failure::Billing => Error::Billing { message },
        Failure::TooLong => Error::TooLong { message },
    }
}

/// Runs the suite against a provider that does this wrong; the behaviour that notices.
async fn noticed(twist: Twist) -> String {
    let run =
        conformance(move |case| async move { Some(Rig::new(Arc::new(Told { case, twist }))) });
    let panic = AssertUnwindSafe(run).catch_unwind().await.expect_err("nothing was noticed");
    let text = panic.downcast_ref::<String>().expect("a panic with a text");
    text.split(": ").next().unwrap_or_default().to_owned()
}

fn map_answer(items: Vec<Item>, change: impl Fn(&mut Answer)) -> Vec<Item> {
    let change = |mut item| {
        if let Ok(Delta::Done(answer)) = &mut item {
            change(answer);
        }
        item
    };
    items.into_iter().map(change).collect()
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_does_everything_right_passes() {
    let run = |case| async move { Some(Rig::new(Arc::new(Told { case, twist: |items| items }))) };
    assert_eq!(conformance(run).await, [""; 0]);
}

#[tokio::test]
async fn what_has_no_rig_is_named() {
    let names: Vec<&str> = BEHAVIOURS.iter().map(|behaviour| behaviour.name).collect();
    assert_eq!(conformance(|_| async { None }).await, names);
}

/// Wrong in what is said and previewed, with the behaviour that notices it.
const TEXTS: &[(&str, Twist)] = &[
    ("an_answer_is_deltas_and_then_exactly_one_done", |items| [items.clone(), items].concat()),
    ("an_answer_is_deltas_and_then_exactly_one_done", |mut items| {
        items.retain(|item| !matches!(item, Ok(Delta::Done(_))));
        items
    }),
    ("blocks_begin_at_zero_and_have_no_gaps", |mut items| {
        items.retain(|item| !matches!(item, Ok(Delta::Start { index: 1, .. })));
        items
    }),
    ("what_was_previewed_is_what_the_block_holds", |mut items| {
        let text = items.iter().rposition(|item| matches!(item, Ok(Delta::Text { .. })));
        text.map(|place| items.remove(place));
        items
    }),
    ("two_texts_stay_apart", |items| {
        map_answer(items, |answer| {
            if let [Block::Text(one), Block::Text(other)] = &answer.blocks[..] {
                answer.blocks = vec![Block::Text(format!("{one}{other}"))];
            }
        })
    }),
    ("text_is_previewed_before_the_answer_is_there", |items| match items.last() {
        Some(Ok(Delta::Done(_))) => items,
        _ => vec![],
    }),
    ("thinking_is_kept_and_not_previewed", |items| {
        map_answer(items, |answer| {
            answer.blocks.iter_mut().for_each(|block| {
                if let Block::Thinking(raw) = block {
                    *raw = json!({ "thinking": "redacted by us" });
                }
            });
        })
    }),
];

/// Wrong in what an answer means.
const MEANINGS: &[(&str, Twist)] = &[
    ("calls_come_with_their_input_in_order", |items| {
        map_answer(items, |answer| {
            if answer.blocks.len() == 3 {
                answer.blocks.reverse();
            }
        })
    }),
    ("input_that_is_not_an_object_is_data_and_no_error", |items| {
        let malformed = |item: &Item| format!("{item:?}").contains("Malformed");
        let broken = || Err(Error::Broken { message: "malformed".to_owned() });
        items.into_iter().map(|item| if malformed(&item) { broken() } else { item }).collect()
    }),
    ("the_reason_to_stop_is_told", |items| {
        map_answer(items, |answer| answer.stop = StopReason::EndTurn)
    }),
    ("a_refusal_is_told_with_its_explanation", |items| {
        map_answer(items, |answer| {
            if let StopReason::Refusal { explanation, .. } = &mut answer.stop {
                *explanation = None;
            }
        })
    }),
    ("the_category_of_a_refusal_is_told", |items| {
        map_answer(items, |answer| {
            if let StopReason::Refusal { category, .. } = &mut answer.stop {
                *category = None;
            }
        })
    }),
];

/// Wrong in how a request fails.
const FAILURES: &[(&str, Twist)] = &[
    ("every_failure_has_its_class", |items| {
        let broken = |_| Error::Broken { message: String::new() };
        items.into_iter().map(|item| item.map_err(broken)).collect()
    }),
    ("a_failure_in_mid_stream_ends_it", |mut items| {
        if items.len() > 1 && matches!(items.last(), Some(Err(_))) {
            items.push(Ok(Delta::Progress));
        }
        items
    }),
    ("an_answer_that_breaks_off_is_broken", |mut items| {
        items.retain(|item| !matches!(item, Err(Error::Broken { .. })));
        items
    }),
    ("what_a_broken_answer_has_used_is_told", |mut items| {
        items.retain(|item| !matches!(item, Ok(Delta::Used(_))));
        items
    }),
];

#[tokio::test(start_paused = true)]
async fn each_thing_done_wrong_is_noticed_by_the_behaviour_about_it() {
    for (name, twist) in TEXTS.iter().chain(MEANINGS).chain(FAILURES) {
        assert_eq!(noticed(*twist).await, *name);
    }
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_that_does_not_hear_that_its_client_has_gone_is_noticed() {
    let run = conformance(|case| async move {
        let rig = Rig::new(Arc::new(Told { case, twist: |items| items }));
        Some(rig.given_up(std::future::pending()))
    });
    let panic = AssertUnwindSafe(run).catch_unwind().await.expect_err("nothing was noticed");
    let text = panic.downcast_ref::<String>().expect("a panic with a text");
    assert!(text.starts_with("a_request_that_is_dropped_is_given_up: "), "{text}");
}
