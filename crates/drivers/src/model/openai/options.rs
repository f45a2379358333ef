//! Where the endpoint is and how it is spoken to.

use std::fmt;
use std::time::Duration;

use secrecy::SecretString;

use crate::model::http::{CONNECT_WAIT, HEADER_WAIT, Route, shown};

/// How a base URL becomes the place that requests go to.
pub(super) const ROUTE: Route = Route {
    path: "/chat/completions",
    not_ending: (
        "/chat/completions",
        "ends with /chat/completions, which is added to it; leave that out",
    ),
    example: "https://api.openai.com/v1",
};

/// The field that bounds an answer's tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum TokenLimit {
    /// `max_tokens`, which everybody knows but OpenAI's newer models.
    MaxTokens,
    /// `max_completion_tokens`, which OpenAI wants.
    MaxCompletionTokens,
}

/// How to reach an endpoint of chat completions. `Debug` does not show the key.
#[derive(Clone)]
#[non_exhaustive]
pub struct OpenAiOptions {
    /// The endpoint without `/chat/completions`, as the SDKs have it (`https://api.openai.com/v1`,
    /// `http://localhost:11434/v1`): `https`, or `http` on this machine.
    pub base_url: String,
    /// The key, sent as a bearer token; none by default, as servers on one's own machine want.
    pub api_key: Option<SecretString>,
    /// The provider's name, as configuration and reports have it; `openai` by default.
    pub name: String,
    /// The field that bounds an answer's tokens; by default what OpenAI wants at OpenAI, and
    /// `max_tokens` elsewhere.
    pub token_limit: Option<TokenLimit>,
    /// The most tokens that an answer may have here; requests that allow more are cut to it. For
    /// small models, whose servers refuse a request if prompt and answer together could be larger
    /// than the context window. No bound of its own by default.
    pub answer_tokens_max: Option<u32>,
    /// Whether the endpoint takes PDF documents, as `file` parts; by default only OpenAI is trusted
    /// to. Others refuse them, and with them every later request of the session, so a note to the
    /// model stands in their place.
    pub documents: Option<bool>,
    /// Lets the key and the conversation travel unencrypted to another machine, for an endpoint
    /// inside a network that is trusted. Off by default.
    pub allow_http: bool,
    /// Time allowed to make a connection; ten seconds by default.
    pub connect_wait: Duration,
    /// Time until the endpoint begins to answer; two minutes by default. The answer itself may take
    /// as long as it does: whoever reads the stream watches for silence.
    pub header_wait: Duration,
}

impl OpenAiOptions {
    /// An endpoint without a key, with the usual waits.
    pub fn new(base_url: impl Into<String>) -> Self {
        Self {
            base_url: base_url.into(),
            api_key: None,
            name: "openai".to_owned(),
            token_limit: None,
            answer_tokens_max: None,
            documents: None,
            allow_http: false,
            connect_wait: CONNECT_WAIT,
            header_wait: HEADER_WAIT,
        }
    }

    /// The same with a key.
    #[must_use]
    pub fn key(mut self, key: impl Into<SecretString>) -> Self {
        self.api_key = Some(key.into());
        self
    }

    /// The same under another name, since several endpoints speak like this.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// The same with another field for the bound of an answer.
    #[must_use]
    pub fn token_limit(mut self, field: TokenLimit) -> Self {
        self.token_limit = Some(field);
        self
    }

    /// The same with a bound on the tokens of an answer.
    #[must_use]
    pub fn answer_tokens_max(mut self, tokens: u32) -> Self {
        self.answer_tokens_max = Some(tokens);
        self
    }

    /// The same, knowing whether the endpoint takes PDF documents.
    #[must_use]
    pub fn documents(mut self, taken: bool) -> Self {
        self.documents = Some(taken);
        self
    }
}

impl fmt::Debug for OpenAiOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenAiOptions")
            .field("base_url", &shown(&self.base_url))
            .field("name", &self.name)
            .field("has_key", &self.api_key.is_some())
            .field("token_limit", &self.token_limit)
            .field("answer_tokens_max", &self.answer_tokens_max)
            .field("documents", &self.documents)
            .field("allow_http", &self.allow_http)
            .field("connect_wait", &self.connect_wait)
            .field("header_wait", &self.header_wait)
            .finish()
    }
}
