//! The provider.

use std::fmt;
use std::sync::Arc;

use planaria_core::model::Request;
use planaria_core::port::BoxStream;
use planaria_core::port::provider::{Delta, Error, Provider};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

use super::decoder::Decoder;
use super::options::{AnthropicOptions, ROUTE};
use super::request::Body;
use crate::model::http::{Endpoint, Key, Settings, SetupError, Target};

/// The version of the API that we speak.
const VERSION: &str = "2023-06-01";

/// A provider at an endpoint of the Messages API. It keeps connections, so one is made per endpoint
/// and shared. Needs a tokio runtime when its streams are polled.
pub struct Anthropic {
    name: String,
    cache: bool,
    endpoint: Arc<Endpoint>,
}

impl Anthropic {
    /// Checks the options and prepares the client. Sends nothing. Reads the system's certificates.
    ///
    /// # Errors
    /// When the URL, the key or the machine's TLS cannot be used; the message says how to mend it.
    pub fn new(options: &AnthropicOptions) -> Result<Self, SetupError> {
        let target = Target::new(&options.base_url, &ROUTE, options.allow_http)?;
        let key = Key::new(&options.api_key, HeaderName::from_static("x-api-key"), "")?;
        let version = (HeaderName::from_static("anthropic-version"), VERSION);
        let settings = Settings {
            key: Some(key),
            headers: HeaderMap::from_iter([(version.0, HeaderValue::from_static(version.1))]),
            connect_wait: options.connect_wait,
            header_wait: options.header_wait,
        };
        let (name, cache) = (options.name.clone(), options.cache);
        Ok(Self { name, cache, endpoint: Endpoint::new(target, settings)? })
    }
}

impl fmt::Debug for Anthropic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Anthropic")
            .field("name", &self.name)
            .field("base_url", &self.endpoint.base())
            .finish_non_exhaustive()
    }
}

impl Provider for Anthropic {
    fn name(&self) -> &str {
        &self.name
    }

    fn answer(&self, request: Arc<Request>) -> BoxStream<'static, Result<Delta, Error>> {
        let decoder = Decoder::new(request.model.clone());
        let cache = self.cache;
        let body = move || {
            serde_json::to_vec(&Body::new(&request, cache)).expect("a request is plain JSON")
        };
        self.endpoint.answer(body, decoder)
    }
}
