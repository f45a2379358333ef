//! What every tool of a host must do, as a suite that runs against any of them.
//!
//! ```
//! # use planaria_core::port::tool::tool_fn;
//! # use planaria_core::tool::{EffectClass, Outcome, ToolSpec};
//! use planaria_testkit::tool::conformance;
//! use serde_json::json;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! # let spec = ToolSpec::new("echo", "Says it again.", json!({ "type": "object" }));
//! # let echo = tool_fn(spec, EffectClass::Read, |call| async move {
//! #     Outcome::text(call.input.to_string())
//! # });
//! conformance(&echo, json!({ "text": "hello" })).await;
//! # }
//! ```
//! The input is one that the tool understands. It is called a few times: give the suite a tool
//! whose effects do no harm.

use planaria_core::limits::{CALL_DEADLINE_MAX, RECORD_BYTES_MAX};
use planaria_core::port::tool::{Tool, ToolCall};
use planaria_core::tool::{Outcome, READ_LOG, builtin};
use planaria_core::{EventId, SessionId};
use serde_json::{Value, json};

/// Runs the suite.
///
/// # Panics
/// On the first thing that the tool does otherwise.
pub async fn conformance(tool: &dyn Tool, input: Value) {
    declaration(tool);
    let outcome = call(tool, 1, &input).await;
    assert!(!outcome.is_error, "an input that it understands fails: {outcome:?}");
    well_formed(&outcome);
    // The model may pass anything; that is an outcome, not a panic.
    for odd in [json!({}), json!({ "nobody": [1, null] }), json!({ "text": 7 })] {
        well_formed(&call(tool, 2, &odd).await);
    }
    // A call that is given up before it has begun leaves the tool usable.
    drop(tool.call(ToolCall::new(SessionId(1), EventId(3), input.clone())));
    well_formed(&call(tool, 4, &input).await);
    if tool.class().may_rerun() {
        let again = call(tool, 1, &input).await;
        assert!(!again.is_error, "it may be run again by its class, and fails: {again:?}");
    }
}

fn declaration(tool: &dyn Tool) {
    let spec = tool.spec();
    let good = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let name = &spec.name;
    assert!((1..=128).contains(&name.len()) && name.chars().all(good), "`{name}` is no name");
    let taken = builtin(name).is_some() || name == READ_LOG.name || name.starts_with("mcp__");
    assert!(!taken, "the name `{name}` is taken");
    assert!(!spec.description.trim().is_empty(), "`{name}` does not say what it does");
    assert_eq!(spec.input_schema["type"], "object", "the input of `{name}` is no object");
    assert_eq!((spec, tool.class()), (tool.spec(), tool.class()), "it changes what it says it is");
    let deadline = tool.deadline();
    assert!((1..=CALL_DEADLINE_MAX).contains(&deadline), "a deadline of {deadline} µs");
}

async fn call(tool: &dyn Tool, id: u128, input: &Value) -> Outcome {
    tool.call(ToolCall::new(SessionId(1), EventId(id), input.clone())).await
}

/// Content blocks that the model's API takes, and that fit into a record.
fn well_formed(outcome: &Outcome) {
    for block in &outcome.content {
        let kind = block["type"].as_str().unwrap_or_default();
        let known = ["text", "image", "document", "search_result"].contains(&kind);
        assert!(known, "a result of a tool cannot show {block}");
        assert!(kind != "text" || block["text"].is_string(), "a text without text: {block}");
    }
    let bytes = serde_json::to_vec(outcome).expect("outcomes are JSON").len();
    assert!(bytes < RECORD_BYTES_MAX, "a result of {bytes} bytes does not fit into a record");
}

#[cfg(test)]
mod tests {
    use std::panic::AssertUnwindSafe;

    use futures_util::FutureExt;
    use planaria_core::port::tool::tool_fn;
    use planaria_core::tool::{EffectClass, ToolSpec};

    use super::*;

    fn spec(name: &str) -> ToolSpec {
        ToolSpec::new(name, "A test's.", json!({ "type": "object" }))
    }

    async fn refusal(tool: &dyn Tool) -> String {
        let run = AssertUnwindSafe(conformance(tool, json!({ "text": "x" }))).catch_unwind();
        let panic = run.await.expect_err("the suite refuses it");
        panic.downcast_ref::<String>().cloned().unwrap_or_default()
    }

    #[tokio::test]
    async fn a_tool_that_takes_the_name_of_a_built_in_one_is_refused() {
        let tool = tool_fn(spec("bash"), EffectClass::Read, |_| async { Outcome::text("x") });
        assert!(refusal(&tool).await.contains("is taken"));
    }

    #[tokio::test]
    async fn a_tool_that_panics_on_what_a_model_may_pass_is_refused() {
        let tool = tool_fn(spec("picky"), EffectClass::Read, |call| async move {
            let Some(text) = call.input["text"].as_str() else { panic!("a text was expected") };
            Outcome::text(text)
        });
        let run = AssertUnwindSafe(conformance(&tool, json!({ "text": "x" }))).catch_unwind();
        let panic = run.await.expect_err("the suite refuses it");
        assert_eq!(panic.downcast_ref::<&str>(), Some(&"a text was expected"));
    }

    #[tokio::test]
    async fn a_tool_whose_result_does_not_fit_is_refused() {
        let tool = tool_fn(spec("much"), EffectClass::Read, |_| async {
            Outcome::text("x".repeat(RECORD_BYTES_MAX))
        });
        assert!(refusal(&tool).await.contains("does not fit"));
    }
}
