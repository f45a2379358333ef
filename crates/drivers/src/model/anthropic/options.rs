//! Where the endpoint is and how it is spoken to, checked before the first request.

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use reqwest::Url;
use secrecy::SecretString;

use super::limits::{CONNECT_WAIT, HEADER_WAIT, QUOTE_CHARS_MAX};

/// Where the API itself is.
const DEFAULT_BASE_URL: &str = "https://api.anthropic.com";

/// How to reach an endpoint of the Messages API. `Debug` does not show the key.
#[derive(Clone)]
#[non_exhaustive]
pub struct AnthropicOptions {
    /// The endpoint without `/v1/messages`, as the SDKs have it: `https`, or `http` on this
    /// machine.
    pub base_url: String,
    /// The key, sent as `x-api-key`.
    pub api_key: SecretString,
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
}

impl fmt::Debug for AnthropicOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AnthropicOptions")
            .field("base_url", &shown(&self.base_url))
            .field("allow_http", &self.allow_http)
            .field("connect_wait", &self.connect_wait)
            .field("header_wait", &self.header_wait)
            .finish_non_exhaustive()
    }
}

/// Why a provider could not be made from its options. Nothing was sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AnthropicSetupError {
    /// The base URL cannot be used.
    #[error("base_url {url}: {problem}")]
    BaseUrl {
        /// The URL, without what may be a secret in it.
        url: String,
        /// What is wrong with it, and how to mend it.
        problem: String,
    },
    /// The key cannot be sent. The message does not show it.
    #[error("the API key {problem}; check how it is read (ANTHROPIC_API_KEY, or its file)")]
    ApiKey {
        /// What is wrong with it.
        problem: String,
    },
    /// TLS cannot be set up on this machine.
    #[error("TLS cannot be set up: {problem}; install the system's CA certificates")]
    Tls {
        /// What the library says.
        problem: String,
    },
}

/// A checked base URL.
#[derive(Debug, Clone)]
pub(super) struct Target {
    /// The base as messages name it.
    pub base: String,
    /// Where requests go.
    pub messages: Url,
    /// Whether the endpoint is on this machine: then no proxy stands between, and no certificates
    /// are needed.
    pub on_this_machine: bool,
}

impl Target {
    pub fn new(options: &AnthropicOptions) -> Result<Self, AnthropicSetupError> {
        let given = options.base_url.trim_end_matches('/');
        let wrong = |problem: &str| AnthropicSetupError::BaseUrl {
            url: shown(given),
            problem: problem.to_owned(),
        };
        let base = Url::parse(given).map_err(|error| {
            wrong(&format!("is not a URL ({error}); it looks like {DEFAULT_BASE_URL}"))
        })?;
        if !base.username().is_empty() || base.password().is_some() {
            return Err(wrong("has credentials in it; leave them out, the key goes in a header"));
        }
        if base.query().is_some() || base.fragment().is_some() {
            return Err(wrong("has a query or a fragment; end it with the path"));
        }
        let on_this_machine = base.host_str().is_some_and(is_loopback);
        match base.scheme() {
            "https" => {}
            "http" if on_this_machine || options.allow_http => {}
            "http" => {
                return Err(wrong(
                    "would send the key unencrypted to another machine; use https, or allow http",
                ));
            }
            _ => return Err(wrong("has a scheme that is neither https nor http")),
        }
        if base.path().ends_with("/v1") {
            return Err(wrong("ends with /v1, which is added to it; leave that out"));
        }
        let messages = Url::parse(&format!("{given}/v1/messages"))
            .map_err(|error| wrong(&format!("cannot be extended ({error})")))?;
        Ok(Self { base: shown(given), messages, on_this_machine })
    }
}

/// A URL for a message: bounded, and without what stands in front of an `@`.
fn shown(url: &str) -> String {
    let visible = match url.rsplit_once('@') {
        Some((_, host)) => format!("…@{host}"),
        None => url.to_owned(),
    };
    format!("`{}`", super::key::bounded(&visible, QUOTE_CHARS_MAX))
}

fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || host.ends_with(".localhost")
        || address.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}
