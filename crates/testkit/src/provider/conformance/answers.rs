//! Answers that arrive.

use planaria_core::model::{Block, StopReason, ToolInput};
use planaria_core::port::provider::{BlockKind, Delta};
use serde_json::{Value, json};

use super::run::{announced, answer, ask, next, previewed};
use super::{Case, Rigs, Said};

fn text(pieces: &[&str]) -> Said {
    Said::Text(pieces.iter().map(ToString::to_string).collect())
}

fn call(name: &str, input: &[&str]) -> Said {
    let input = input.iter().map(ToString::to_string).collect();
    Said::Call { name: name.to_owned(), input }
}

fn ends(said: Vec<Said>) -> Case {
    Case::Answers { said, stop: StopReason::EndTurn }
}

fn calls(said: Vec<Said>) -> Case {
    Case::Answers { said, stop: StopReason::ToolUse }
}

/// A little of everything.
fn mixed() -> Case {
    calls(vec![
        Said::Thinking("Let me see.".to_owned()),
        text(&["I look", " into", " it."]),
        call("read", &["{\"file_path\":", "\"a.txt\"}"]),
        call("bash", &["{\"command\":\"ls\"}"]),
    ])
}

pub(super) async fn an_answer_is_deltas_and_then_exactly_one_done(rigs: Rigs) -> Option<()> {
    let rig = rigs(mixed()).await?;
    let (previews, answer) = answer(ask(&rig, "mixed")).await;
    assert!(!previews.is_empty(), "an answer with text has previews");
    assert_eq!(answer.blocks.len(), 4, "{:?}", answer.blocks);
    assert!(!answer.model.is_empty(), "an answer names its model");
    Some(())
}

pub(super) async fn blocks_begin_at_zero_and_have_no_gaps(rigs: Rigs) -> Option<()> {
    let rig = rigs(mixed()).await?;
    let (previews, answer) = answer(ask(&rig, "mixed")).await;
    let kinds = [BlockKind::Thinking, BlockKind::Text, BlockKind::ToolUse, BlockKind::ToolUse];
    assert_eq!(announced(&previews), kinds);
    let order: Vec<BlockKind> = answer.blocks.iter().map(kind_of).collect();
    assert_eq!(order, kinds, "the answer has its blocks as they were announced");
    Some(())
}

fn kind_of(block: &Block) -> BlockKind {
    match block {
        Block::Text(_) => BlockKind::Text,
        Block::ToolUse { .. } => BlockKind::ToolUse,
        Block::Thinking(_) => BlockKind::Thinking,
        other => panic!("a block that the suite does not know: {other:?}"),
    }
}

pub(super) async fn what_was_previewed_is_what_the_block_holds(rigs: Rigs) -> Option<()> {
    let said = vec![text(&["Grüße", " an 🪱", "\n\"alle\" \\ ", "\u{0}漢字"])];
    let rig = rigs(ends(said)).await?;
    let (previews, answer) = answer(ask(&rig, "text")).await;
    let whole = "Grüße an 🪱\n\"alle\" \\ \u{0}漢字";
    assert_eq!(answer.blocks, [Block::Text(whole.to_owned())]);
    assert_eq!(previewed(&previews, 0), whole);
    Some(())
}

pub(super) async fn two_texts_stay_apart(rigs: Rigs) -> Option<()> {
    let rig = rigs(ends(vec![text(&["An", "fang."]), text(&["Ende", "."])])).await?;
    let (previews, answer) = answer(ask(&rig, "texts")).await;
    let whole = ["Anfang.", "Ende."];
    assert_eq!(answer.blocks, whole.map(|text| Block::Text(text.to_owned())));
    assert_eq!([previewed(&previews, 0), previewed(&previews, 1)], whole);
    Some(())
}

pub(super) async fn text_is_previewed_before_the_answer_is_there(rigs: Rigs) -> Option<()> {
    let pieces = ["One", " two"].map(str::to_owned);
    let rig = rigs(Case::StallsAfter { text: pieces.to_vec() }).await?;
    let mut items = ask(&rig, "stall");
    let mut seen = String::new();
    while seen != "One two" {
        match next(&mut items).await {
            Some(Ok(Delta::Text { index: 0, text })) => seen.push_str(&text),
            Some(Ok(
                Delta::Start { kind: BlockKind::Text, .. } | Delta::Progress | Delta::Used(_),
            )) => {}
            other => panic!("no preview of a text that has begun, but {other:?}"),
        }
    }
    Some(())
}

pub(super) async fn an_answer_may_be_empty(rigs: Rigs) -> Option<()> {
    let rig = rigs(ends(vec![])).await?;
    let (previews, answer) = answer(ask(&rig, "nothing")).await;
    assert_eq!((announced(&previews), answer.blocks), (vec![], vec![]));
    Some(())
}

pub(super) async fn thinking_is_kept_and_not_previewed(rigs: Rigs) -> Option<()> {
    let secret = "a thought nobody sees";
    let rig = rigs(ends(vec![Said::Thinking(secret.to_owned()), text(&["Said."])])).await?;
    let (previews, answer) = answer(ask(&rig, "think")).await;
    assert!(!format!("{previews:?}").contains("thought"), "{previews:?}");
    match &answer.blocks[..] {
        [Block::Thinking(raw), Block::Text(_)] => {
            assert!(raw.to_string().contains(secret), "it must go back as it came: {raw}");
        }
        other => panic!("thinking and a text were said, not {other:?}"),
    }
    Some(())
}

fn inputs(blocks: Vec<Block>) -> Vec<(String, ToolInput)> {
    let calls = blocks.into_iter().filter_map(|block| match block {
        Block::ToolUse { name, input } => Some((name, input)),
        _ => None,
    });
    calls.collect()
}

pub(super) async fn calls_come_with_their_input_in_order(rigs: Rigs) -> Option<()> {
    let said = vec![
        call("write", &["{\"file_path\": \"ü.txt\",", " \"content\": \"a\\nb", "\"}"]),
        call("bash", &[]),
        call("write", &["{", "}"]),
    ];
    let rig = rigs(calls(said)).await?;
    let (_, answer) = answer(ask(&rig, "calls")).await;
    let expected = [
        ("write", json!({ "file_path": "ü.txt", "content": "a\nb" })),
        ("bash", json!({})),
        ("write", json!({})),
    ];
    let expected =
        expected.map(|(name, input): (&str, Value)| (name.to_owned(), ToolInput::Object(input)));
    assert_eq!(inputs(answer.blocks), expected);
    Some(())
}

pub(super) async fn input_that_is_not_an_object_is_data_and_no_error(rigs: Rigs) -> Option<()> {
    for malformed in ["{\"file_path\": \"a", "[1, 2]", "\"a\"", "7", "{} {}", "ls -l"] {
        let said = vec![text(&["So:"]), call("read", &[malformed])];
        let stop = StopReason::MaxTokens;
        let rig = rigs(Case::Answers { said, stop }).await?;
        let (_, answer) = answer(ask(&rig, malformed)).await;
        let expected = ("read".to_owned(), ToolInput::Malformed(malformed.to_owned()));
        assert_eq!(inputs(answer.blocks), [expected]);
    }
    Some(())
}

pub(super) async fn the_reason_to_stop_is_told(rigs: Rigs) -> Option<()> {
    for stop in [StopReason::EndTurn, StopReason::MaxTokens] {
        stops(&rigs, stop).await?;
    }
    let rig = rigs(calls(vec![call("bash", &[])])).await?;
    let (_, answer) = answer(ask(&rig, "tool")).await;
    assert_eq!(answer.stop, StopReason::ToolUse);
    Some(())
}

pub(super) async fn a_refusal_is_told_with_its_explanation(rigs: Rigs) -> Option<()> {
    let explanation = Some("Not that.".to_owned());
    stops(&rigs, StopReason::Refusal { category: None, explanation }).await
}

pub(super) async fn the_category_of_a_refusal_is_told(rigs: Rigs) -> Option<()> {
    let (category, explanation) = (Some("bio".to_owned()), Some("Not that.".to_owned()));
    stops(&rigs, StopReason::Refusal { category, explanation }).await
}

async fn stops(rigs: &Rigs, stop: StopReason) -> Option<()> {
    let rig = rigs(Case::Answers { said: vec![text(&["So"])], stop: stop.clone() }).await?;
    let (_, answer) = answer(ask(&rig, "stop")).await;
    assert_eq!(answer.stop, stop);
    Some(())
}
