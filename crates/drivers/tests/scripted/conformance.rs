//! The port's own suite, as far as a script can be told to behave like an endpoint.

use std::sync::Arc;

use planaria_core::model::StopReason;
use planaria_drivers::model::{Script, Scripted};
use planaria_testkit::provider::conformance;
use planaria_testkit::provider::conformance::{Case, Rig, Said};
use serde_json::{Map, Value, json};

#[tokio::test(start_paused = true)]
async fn the_port_is_kept() {
    let skipped = conformance(|case| async move {
        let yaml = json!({ "steps": [step(&case)?] }).to_string();
        let script = Script::parse("suite.yaml", &yaml).unwrap_or_else(|error| panic!("{error}"));
        Some(Rig::new(Arc::new(Scripted::new(Arc::new(script)))))
    })
    .await;
    // A script has one text, says something, and fails in one way only.
    assert_eq!(
        skipped,
        [
            "two_texts_stay_apart",
            "text_is_previewed_before_the_answer_is_there",
            "an_answer_may_be_empty",
            "input_that_is_not_an_object_is_data_and_no_error",
            "the_reason_to_stop_is_told",
            "a_refusal_is_told_with_its_explanation",
            "the_category_of_a_refusal_is_told",
            "every_failure_has_its_class",
            "a_failure_in_mid_stream_ends_it",
            "an_answer_that_breaks_off_is_broken",
            "what_a_broken_answer_has_used_is_told",
            "a_request_that_is_dropped_is_given_up",
        ]
    );
}

/// The step that answers like this; `None` where no step can.
fn step(case: &Case) -> Option<Value> {
    let Case::Answers { said, stop } = case else { return None };
    let mut step = Map::new();
    let mut calls = Vec::new();
    for said in said {
        match said {
            Said::Thinking(text) if step.is_empty() => {
                step.insert("think".to_owned(), json!(text));
            }
            Said::Text(pieces) if !step.contains_key("say") && calls.is_empty() => {
                step.insert("say".to_owned(), json!(pieces.concat()));
            }
            Said::Call { name, input } => {
                let input = match input.concat().as_str() {
                    "" => json!({}),
                    text => serde_json::from_str(text).ok().filter(Value::is_object)?,
                };
                calls.push(json!({ name.as_str(): input }));
            }
            _ => return None,
        }
    }
    let expected = if calls.is_empty() { StopReason::EndTurn } else { StopReason::ToolUse };
    if !calls.is_empty() {
        step.insert("calls".to_owned(), json!(calls));
    }
    step.insert("pause".to_owned(), json!("20ms"));
    let speaks = step.contains_key("say") || step.contains_key("calls");
    (speaks && *stop == expected).then_some(Value::Object(step))
}
