//! The provider.

use std::fmt;
use std::sync::Arc;

use planaria_core::model::Request;
use planaria_core::port::BoxStream;
use planaria_core::port::provider::{Delta, Error, Provider};
use reqwest::header::{AUTHORIZATION, HeaderMap};

use super::decoder::Decoder;
use super::options::{OpenAiOptions, ROUTE, TokenLimit};
use super::request::{Body, Manner};
use crate::model::http::{Endpoint, Key, Settings, SetupError, Target};

/// Where the defaults of OpenAI itself hold.
const OPENAI: &str = "api.openai.com";

/// A provider at an endpoint of chat completions. It keeps connections, so one is made per endpoint
/// and shared. Needs a tokio runtime when its streams are polled.
pub struct OpenAi {
    name: String,
    manner: Manner,
    endpoint: Arc<Endpoint>,
}

impl OpenAi {
    /// Checks the options and prepares the client. Sends nothing. Reads the system's certificates.
    ///
    /// # Errors
    /// When the URL, the key or the machine's TLS cannot be used; the message says how to mend it.
    pub fn new(options: &OpenAiOptions) -> Result<Self, SetupError> {
        let target = Target::new(&options.base_url, &ROUTE, options.allow_http)?;
        let key = options.api_key.as_ref().map(|key| Key::new(key, AUTHORIZATION, "Bearer "));
        let original = target.is_at(OPENAI);
        let usual = match original {
            true => TokenLimit::MaxCompletionTokens,
            false => TokenLimit::MaxTokens,
        };
        let manner = Manner {
            token_limit: options.token_limit.unwrap_or(usual),
            answer_tokens_max: options.answer_tokens_max.unwrap_or(u32::MAX),
            documents: options.documents.unwrap_or(original),
        };
        let settings = Settings {
            key: key.transpose()?,
            headers: HeaderMap::new(),
            connect_wait: options.connect_wait,
            header_wait: options.header_wait,
        };
        let name = options.name.clone();
        Ok(Self { name, manner, endpoint: Endpoint::new(target, settings)? })
    }
}

impl fmt::Debug for OpenAi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenAi")
            .field("name", &self.name)
            .field("base_url", &self.endpoint.base())
            .field("manner", &self.manner)
            .finish_non_exhaustive()
    }
}

impl Provider for OpenAi {
    fn name(&self) -> &str {
        &self.name
    }

    fn answer(&self, request: Arc<Request>) -> BoxStream<'static, Result<Delta, Error>> {
        let decoder = Decoder::new(request.model.clone());
        let manner = self.manner;
        let body = move || {
            serde_json::to_vec(&Body::new(&request, manner)).expect("a request is plain JSON")
        };
        self.endpoint.answer(body, decoder)
    }
}
