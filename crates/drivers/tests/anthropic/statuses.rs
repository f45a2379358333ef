//! Every status has its class, and the endpoint's own words.

use planaria_core::port::provider::Error;
use planaria_testkit::provider::{End, Reply};
use serde_json::json;

use super::support::outcome;

async fn error(reply: Reply) -> Error {
    outcome(reply).await.expect_err("no answer comes with such a status")
}

fn class(error: &Error) -> &'static str {
    match error {
        Error::Overloaded { .. } => "overloaded",
        Error::RateLimited { .. } => "rate limited",
        Error::Unavailable { .. } => "unavailable",
        Error::Rejected { .. } => "rejected",
        Error::Unauthorized { .. } => "unauthorized",
        Error::Billing { .. } => "billing",
        Error::TooLong { .. } => "too long",
        _ => "unknown",
    }
}

#[tokio::test]
async fn every_status_has_its_class() {
    let table: &[(&str, &[u16])] = &[
        ("rejected", &[400, 404, 405, 410, 414, 415, 418, 422, 451, 499]),
        ("too long", &[413]),
        ("unauthorized", &[401, 403]),
        ("billing", &[402]),
        ("unavailable", &[408, 409, 425, 500, 501, 502, 504, 520, 524, 598]),
        ("rate limited", &[429]),
        ("overloaded", &[503, 529]),
        ("rejected", &[301, 302, 303, 307, 308]),
        ("unavailable", &[200, 201, 202]),
    ];
    for (expected, statuses) in table {
        for status in *statuses {
            let body =
                json!({ "type": "error", "error": { "type": "x_error", "message": "Why." } });
            let error = error(Reply::json(*status, &body)).await;
            assert_eq!(class(&error), *expected, "{status}: {error}");
            assert!(error.to_string().contains(&status.to_string()), "{error}");
        }
    }
}

#[tokio::test]
async fn the_endpoints_words_its_type_and_the_request_are_told() {
    let body = json!({ "type": "error", "error": { "type": "invalid_request_error",
        "message": "messages.0: all messages must have content" } });
    let error = error(Reply::json(400, &body).header("request-id", "req_011")).await;
    assert_eq!(
        error.to_string(),
        "the model provider refused the request: 400: messages.0: all messages must have content \
         (invalid_request_error, request req_011)"
    );
}

#[tokio::test]
async fn a_proxys_page_is_quoted_on_one_line_and_bounded() {
    let page = format!("<html>\n  <h1>Bad Gateway</h1>\n{}</html>", "ü".repeat(200_000));
    let error = error(Reply::status(502).header("content-type", "text/html").body(page)).await;
    let Error::Unavailable { message } = error else { panic!("{error}") };
    assert!(message.starts_with("502: <html> <h1>Bad Gateway</h1> üüü"), "{message}");
    assert_eq!(message.chars().count(), 1_001, "a thousand characters and a sign that more came");
}

#[tokio::test]
async fn a_refusal_without_words_gets_those_of_its_status() {
    let error = error(Reply::status(500)).await;
    assert_eq!(error.to_string(), "the model endpoint failed: 500: Internal Server Error");
}

#[tokio::test]
async fn a_refusal_whose_body_breaks_off_keeps_its_class() {
    let cut = Reply::status(529).body("{\"type\":\"error\",\"err").ending(End::Closed);
    assert_eq!(class(&error(cut).await), "overloaded");
    let reset = Reply::status(429).header("retry-after", "3").ending(End::Reset);
    assert_eq!(error(reset).await.retry_after(), Some(3_000_000));
}

#[tokio::test]
async fn the_wait_that_the_endpoint_asks_for_is_told() {
    let date = "Sun, 06 Nov 1994 08:49:37 GMT";
    let later = "Sun, 06 Nov 1994 08:50:07 GMT";
    let cases = [
        (429, "retry-after", "12", Some(12_000_000)),
        (529, "retry-after", "12", Some(12_000_000)),
        (503, "retry-after", later, Some(30_000_000)),
        (429, "retry-after-ms", "350", Some(350_000)),
        (429, "retry-after", "soon", None),
        (500, "retry-after", "12", None),
    ];
    for (status, name, value, expected) in cases {
        let error = error(Reply::status(status).header("date", date).header(name, value)).await;
        assert_eq!(error.retry_after(), expected, "{status} {name}: {value}");
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed_and_says_where_it_led() {
    let reply = Reply::status(308).header("location", "https://elsewhere.example/v1/messages");
    let text = error(reply).await.to_string();
    assert!(text.contains("`https://elsewhere.example/v1/messages`; set base_url"), "{text}");
}

#[tokio::test]
async fn a_path_that_is_not_there_points_at_base_url() {
    let text = error(Reply::status(404)).await.to_string();
    assert!(text.contains("/v1/messages (check base_url and the model): Not Found"), "{text}");
}

#[tokio::test]
async fn a_request_that_is_too_long_is_told_in_the_endpoints_words() {
    let words = [
        ("invalid_request_error", "prompt is too long: 210000 tokens > 200000 maximum"),
        (
            "invalid_request_error",
            "input length and `max_tokens` exceed context limit: 199000 + 20000 > 200000",
        ),
        ("request_too_large", "Request exceeds the maximum size"),
    ];
    for (kind, words) in words {
        let body = json!({ "type": "error", "error": { "type": kind, "message": words } });
        let error = error(Reply::json(400, &body)).await;
        assert!(!error.is_retryable());
        let expected = format!("the request is too long for the model: 400: {words} ({kind})");
        assert_eq!(error.to_string(), expected);
    }
}

#[tokio::test]
async fn what_the_endpoint_says_about_asking_again_counts_more_than_its_status() {
    let cases = [
        (529, "false", "rejected"),
        (429, "false", "rejected"),
        (500, "false", "rejected"),
        (400, "true", "unavailable"),
        (529, "true", "overloaded"),
        (401, "true", "unauthorized"),
        (402, "true", "billing"),
        (500, "perhaps", "unavailable"),
    ];
    for (status, told, expected) in cases {
        let error = error(Reply::status(status).header("x-should-retry", told)).await;
        assert_eq!(class(&error), expected, "{status} {told}");
    }
}
