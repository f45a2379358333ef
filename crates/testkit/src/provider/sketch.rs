//! What a provider yields, in a form that a test can compare at a glance.

use planaria_core::port::provider::{Delta, Error};

/// One line for each item of a provider's stream: `0 Text` for a block that begins, `0 "Hel"` for
/// more of its text, `…` for progress, `11 in, 42 out` for tokens, `done`, or the error.
pub fn sketch(items: &[Result<Delta, Error>]) -> Vec<String> {
    let line = |item: &Result<Delta, Error>| match item {
        Ok(Delta::Start { index, kind }) => format!("{index} {kind:?}"),
        Ok(Delta::Text { index, text }) => format!("{index} {text:?}"),
        Ok(Delta::Progress) => "…".to_owned(),
        Ok(Delta::Used(usage)) => format!("{} in, {} out", usage.input_tokens, usage.output_tokens),
        Ok(Delta::Done(_)) => "done".to_owned(),
        Ok(other) => format!("{other:?}"),
        Err(error) => error.to_string(),
    };
    items.iter().map(line).collect()
}
