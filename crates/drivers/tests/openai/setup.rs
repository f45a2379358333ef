//! Options are checked before anything is sent.

use planaria_core::port::provider::Provider;
use planaria_drivers::model::{OpenAi, OpenAiOptions};

fn problem(base_url: &str) -> String {
    let made = OpenAi::new(&OpenAiOptions::new(base_url));
    made.expect_err("such a URL is no use").to_string()
}

#[test]
fn a_server_on_this_machine_needs_nothing_but_its_url() {
    for base in ["http://localhost:11434/v1", "http://127.0.0.1:8080", "http://[::1]:1234/v1/"] {
        let provider = OpenAi::new(&OpenAiOptions::new(base)).expect(base);
        assert_eq!(provider.name(), "openai");
    }
    let named = OpenAiOptions::new("http://localhost:8000/v1").named("vllm");
    assert_eq!(OpenAi::new(&named).expect("usable options").name(), "vllm");
}

#[test]
fn a_url_that_cannot_be_used_says_why() {
    let cases = [
        ("", "base_url ``: is not a URL"),
        ("localhost:11434/v1", "base_url `localhost:11434/v1`: has a scheme that is neither"),
        ("https://api.example/v1?a=1", "base_url `https://api.example/v1?a=1`: has a query"),
        (
            "https://api.example/v1/chat/completions/",
            "base_url `https://api.example/v1/chat/completions`: ends with /chat/completions",
        ),
        ("http://10.0.0.1/v1", "base_url `http://10.0.0.1/v1`: would send the conversation"),
    ];
    for (base_url, expected) in cases {
        let text = problem(base_url);
        assert!(text.starts_with(expected), "{text}");
    }
    assert!(!problem("https://user:s3cret@api.example").contains("s3cret"));
}
