//! Options are checked before anything is sent.

use planaria_core::port::provider::Provider;
use planaria_drivers::model::{Anthropic, AnthropicOptions};

use super::support::KEY;

fn problem(base_url: &str) -> String {
    let made = Anthropic::new(&AnthropicOptions::new(KEY).at(base_url));
    made.expect_err("such a URL is no use").to_string()
}

#[test]
fn the_usual_endpoint_needs_nothing_but_a_key() {
    let options = AnthropicOptions::new(KEY);
    assert_eq!(options.base_url, "https://api.anthropic.com");
    let provider = Anthropic::new(&options).expect("this machine has certificates");
    assert_eq!(provider.name(), "anthropic");
    let other = Anthropic::new(&options.named("gateway")).expect("a name changes nothing else");
    assert_eq!(other.name(), "gateway");
}

#[test]
fn a_url_that_cannot_be_used_says_why() {
    let cases = [
        ("", "base_url ``: is not a URL"),
        ("api.anthropic.com", "base_url `api.anthropic.com`: is not a URL"),
        ("ftp://api.example", "base_url `ftp://api.example`: has a scheme that is neither"),
        ("https://api.example?a=1", "base_url `https://api.example?a=1`: has a query"),
        ("https://api.example#x", "base_url `https://api.example#x`: has a query or a fragment"),
        ("https://api.example/v1/", "base_url `https://api.example/v1`: ends with /v1"),
        (
            "http://api.example",
            "base_url `http://api.example`: would send the conversation and the key unencrypted",
        ),
    ];
    for (base_url, expected) in cases {
        let text = problem(base_url);
        assert!(text.starts_with(expected), "{text}");
    }
}

#[test]
fn credentials_in_a_url_are_refused_and_not_shown() {
    for url in
        ["https://user:s3cret@api.example", "https://s3cret@api.example", "s3cret@:/nonsense"]
    {
        let text = problem(url);
        assert!(!text.contains("s3cret"), "{text}");
    }
}

#[test]
fn plain_http_is_for_this_machine_or_on_demand() {
    for host in ["localhost:80", "127.0.0.1", "127.9.9.9:1", "[::1]:8080", "model.localhost"] {
        let options = AnthropicOptions::new(KEY).at(format!("http://{host}"));
        assert!(Anthropic::new(&options).is_ok(), "{host}");
    }
    for host in ["localhost.example", "127.0.0.1.example", "10.0.0.1", "[fe80::1]"] {
        assert!(problem(&format!("http://{host}")).contains("unencrypted"), "{host}");
    }
    let mut options = AnthropicOptions::new(KEY).at("http://gateway.internal");
    options.allow_http = true;
    assert!(Anthropic::new(&options).is_ok());
}
