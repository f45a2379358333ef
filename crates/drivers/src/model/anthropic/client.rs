//! One request: sent, refused or answered.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt, future, stream};
use planaria_core::model::Request;
use planaria_core::port::BoxStream;
use planaria_core::port::provider::{Delta, Error, Provider};
use reqwest::header::{ACCEPT, CONTENT_TYPE};
use reqwest::{Client, Response};

use super::key::Key;
use super::options::{AnthropicOptions, AnthropicSetupError, Target};
use super::request::Body;
use super::{status, stream as events, tls};

/// The version of the API that we speak.
const VERSION: &str = "2023-06-01";

/// A provider at an endpoint of the Messages API. It keeps connections, so one is made per endpoint
/// and shared. Needs a tokio runtime when its streams are polled.
pub struct Anthropic {
    endpoint: Arc<Endpoint>,
}

struct Endpoint {
    client: Client,
    target: Target,
    key: Key,
    header_wait: Duration,
}

impl Anthropic {
    /// Checks the options and prepares the client. Sends nothing. Reads the system's certificates.
    ///
    /// # Errors
    /// When the URL, the key or the machine's TLS cannot be used; the message says how to mend it.
    pub fn new(options: &AnthropicOptions) -> Result<Self, AnthropicSetupError> {
        let target = Target::new(options)?;
        let key = Key::new(&options.api_key)?;
        let client = tls::client(options, &target)?;
        let header_wait = options.header_wait;
        Ok(Self { endpoint: Arc::new(Endpoint { client, target, key, header_wait }) })
    }
}

impl fmt::Debug for Anthropic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let base_url = &self.endpoint.target.base;
        f.debug_struct("Anthropic").field("base_url", base_url).finish_non_exhaustive()
    }
}

impl Provider for Anthropic {
    fn name(&self) -> &str {
        "anthropic"
    }

    fn answer(&self, request: Arc<Request>) -> BoxStream<'static, Result<Delta, Error>> {
        let endpoint = self.endpoint.clone();
        let sealing = self.endpoint.clone();
        let opened = stream::once(async move {
            let response = endpoint.open(&request).await?;
            Ok((response, request.model.clone()))
        });
        let deltas = opened.flat_map(|opened| match opened {
            Ok((response, model)) => events::deltas(response.bytes_stream(), model).left_stream(),
            Err(error) => stream::once(future::ready(Err(error))).right_stream(),
        });
        Box::pin(deltas.map(move |item| item.map_err(|error| sealing.key.seal(error))))
    }
}

impl Endpoint {
    /// Sends the request; an answer that has begun is the only success.
    async fn open(&self, request: &Request) -> Result<Response, Error> {
        let body = serde_json::to_vec(&Body::new(request)).expect("a request is plain JSON");
        let sending = self
            .client
            .post(self.target.messages.clone())
            .header("anthropic-version", VERSION)
            .header("x-api-key", self.key.header())
            .header(CONTENT_TYPE, "application/json")
            .header(ACCEPT, "text/event-stream")
            .body(body)
            .send();
        let response = match tokio::time::timeout(self.header_wait, sending).await {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => return Err(self.unreachable(error)),
            Err(_) => return Err(self.silent()),
        };
        status::check(response, &self.target.messages).await
    }

    fn unreachable(&self, error: reqwest::Error) -> Error {
        let base = &self.target.base;
        let doing = if error.is_connect() { "cannot connect to" } else { "no answer from" };
        let cause = status::chain(&error.without_url());
        Error::Unavailable {
            message: format!("{doing} {base}: {cause}; check base_url and the network"),
        }
    }

    fn silent(&self) -> Error {
        let Self { target, header_wait, .. } = self;
        Error::Unavailable {
            message: format!(
                "no answer from {} within {header_wait:?}; check base_url and the network",
                target.base
            ),
        }
    }
}
