//! The key shows nowhere, whatever an endpoint does with it.

use planaria_drivers::model::{OpenAi, OpenAiOptions};
use planaria_testkit::provider::{FakeEndpoint, Reply};
use serde_json::{Value, json};

use super::support::{KEY, error, options, outcome, provider, role, sse};

#[tokio::test]
async fn debug_does_not_show_it() {
    let endpoint = FakeEndpoint::start().await;
    let texts = [format!("{:?}", options(&endpoint)), format!("{:#?}", provider(&endpoint))];
    for text in texts {
        assert!(!text.contains(KEY), "{text}");
        assert!(text.contains("http://127.0.0.1:"), "{text}");
    }
    let options = OpenAiOptions::new("https://user:s3cret@api.example").key(KEY);
    assert!(!format!("{options:?}").contains("s3cret"), "{options:?}");
}

#[tokio::test]
async fn an_endpoint_that_echoes_it_is_not_quoted() {
    let words = format!("Incorrect API key provided: {KEY}, Bearer {KEY}.");
    let begun = sse(&[role()]);
    let refusal = error("invalid_request_error", json!("invalid_api_key"), &words);
    let replies = [
        Reply::json(401, &refusal),
        Reply::json(200, &refusal),
        Reply::json(400, &error(KEY, json!(KEY), "")),
        Reply::json(400, &json!({ "error": words.clone() })),
        Reply::json(422, &json!({ "detail": [{ "input": words.clone() }] })),
        // Where the bound of a message would leave more than a dozen letters of the key.
        Reply::status(500).body(format!("{}{KEY}", "x".repeat(981))),
        Reply::status(500).header("x-request-id", KEY),
        Reply::status(302).header("location", &format!("https://x.example/?key={KEY}")),
        Reply::sse(format!("{begun}{}", sse(std::slice::from_ref(&refusal)))),
        Reply::sse(format!("{begun}{}", sse(&[error(KEY, Value::Null, &words)]))),
        Reply::sse(format!("{begun}data: \"{KEY}\"\n\n")),
        Reply::sse(format!("{begun}{KEY}\n\n")),
        Reply::raw(format!("HTTP/1.1 {KEY}\r\n\r\n")),
    ];
    for reply in replies {
        let error = outcome(reply.clone()).await.expect_err("none of these is an answer");
        for text in [error.to_string(), format!("{error:?}")] {
            assert!(!text.contains(&KEY[..12]), "{text} for {reply:?}");
        }
    }
}

#[test]
fn a_key_that_cannot_be_sent_is_refused_without_being_shown() {
    for (key, problem) in [("", "is empty"), ("sk-secret\n", "has a line break at position 10")] {
        let options = OpenAiOptions::new("https://api.example/v1").key(key);
        let error = OpenAi::new(&options).expect_err("such a key is no use");
        let text = format!("{error} {error:?}");
        assert!(text.starts_with(&format!("the API key {problem}; ")), "{text}");
        assert!(!text.contains("cret"), "{text}");
    }
}
