//! One request: sent, refused or answered.

use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt, future, stream};
use planaria_core::port::BoxStream;
use planaria_core::port::provider::{Delta, Error};
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Client, Response};

use super::error::SetupError;
use super::key::Key;
use super::stream::{Decode, deltas};
use super::target::Target;
use super::{status, tls};

/// What is needed besides a target.
pub(in crate::model) struct Settings {
    /// The key; a server on one's own machine often takes none.
    pub key: Option<Key>,
    /// Headers that the dialect adds to every request.
    pub headers: HeaderMap,
    /// Time allowed to make a connection.
    pub connect_wait: Duration,
    /// Time until the endpoint begins to answer.
    pub header_wait: Duration,
}

/// A place that answers requests, with its connections.
pub(in crate::model) struct Endpoint {
    client: Client,
    target: Target,
    key: Option<Key>,
    headers: HeaderMap,
    header_wait: Duration,
}

impl Endpoint {
    /// Prepares the client. Sends nothing. Reads the system's certificates.
    ///
    /// # Errors
    /// When the machine's TLS cannot be used.
    pub fn new(target: Target, settings: Settings) -> Result<Arc<Self>, SetupError> {
        let Settings { key, mut headers, connect_wait, header_wait } = settings;
        let client = tls::client(&target, connect_wait)?;
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(ACCEPT, HeaderValue::from_static("text/event-stream"));
        headers.extend(key.as_ref().map(Key::header));
        Ok(Arc::new(Self { client, target, key, headers, header_wait }))
    }

    /// The base URL, as messages name it.
    pub fn base(&self) -> &str {
        &self.target.base
    }

    /// Sends a body when the stream is first read, and decodes what comes back.
    pub fn answer(
        self: &Arc<Self>,
        body: impl FnOnce() -> Vec<u8> + Send + 'static,
        decoder: impl Decode,
    ) -> BoxStream<'static, Result<Delta, Error>> {
        let endpoint = self.clone();
        let sealing = self.clone();
        let opened = stream::once(async move {
            let response = endpoint.open(body()).await?;
            Ok((response, decoder))
        });
        let items = opened.flat_map(|opened| match opened {
            Ok((response, decoder)) => deltas(response.bytes_stream(), decoder).left_stream(),
            Err(error) => stream::once(future::ready(Err(error))).right_stream(),
        });
        Box::pin(items.map(move |item| item.map_err(|error| sealing.seal(error))))
    }

    /// Sends the request; an answer that has begun is the only success.
    async fn open(&self, body: Vec<u8>) -> Result<Response, Error> {
        let sending =
            self.client.post(self.target.url.clone()).headers(self.headers.clone()).body(body);
        let response = match tokio::time::timeout(self.header_wait, sending.send()).await {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => return Err(self.unreachable(error)),
            Err(_) => return Err(self.silent()),
        };
        status::check(response, &self.target.url).await
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

    fn seal(&self, error: Error) -> Error {
        super::key::seal(self.key.as_ref(), error)
    }
}
