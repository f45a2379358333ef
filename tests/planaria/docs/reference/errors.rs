//! errors.md, from the list of `session.error` and the sources of the library's errors.

use planaria_core::event::SESSION_ERRORS;

use super::rustdoc::{members, message};
use super::{hold, table};
use crate::docs::page;

/// The library's errors: heading, what it is, file, name.
const TYPES: &[(&str, &str, &str, &str)] = &[
    (
        "Calls to a session",
        "`planaria::Error`: why a call of `Runtime` did not succeed.",
        "crates/runtime/src/error.rs",
        "Error",
    ),
    (
        "Refusals",
        "`planaria::session::Rejection`: why a session refuses a command. Nothing was recorded.",
        "crates/core/src/session/command.rs",
        "Rejection",
    ),
    ("The end of a runtime", "`planaria::End`.", "crates/runtime/src/error.rs", "End"),
    (
        "Starting",
        "`planaria::supervisor::StartError`: why a runtime, or a child of it, could not be started.",
        "crates/supervisor/src/error.rs",
        "StartError",
    ),
    (
        "Stores",
        "`planaria::port::store::Error`. A store that has failed is opened anew, never retried.",
        "crates/core/src/port/store.rs",
        "Error",
    ),
    (
        "Refused appends",
        "`planaria::port::store::Refusal`: why one transaction was not written; the others of its group were.",
        "crates/core/src/port/store.rs",
        "Refusal",
    ),
    (
        "Model providers",
        "`planaria::port::provider::Error`; `is_retryable()` says whether the same request may succeed later.",
        "crates/core/src/port/provider.rs",
        "Error",
    ),
    (
        "Sandboxes",
        "`planaria::port::sandbox::Error`; `is_retryable()` says whether the same call may succeed later.",
        "crates/core/src/port/sandbox.rs",
        "Error",
    ),
];

#[test]
fn the_page_of_errors_holds_every_type_and_what_to_do() {
    let mut body = "# Errors\n\nWhat a session reports, what the library returns, and what a command \
                    ends with: [exit codes](exit-codes.md).\n\n## In a session's events\n\n\
                    `session.error` has `error.type`, `error.message` and `error.retry_status.type`. \
                    `retrying`: it is tried again without you. `exhausted`: the turn is over, the session \
                    takes a new message. `terminal`: the session ends.\n\n"
        .to_owned();
    let rows = SESSION_ERRORS.iter().map(|error| {
        vec![format!("`{}`", error.name), error.meaning.to_owned(), error.mend.to_owned()]
    });
    body.push_str(&table(&["type", "what happened", "what to do"], rows));
    body.push_str("\n## In the library\n");
    for (heading, about, path, name) in TYPES {
        let variants = members(&page(path), "enum", name);
        assert!(!variants.is_empty(), "{path} has no {name}");
        let rows = variants.iter().map(|variant| {
            let text = message(variant).map_or_else(
                || "that of what caused it".to_owned(),
                |text| match text.as_str() {
                    "{0}" => "in words".to_owned(),
                    text if text.contains('`') => format!("`` {text} ``"),
                    text => format!("`{text}`"),
                },
            );
            vec![format!("`{}`", variant.name), text, variant.doc.clone()]
        });
        let rows = table(&["variant", "message", "meaning"], rows);
        body.push_str(&format!("\n### {heading}\n\n{about}\n\n{rows}"));
    }
    hold("errors.md", "`SESSION_ERRORS` and the error types of the crates", &body);
}
