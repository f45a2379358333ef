//! Where the endpoint is and how it is spoken to.

use std::fmt;
use std::time::Duration;

use secrecy::SecretString;

use crate::model::http::{CONNECT_WAIT, HEADER_WAIT, Route, shown};

/// Where the API itself is.
const DEFAULT_BASE_URL: &str = "https://api.anthropic.com";

/// How a base URL becomes the place that requests go to.
pub(super) const ROUTE: Route = Route {
    path: "/v1/messages",
    not_ending: ("/v1", "ends with /v1, which is added to it; leave that out"),
    example: DEFAULT_BASE_URL,
};

/// How to reach an endpoint of the Messages API. `Debug` does not show the key.
#[derive(Clone)]
#[non_exhaustive]
pub struct AnthropicOptions {
    /// The endpoint without `/v1/messages`, as the SDKs have it: `https`, or `http` on this
    /// machine.
    pub base_url: String,
    /// The key, sent as `x-api-key`.
    pub api_key: SecretString,
    /// The provider's name, as configuration and reports have it; `anthropic` by default.
    pub name: String,
    /// Whether requests say what the endpoint should cache, so that the next request of a session
    /// pays a tenth for what it repeats; on by default. Off for endpoints that refuse the field
    /// `cache_control`.
    pub cache: bool,
    /// Lets the key and the conversation travel unencrypted to another machine, for an endpoint
    /// inside a network that is trusted. Off by default.
    pub allow_http: bool,
    /// Time allowed to make a connection; ten seconds by default.
    pub connect_wait: Duration,
    /// Time until the endpoint begins to answer; two minutes by default. The answer itself may take
    /// as long as it does: whoever reads the stream watches for silence.
    pub header_wait: Duration,
}

impl AnthropicOptions {
    /// The API itself, with the usual waits.
    pub fn new(api_key: impl Into<SecretString>) -> Self {
        Self {
            base_url: DEFAULT_BASE_URL.to_owned(),
            api_key: api_key.into(),
            name: "anthropic".to_owned(),
            cache: true,
            allow_http: false,
            connect_wait: CONNECT_WAIT,
            header_wait: HEADER_WAIT,
        }
    }

    /// The same at another endpoint.
    #[must_use]
    pub fn at(mut self, base_url: impl Into<String>) -> Self {
        self.base_url = base_url.into();
        self
    }

    /// The same under another name, since several endpoints may speak this API.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// The same with or without breakpoints for the endpoint's cache.
    #[must_use]
    pub fn cache(mut self, cache: bool) -> Self {
        self.cache = cache;
        self
    }
}

impl fmt::Debug for AnthropicOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AnthropicOptions")
            .field("base_url", &shown(&self.base_url))
            .field("name", &self.name)
            .field("cache", &self.cache)
            .field("allow_http", &self.allow_http)
            .field("connect_wait", &self.connect_wait)
            .field("header_wait", &self.header_wait)
            .finish_non_exhaustive()
    }
}
