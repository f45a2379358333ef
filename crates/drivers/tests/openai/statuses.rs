//! Refusals, in the words of many servers.

use planaria_core::port::provider::Error;
use planaria_testkit::provider::Reply;
use serde_json::{Value, json};

use super::support::{error, outcome};

async fn refused(reply: Reply) -> Error {
    outcome(reply).await.expect_err("no answer comes with such a status")
}

#[tokio::test]
async fn an_empty_account_is_no_rate_limit() {
    let body = error("insufficient_quota", json!("insufficient_quota"), "You exceeded your quota.");
    let error = refused(Reply::json(429, &body).header("x-request-id", "req_7")).await;
    assert!(!error.is_retryable());
    assert_eq!(
        error.to_string(),
        "the model endpoint refused for billing reasons: 429: You exceeded your quota. \
         (insufficient_quota, request req_7)"
    );
}

#[tokio::test]
async fn every_servers_way_to_say_that_a_request_is_too_long_is_understood() {
    let vllm = "This model's maximum context length is 4096 tokens. However, you requested 9000.";
    let llama = "request (4390 tokens) exceeds the available context size (4096 tokens)";
    let cases: [(u16, Value); 6] = [
        (400, error("invalid_request_error", json!("context_length_exceeded"), "Too long.")),
        (
            400,
            json!({ "object": "error", "type": "BadRequestError", "code": 400, "message": vllm }),
        ),
        (
            400,
            json!({ "error": { "code": 400, "type": "exceed_context_size_error", "message": llama } }),
        ),
        (500, json!({ "error": { "code": 500, "type": "server_error", "message": llama } })),
        (400, json!({ "error": vllm })),
        (413, json!({ "detail": "Payload too large" })),
    ];
    for (status, body) in cases {
        let error = refused(Reply::json(status, &body)).await;
        assert!(matches!(error, Error::TooLong { .. }), "{body}: {error:?}");
        assert!(!error.is_retryable());
        assert_eq!(error.event_type(), "model_request_failed_error");
    }
}

#[tokio::test]
async fn a_model_that_is_not_there_points_at_base_url_and_the_model() {
    let body = error("invalid_request_error", json!("model_not_found"), "No such model.");
    let error = refused(Reply::json(404, &body)).await;
    assert!(matches!(error, Error::Rejected { .. }), "{error:?}");
    let text = error.to_string();
    assert!(
        text.contains("/v1/chat/completions (check base_url and the model): No such"),
        "{text}"
    );
    assert!(text.ends_with("(invalid_request_error, model_not_found)"), "{text}");
}

type Headers = [(&'static str, &'static str)];

#[tokio::test]
async fn a_rate_limit_tells_when_its_budget_is_full_again() {
    let cases: &[(&Headers, Option<u64>)] = &[
        (&[("retry-after", "3")], Some(3_000_000)),
        (&[("retry-after-ms", "350"), ("retry-after", "1")], Some(350_000)),
        (
            &[
                ("x-ratelimit-remaining-requests", "0"),
                ("x-ratelimit-reset-requests", "1m1s"),
                ("x-ratelimit-remaining-tokens", "99"),
                ("x-ratelimit-reset-tokens", "2h"),
            ],
            Some(61_000_000),
        ),
        (&[], None),
    ];
    for (headers, expected) in cases {
        let with = |status| {
            headers
                .iter()
                .fold(Reply::status(status), |reply, (name, value)| reply.header(name, value))
        };
        assert_eq!(refused(with(429)).await.retry_after(), *expected, "{headers:?}");
    }
    let overloaded = Reply::status(503).header("x-ratelimit-reset-tokens", "2h");
    assert_eq!(refused(overloaded).await.retry_after(), None, "it is not about the budget");
}

#[tokio::test]
async fn what_the_endpoint_says_about_asking_again_counts() {
    let told = |status, told| Reply::status(status).header("x-should-retry", told);
    assert!(!refused(told(503, "false")).await.is_retryable());
    assert!(refused(told(400, "true")).await.is_retryable());
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let reply = Reply::status(307).header("location", "https://elsewhere.example/v1");
    let text = refused(reply).await.to_string();
    assert!(text.contains("`https://elsewhere.example/v1`; set base_url"), "{text}");
}
