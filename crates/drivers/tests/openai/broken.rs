//! Streams that are no answer: an error that says where, and of the right class.

use planaria_core::model::Usage;
use planaria_core::port::provider::{Delta, Error};
use planaria_testkit::provider::{End, Reply};
use serde_json::{Value, json};

use super::support::{
    DONE, broken, call_piece, error, finish, items, outcome, role, sse, text, used,
};

#[tokio::test]
async fn an_answer_without_a_reason_to_stop_is_broken() {
    let due = "the stream ended before a finish_reason";
    assert_eq!(broken("").await, format!("before the first event: {due}"));
    let begun = sse(&[role(), text("Hal")]);
    assert_eq!(broken(begun.clone()).await, format!("at event 2 (message): {due}"));
    assert_eq!(broken(begun + DONE).await, format!("at event 3 (message): {due}"));
}

#[tokio::test]
async fn garbage_is_not_an_answer() {
    let start = sse(&[role()]);
    let garbage = [
        ("<html>\n\n".to_owned(), "before the first event"),
        (format!("{start}lost in the wire\n\n"), "at event 1 (message)"),
        (format!("{start}data: {{\"choices\":\n\n"), "at event 2 (message)"),
        (format!("{start}data: not JSON\n\n"), "at event 2 (message)"),
        (format!("{start}data: {{\"choices\": 7}}\n\n"), "at event 2 (message)"),
        (format!("{start}data: \"text\"\n\n"), "at event 2 (message)"),
    ];
    for (body, place) in garbage {
        let message = broken(body.clone()).await;
        assert!(message.starts_with(place), "{body:?}: {message}");
    }
}

#[tokio::test]
async fn an_answer_of_calls_without_end_is_cut_off() {
    let call = |index: u64| {
        call_piece(json!({ "index": index, "id": index.to_string(), "function": { "name": "t" } }))
    };
    let chunks: Vec<Value> = (0..2_000).map(call).collect();
    let message = broken(sse(&chunks)).await;
    assert_eq!(message, "at event 1025 (message): the answer has more than 1024 blocks");
}

/// Whether an error has the class that it should.
type Judge = fn(&Error) -> bool;

#[tokio::test]
async fn an_error_in_a_stream_has_the_class_of_its_name_or_its_number() {
    let of = |kind: &str, code: Value| error(kind, code, "In words");
    let cases: [(Value, Judge); 11] = [
        (of("overloaded_error", Value::Null), |e| matches!(e, Error::Overloaded { .. })),
        (of("requests", json!("rate_limit_exceeded")), |e| matches!(e, Error::RateLimited { .. })),
        (of("insufficient_quota", json!(429)), |e| matches!(e, Error::Billing { .. })),
        (of("server_error", Value::Null), |e| matches!(e, Error::Unavailable { .. })),
        (of("x", json!("context_length_exceeded")), |e| matches!(e, Error::TooLong { .. })),
        (of("BadRequestError", json!(400)), |e| matches!(e, Error::Rejected { .. })),
        (of("", json!(502)), |e| matches!(e, Error::Unavailable { .. })),
        (of("", json!(401)), |e| matches!(e, Error::Unauthorized { .. })),
        (json!({ "error": "In words" }), |e| matches!(e, Error::Unavailable { .. })),
        (json!({ "object": "error", "message": "In words", "type": "BadRequestError" }), |e| {
            matches!(e, Error::Rejected { .. })
        }),
        (
            json!({ "error": { "code": 429, "message": "In words" }, "choices": [
                { "index": 0, "delta": { "content": "" }, "finish_reason": "error" }] }),
            |e| matches!(e, Error::RateLimited { .. }),
        ),
    ];
    for (event, is) in cases {
        let begun = sse(&[role(), text("Hal"), event.clone()]);
        let error = outcome(Reply::sse(begun + DONE)).await.unwrap_err();
        assert!(is(&error), "{event}: {error:?}");
        assert!(error.to_string().contains("In words ("), "{error}");
        assert!(error.to_string().ends_with("in mid-stream)"), "{error}");
    }
}

#[tokio::test]
async fn a_reason_to_stop_that_is_a_failure_is_one() {
    let failed = outcome(Reply::sse(sse(&[text("Hal"), finish("error")]) + DONE)).await;
    assert!(matches!(failed, Err(Error::Unavailable { .. })), "{failed:?}");
    let busy = finish("insufficient_system_resource");
    let failed = outcome(Reply::sse(sse(&[text("Hal"), busy]) + DONE)).await;
    assert!(matches!(failed, Err(Error::Overloaded { .. })), "{failed:?}");
}

#[tokio::test]
async fn a_document_with_status_200_is_an_error_of_its_class_or_no_answer() {
    let failed = error("", json!(429), "Slow down.");
    let error = outcome(Reply::json(200, &failed)).await.unwrap_err();
    assert!(matches!(error, Error::RateLimited { .. }), "{error:?}");
    let whole = json!({ "object": "chat.completion", "choices": [] });
    let error = outcome(Reply::json(200, &whole)).await.unwrap_err();
    let Error::Broken { message } = error else { panic!("{error:?}") };
    assert!(message.contains("where an event stream was promised"), "{message}");
}

#[tokio::test]
async fn what_a_broken_answer_has_used_is_told_before_the_error() {
    let usage = Usage { input_tokens: 9, output_tokens: 2, ..Usage::default() };
    let body = sse(&[role(), text("Hal"), used(&usage)]);
    let items = items(Reply::sse(body).ending(End::Reset)).await;
    let [.., Ok(Delta::Used(told)), Err(Error::Broken { .. })] = &items[..] else {
        panic!("{items:?}")
    };
    assert_eq!(*told, usage);
}
