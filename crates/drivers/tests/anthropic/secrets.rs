//! The key shows nowhere, whatever an endpoint does with it.

use futures_util::StreamExt;
use planaria_core::port::provider::{Error, Provider};
use planaria_drivers::model::{Anthropic, AnthropicOptions};
use planaria_testkit::provider::{FakeEndpoint, Reply};
use serde_json::json;

use super::support::{KEY, message_start, options, outcome, provider, sse};

#[tokio::test]
async fn debug_does_not_show_it() {
    let endpoint = FakeEndpoint::start().await;
    let texts = [format!("{:?}", options(&endpoint)), format!("{:#?}", provider(&endpoint))];
    for text in texts {
        assert!(!text.contains(KEY), "{text}");
        assert!(text.contains("http://127.0.0.1:"), "{text}");
    }
}

#[test]
fn debug_shows_no_credentials_that_a_url_has_by_mistake() {
    let options = AnthropicOptions::new(KEY).at("https://user:s3cret@api.example");
    assert!(!format!("{options:?}").contains("s3cret"), "{options:?}");
}

#[tokio::test]
async fn an_endpoint_that_echoes_it_is_not_quoted() {
    let words = format!("invalid x-api-key: {KEY}, {KEY}!");
    let body =
        json!({ "type": "error", "error": { "type": "authentication_error", "message": words } });
    let begun = sse(&[message_start()]);
    let padding = "x".repeat(981);
    let replies = [
        Reply::json(401, &body),
        Reply::json(400, &json!({ "type": "error", "error": { "type": KEY, "message": "" } })),
        Reply::status(500).body(words.clone()),
        // Where the bound of a message would leave more than a dozen letters of the key.
        Reply::status(500).body(format!("{padding}{KEY}")),
        Reply::status(500).header("request-id", KEY),
        Reply::status(302).header("location", &format!("https://x.example/?key={KEY}")),
        Reply::status(200).header("content-type", "text/html").body(words.clone()),
        Reply::status(200).header("content-type", KEY),
        Reply::sse(format!("{begun}{}", sse(&[body]))),
        Reply::sse(format!("{begun}data: {{\"type\": {{\"{KEY}\": 1}}}}\n\n")),
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
    let error = outcome(Reply::status(500).body(words)).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the model endpoint failed: 500: invalid x-api-key: [key], [key]!"
    );
}

#[test]
fn a_key_that_cannot_be_sent_is_refused_without_being_shown() {
    let cases = [
        ("", "is empty"),
        ("sk-secret\n", "has a line break at position 10"),
        ("sk-secret\r\nx-other: 1", "has a line break at position 10"),
        (" sk-secret", "has white space at position 1"),
        ("sk-secret\u{0}", "has a control character at position 10"),
        ("sk-sécret", "has a character that is not ASCII at position 5"),
    ];
    for (key, problem) in cases {
        let error = Anthropic::new(&AnthropicOptions::new(key)).expect_err("such a key is no use");
        let text = format!("{error} {error:?}");
        assert!(text.starts_with(&format!("the API key {problem}; ")), "{text}");
        assert!(!text.contains("cret"), "{text}");
    }
}

#[tokio::test]
async fn an_endpoint_that_is_not_there_is_named_and_the_key_is_not() {
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    // Bound and not listening: whoever connects is refused, and nobody else gets the port.
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let base = format!("http://{}", socket.local_addr().unwrap());
    let provider = Anthropic::new(&AnthropicOptions::new(KEY).at(base.as_str())).unwrap();
    let items: Vec<_> = provider.answer(super::support::question()).collect().await;
    let [Err(Error::Unavailable { message })] = &items[..] else { panic!("{items:?}") };
    assert!(message.starts_with(&format!("cannot connect to `{base}`: ")), "{message}");
    assert!(message.contains("Connection refused"), "{message}");
    assert!(message.ends_with("; check base_url and the network"), "{message}");
}
