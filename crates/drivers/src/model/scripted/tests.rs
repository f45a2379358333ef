use std::sync::Arc;

use futures_util::StreamExt;
use planaria_core::context::{COMPACT_PROMPT, SUMMARY_START};
use planaria_core::model::{
    Answer, Block, Message, Request, Role, StopReason, ToolInput, UNSIGNED,
};
use planaria_core::port::provider::{Delta, Error, Provider};
use planaria_core::session::OUTCOME_UNKNOWN;
use planaria_core::tool::text_block;
use serde_json::{Value, json};

use super::limits::{SCRIPT_BYTES_MAX, SHOWN_CHARS_MAX};
use super::replay::next;
use super::{Script, Scripted};

const REPAIR: &str = r#"
steps:
  - say: "I look."
    calls: [ { bash: { command: "./t" } }, { read: { file_path: lib.rs, view_range: [1, 20] } } ]
  - expect: 'FAILED\. (?<passed>\d+) passed; (\d+) failed'
    think: "An off by one."
    say: "I see ${passed} passing and ${2} failing."
    call: { edit: { file_path: lib.rs, old_string: "a", new_string: "b" } }
    else:
      - expect: 'outcome is unknown'
        call: { bash: { command: "./t --again" } }
      - expect: 'Permission denied'
        say: "I cannot go on."
  - expect: 'edited'
    say: "Done: ${passed} passed at first. ${result}"
  - expect: 'thanks, (\w+)'
    say: "You are welcome, ${1}."
"#;

fn script(yaml: &str) -> Arc<Script> {
    Arc::new(Script::parse("scripts/t.yaml", yaml).unwrap())
}

fn refusal(yaml: &str) -> String {
    Script::parse("scripts/t.yaml", yaml).unwrap_err().to_string()
}

fn request(messages: Vec<Message>) -> Arc<Request> {
    Arc::new(Request {
        model: "m".into(),
        effort: None,
        system: "s".into(),
        messages,
        tools: Vec::new(),
        max_tokens: 100,
    })
}

async fn deltas(script: &Arc<Script>, messages: &[Message]) -> Vec<Result<Delta, Error>> {
    Scripted::new(script.clone()).answer(request(messages.to_vec())).collect().await
}

async fn ask(script: &Arc<Script>, messages: &[Message]) -> Result<Answer, Error> {
    match deltas(script, messages).await.pop().unwrap()? {
        Delta::Done(answer) => Ok(answer),
        other => panic!("the stream ends with {other:?}"),
    }
}

async fn rejection(script: &Arc<Script>, messages: &[Message]) -> String {
    match ask(script, messages).await {
        Err(Error::Rejected { message }) => message,
        other => panic!("{other:?} is not a rejection"),
    }
}

fn user(text: &str) -> Message {
    Message { role: Role::User, content: vec![json!({ "type": "text", "text": text })] }
}

/// Tool results, as the context puts them into the user's turn.
fn results(texts: &[&str]) -> Message {
    let block = |text: &&str| {
        json!({ "type": "tool_result", "tool_use_id": "sevt_x", "is_error": false,
                "content": [{ "type": "text", "text": text }] })
    };
    Message { role: Role::User, content: texts.iter().map(block).collect() }
}

/// An answer, as the context puts it into the history.
fn history(answer: &Answer) -> Message {
    let blank = |block: &&Block| matches!(block, Block::Text(text) if text.trim().is_empty());
    let content = answer.blocks.iter().filter(|block| !blank(block)).map(|block| match block {
        Block::Text(text) => json!({ "type": "text", "text": text }),
        Block::Thinking(raw) => raw.clone(),
        Block::ToolUse { name, input: ToolInput::Object(input) } => {
            json!({ "type": "tool_use", "id": "sevt_x", "name": name, "input": input })
        }
        other => panic!("{other:?}"),
    });
    Message { role: Role::Assistant, content: content.collect() }
}

/// Plays turns through the script and returns the whole conversation and the answers.
async fn play(script: &Arc<Script>, turns: &[Message]) -> (Vec<Message>, Vec<Answer>) {
    let (mut messages, mut answers) = (Vec::new(), Vec::new());
    for turn in turns {
        messages.push(turn.clone());
        let answer = ask(script, &messages).await.unwrap();
        messages.push(history(&answer));
        answers.push(answer);
    }
    (messages, answers)
}

fn text(answer: &Answer) -> &str {
    let texts = answer.blocks.iter().find_map(|b| match b {
        Block::Text(text) => Some(text.as_str()),
        _ => None,
    });
    texts.unwrap_or_default()
}

fn calls(answer: &Answer) -> Vec<(&str, &Value)> {
    let calls = answer.blocks.iter().filter_map(|b| match b {
        Block::ToolUse { name, input: ToolInput::Object(input) } => Some((name.as_str(), input)),
        _ => None,
    });
    calls.collect()
}

const FAILED: &str = "running 3 tests\ntest result: FAILED. 2 passed; 1 failed";

#[tokio::test]
async fn a_script_is_played_step_by_step() {
    let script = script(REPAIR);
    let turns = [user("mend it"), results(&[FAILED, "fn a() {}"]), results(&["edited lib.rs"])];
    let (_, answers) = play(&script, &turns).await;
    let inputs =
        [json!({ "command": "./t" }), json!({ "file_path": "lib.rs", "view_range": [1, 20] })];
    assert_eq!(calls(&answers[0]), [("bash", &inputs[0]), ("read", &inputs[1])]);
    assert_eq!(text(&answers[0]), "I look.");
    assert_eq!(answers[0].stop, StopReason::ToolUse);
    assert_eq!(text(&answers[1]), "I see 2 passing and 1 failing.");
    let Block::Thinking(raw) = &answers[1].blocks[0] else { panic!("{:?}", answers[1]) };
    assert_eq!(raw["thinking"], "An off by one.");
    assert_eq!(raw["signature"], UNSIGNED, "no other model may be asked with it");
    assert_eq!(text(&answers[2]), "Done: 2 passed at first. edited lib.rs");
    assert_eq!(answers[2].stop, StopReason::EndTurn);
}

#[tokio::test]
async fn the_same_messages_give_the_same_answer_whoever_asks() {
    let script = script(REPAIR);
    let messages = [user("mend it")];
    assert_eq!(deltas(&script, &messages).await, deltas(&script, &messages).await);
}

#[tokio::test]
async fn a_later_message_goes_on_with_the_next_step() {
    let script = script(REPAIR);
    let turns =
        [user("mend it"), results(&[FAILED]), results(&["edited"]), user("Many thanks, Ada!")];
    let (_, answers) = play(&script, &turns).await;
    assert_eq!(text(&answers[3]), "You are welcome, Ada.");
}

#[tokio::test]
async fn a_lost_step_is_a_mismatch() {
    let script = script(REPAIR);
    let (mut messages, _) = play(&script, &[user("mend it"), results(&[FAILED])]).await;
    messages.drain(1..3);
    messages.push(results(&["edited"]));
    let message = rejection(&script, &messages).await;
    assert!(message.contains("another answer than it gives now"), "{message}");
    assert!(message.contains("./t") && message.contains("old_string"), "{message}");
}

#[tokio::test]
async fn a_doubled_step_is_a_mismatch() {
    let script = script(REPAIR);
    let (mut messages, _) = play(&script, &[user("mend it")]).await;
    messages.extend([results(&[FAILED]), messages[1].clone(), results(&[FAILED])]);
    let message = rejection(&script, &messages).await;
    assert!(message.contains("another answer than it gives now"), "{message}");
}

#[tokio::test]
async fn an_else_branch_is_taken_and_the_same_step_is_judged_again() {
    let script = script(REPAIR);
    let turns = [
        user("mend it"),
        results(&[OUTCOME_UNKNOWN, "fn a() {}"]),
        results(&[OUTCOME_UNKNOWN]),
        results(&[FAILED]),
    ];
    let (_, answers) = play(&script, &turns).await;
    assert_eq!(calls(&answers[1]), [("bash", &json!({ "command": "./t --again" }))]);
    assert_eq!(calls(&answers[2]), calls(&answers[1]));
    assert_eq!(text(&answers[3]), "I see 2 passing and 1 failing.");
}

#[tokio::test]
async fn an_else_branch_without_a_call_ends_the_turn_and_leaves_the_step_open() {
    let script = script(REPAIR);
    let turns = [user("mend it"), results(&["Permission denied"]), user(FAILED)];
    let (_, answers) = play(&script, &turns).await;
    assert_eq!(text(&answers[1]), "I cannot go on.");
    assert_eq!(answers[1].stop, StopReason::EndTurn);
    assert_eq!(text(&answers[2]), "I see 2 passing and 1 failing.");
}

#[tokio::test]
async fn a_mismatch_shows_both_texts_and_is_not_retryable() {
    let script = script(REPAIR);
    let (mut messages, _) = play(&script, &[user("mend it")]).await;
    messages.push(results(&["segmentation fault"]));
    let error = ask(&script, &messages).await.unwrap_err();
    assert!(!error.is_retryable());
    let message = error.to_string();
    assert!(message.contains("step 2 of scripts/t.yaml expects /FAILED"), "{message}");
    assert!(message.contains("2 else branches but got: segmentation fault"), "{message}");
}

#[tokio::test]
async fn a_script_that_has_ended_says_so() {
    let script = script("steps: [ { say: hello } ]");
    let (mut messages, _) = play(&script, &[user("hi")]).await;
    messages.push(user("and now?"));
    let message = rejection(&script, &messages).await;
    assert_eq!(message, "scripts/t.yaml has ended after 1 steps, but got: and now?");
}

#[tokio::test]
async fn a_long_result_is_shortened_in_the_middle() {
    let script = script("steps: [ { expect: never, say: x } ]");
    let long = format!("begin {} end", "é".repeat(2 * SHOWN_CHARS_MAX));
    let message = rejection(&script, &[user(&long)]).await;
    assert!(message.chars().count() < SHOWN_CHARS_MAX + 200);
    assert!(message.contains("begin é") && message.ends_with("é end"), "{message}");
}

#[tokio::test]
async fn named_groups_stay_known_and_reach_into_inputs() {
    let script = script(
        r#"
steps:
  - expect: 'count (?<all>\d+)'
    call: { bash: { command: "echo ${all} $${HOME}", list: [ "${all}", 3 ] } }
  - expect: 'ok'
    say: "${all} and ${0}"
"#,
    );
    let (_, answers) = play(&script, &[user("count 12"), results(&["it is ok"])]).await;
    assert_eq!(
        calls(&answers[0])[0].1,
        &json!({ "command": "echo 12 ${HOME}", "list": ["12", 3] })
    );
    assert_eq!(text(&answers[1]), "12 and ok");
}

#[tokio::test]
async fn an_answer_larger_than_a_record_is_refused() {
    let script = script(r#"steps: [ { say: "${result}${result}" } ]"#);
    let message = rejection(&script, &[user(&"x".repeat(600_000))]).await;
    assert!(message.contains("step 1 of scripts/t.yaml: its answer is larger"), "{message}");
}

#[tokio::test]
async fn an_answer_that_comes_out_empty_is_refused() {
    let script = script(r#"steps: [ { expect: "a(b?)", say: "${1}" } ]"#);
    assert!(rejection(&script, &[user("a")]).await.contains("says nothing"));
}

#[tokio::test]
async fn a_blank_text_beside_a_call_is_not_said() {
    let script =
        script(r#"steps: [ { say: " ", call: { bash: { command: ls } } }, { say: "Done." } ]"#);
    let (_, answers) = play(&script, &[user("go"), results(&["a.txt"])]).await;
    assert_eq!(answers[0].blocks.len(), 1);
    assert_eq!(text(&answers[1]), "Done.");
    let blank = Script::parse("blank.yaml", r#"steps: [ { say: " \n" } ]"#).unwrap();
    assert!(rejection(&Arc::new(blank), &[user("go")]).await.contains("says nothing"));
}

#[tokio::test]
async fn text_arrives_in_pieces_that_make_up_the_whole() {
    let script =
        script(r#"steps: [ { say: "one two three four five six", think: hm, call: { a: {} } } ]"#);
    let deltas: Vec<Delta> =
        deltas(&script, &[user("x")]).await.into_iter().map(Result::unwrap).collect();
    let pieces: Vec<&str> = deltas
        .iter()
        .filter_map(|d| match d {
            Delta::Text { index: 1, text } => Some(text.as_str()),
            _ => None,
        })
        .collect();
    assert!(pieces.len() > 1);
    assert_eq!(pieces.concat(), "one two three four five six");
    let starts = deltas.iter().filter_map(|d| match d {
        Delta::Start { index, .. } => Some(*index),
        _ => None,
    });
    assert_eq!(starts.collect::<Vec<_>>(), [0, 1, 2]);
    assert!(matches!(deltas.last(), Some(Delta::Done(_))));
}

#[tokio::test(start_paused = true)]
async fn a_pause_is_kept_before_and_between_the_pieces() {
    let script = script(r#"steps: [ { say: "a b c d", pause: 20ms } ]"#);
    let start = tokio::time::Instant::now();
    let pieces = deltas(&script, &[user("x")]).await.len() as u32;
    let texts = pieces - 2;
    assert_eq!(start.elapsed(), std::time::Duration::from_millis(20) * (texts + 1));
}

#[tokio::test]
async fn tokens_are_counted_by_length() {
    let script = script("steps: [ { say: abcdefgh } ]");
    let short = ask(&script, &[user("x")]).await.unwrap().usage;
    let long = ask(&script, &[user(&"x".repeat(401))]).await.unwrap().usage;
    assert_eq!(short.output_tokens, 2);
    assert_eq!(long.input_tokens, short.input_tokens + 100);
}

#[tokio::test]
async fn a_request_that_ends_with_an_answer_is_refused() {
    let script = script("steps: [ { say: hello } ]");
    let (messages, _) = play(&script, &[user("hi")]).await;
    assert!(rejection(&script, &messages).await.contains("does not end with a user's turn"));
    assert!(rejection(&script, &[]).await.contains("does not end with a user's turn"));
}

#[test]
fn an_unknown_key_is_refused_with_its_place() {
    let message = refusal("steps:\n  - say: x\n    exspect: y\n");
    assert!(message.starts_with("scripts/t.yaml:3:5: "), "{message}");
    assert!(
        message.contains("exspect") && message.contains("    exspect: y\n        ^"),
        "{message}"
    );
}

#[test]
fn a_bad_expression_is_refused_with_its_place() {
    let message = refusal("steps:\n  - expect: 'a('\n    say: y\n");
    assert!(message.starts_with("scripts/t.yaml:2:13: not a regular expression"), "{message}");
    assert!(refusal("steps: [ { expect: '(a{1000}){1000}', say: x } ]").contains("size limit"));
}

#[test]
fn a_place_that_names_nothing_is_refused() {
    for bad in ["${nobody}", "${2}", "${"] {
        let yaml = format!("steps:\n  - expect: '(a)'\n    say: \"{bad}\"\n");
        assert!(refusal(&yaml).starts_with("scripts/t.yaml:3:10: "), "{bad}: {}", refusal(&yaml));
    }
}

#[test]
fn steps_that_cannot_be_played_are_refused() {
    for (yaml, words) in [
        ("steps: []", "at least one step"),
        ("steps: [ { expect: a } ]", "needs `say`"),
        ("steps: [ { say: a, else: [ { expect: b, say: c } ] } ]", "needs an `expect` beside it"),
        ("steps: [ { expect: a, say: a, else: [ { say: c } ] } ]", "a branch needs an `expect`"),
        ("steps: [ { call: { a: {} }, calls: [ { b: {} } ] } ]", "exclude each other"),
        ("steps: [ { call: { a: {}, b: {} } } ]", "one tool and its input"),
        ("steps: [ { call: { bash: ls } } ]", "must be a mapping"),
        ("steps: [ { say: a, pause: soon } ]", "such as `20ms`"),
        ("steps: [ { say: a, pause: 2h } ]", "at most"),
        (
            "steps: [ { expect: a, say: a, else: [ { expect: b, say: c, else: [] } ] } ]",
            "no branches of its own",
        ),
    ] {
        let message = refusal(yaml);
        assert!(message.contains(words), "{yaml}: {message}");
    }
}

#[test]
fn what_is_too_large_is_refused() {
    let long = format!("steps: [ {{ say: {} }} ]", "x".repeat(SCRIPT_BYTES_MAX));
    assert!(refusal(&long).contains("larger than"));
    let steps = "  - say: x\n".repeat(1_001);
    assert!(refusal(&format!("steps:\n{steps}")).contains("at most 1000 steps"));
    let branches = "{ expect: b, say: c },".repeat(17);
    let yaml = format!("steps: [ {{ expect: a, say: a, else: [ {branches} ] }} ]");
    assert!(refusal(&yaml).contains("at most 16 branches"));
    let calls = "{ a: {} },".repeat(65);
    assert!(refusal(&format!("steps: [ {{ calls: [ {calls} ] }} ]")).contains("at most 64 calls"));
}

#[test]
fn anchors_that_explode_are_refused() {
    let mut yaml = "a: &a [x,x,x,x,x,x,x,x,x,x]\n".to_owned();
    for (name, of) in ["b", "c", "d", "e", "f", "g", "h"].iter().zip("abcdefg".chars()) {
        yaml.push_str(&format!("{name}: &{name} [{}]\n", vec![format!("*{of}"); 10].join(",")));
    }
    let yaml = format!("steps:\n  - call:\n      bash:\n{}", indent(&yaml));
    let message = refusal(&yaml);
    assert!(message.contains("too large or too complex"), "{message}");
}

fn indent(text: &str) -> String {
    text.lines().map(|line| format!("        {line}\n")).collect()
}

/// A conversation played to its end, summed up whenever it is that large, in tokens: how many
/// summaries there were, and the last words.
fn played(compact_at: u64) -> (usize, String) {
    let script = script(
        "steps:\n  - call: { bash: { command: \"date\" } }\n  - expect: 'it is (?P<when>\\w+)'\n    call: { read: { file_path: a } }\n  - expect: 'x+'\n    call: { read: { file_path: b } }\n  - expect: 'x+'\n    say: \"It was ${when}.\"\n",
    );
    let mut messages =
        vec![Message { role: Role::User, content: vec![text_block("What time was it?")] }];
    let (mut summaries, mut answers) = (0, 0);
    loop {
        let size = serde_json::to_string(&messages).unwrap().len() as u64 / 4;
        if size >= compact_at && answers > 0 {
            answers = 0;
            summaries += 1;
            let mut asked = messages.clone();
            let last = asked.last_mut().unwrap();
            last.content.push(text_block(COMPACT_PROMPT));
            let summary = next(&script, &asked).unwrap().say.unwrap();
            let text = format!("{}9 are summed up.]\n\n{summary}", SUMMARY_START);
            messages = vec![Message { role: Role::User, content: vec![text_block(&text)] }];
        }
        let spoken = next(&script, &messages).unwrap();
        answers += 1;
        if let Some(say) = spoken.say {
            return (summaries, say);
        }
        let (name, input) = &spoken.calls[0];
        let id = format!("t{}", messages.len());
        let call = json!({ "type": "tool_use", "id": id, "name": name, "input": input });
        messages.push(Message { role: Role::Assistant, content: vec![call] });
        let result = if name == "bash" { "it is noon".to_owned() } else { "x".repeat(2_000) };
        let result =
            json!({ "type": "tool_result", "tool_use_id": id, "content": [text_block(&result)] });
        messages.push(Message { role: Role::User, content: vec![result] });
    }
}

#[test]
fn a_script_goes_on_across_its_own_summaries() {
    assert_eq!(played(u64::MAX), (0, "It was noon.".to_owned()));
    let (summaries, said) = played(10);
    assert!(summaries >= 2, "{summaries}");
    assert_eq!(said, "It was noon.");
}
