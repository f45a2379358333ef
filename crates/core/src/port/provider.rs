//! The port of model providers.

use std::sync::Arc;

use super::BoxStream;
use crate::model::{Answer, Request, Usage};

/// A place that answers model requests. Cheap to call; the work happens in the stream.
pub trait Provider: Send + Sync {
    /// The provider's name, as configuration and reports have it (`anthropic`, `scripted`).
    fn name(&self) -> &str;

    /// How many requests it takes at once, where that is less or more than hosts allow by default.
    /// Providers of one name share the bound of the first.
    fn requests_max(&self) -> Option<usize> {
        None
    }

    /// Starts one request. The stream ends with exactly one [`Delta::Done`] or one error; a stream
    /// that ends without either counts as [`Error::Broken`]. Dropping it gives the request up.
    fn answer(&self, request: Arc<Request>) -> BoxStream<'static, Result<Delta, Error>>;
}

/// A shared provider is a provider.
impl<P: Provider + ?Sized> Provider for Arc<P> {
    fn name(&self) -> &str {
        (**self).name()
    }

    fn requests_max(&self) -> Option<usize> {
        (**self).requests_max()
    }

    fn answer(&self, request: Arc<Request>) -> BoxStream<'static, Result<Delta, Error>> {
        (**self).answer(request)
    }
}

/// What kind of block a preview announces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum BlockKind {
    /// Text for the reader.
    Text,
    /// Thinking; its content is never previewed.
    Thinking,
    /// A tool call; never previewed.
    ToolUse,
}

/// A piece of an answer as it arrives.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Delta {
    /// Block `index` begins. Indices start at 0 and have no gaps.
    Start {
        /// Position of the block in the answer.
        index: usize,
        /// What the block will be.
        kind: BlockKind,
    },
    /// More text for block `index`.
    Text {
        /// Position of the block in the answer.
        index: usize,
        /// The text to append.
        text: String,
    },
    /// The answer grew by something that has no preview (thinking, a call's input): a sign that
    /// the model is at work, for whoever watches for silence.
    Progress,
    /// What the request has used so far; replaces what was said before. From providers whose
    /// endpoint tells it while it answers, for the case that there will be no whole answer: an
    /// answer that breaks off has been paid for as well.
    Used(Usage),
    /// The whole answer, with all that it used. The last item of the stream.
    Done(Answer),
}

/// Why a model request failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The endpoint is overloaded (529, or its overload event in mid-stream).
    #[error("the model is overloaded: {message}")]
    Overloaded {
        /// The endpoint's own words.
        message: String,
        /// Microseconds that the endpoint asks us to wait.
        retry_after: Option<u64>,
    },
    /// A rate limit (429).
    #[error("rate limited by the model endpoint: {message}")]
    RateLimited {
        /// The endpoint's own words.
        message: String,
        /// Microseconds that the endpoint asks us to wait.
        retry_after: Option<u64>,
    },
    /// The endpoint failed (5xx, 408) or could not be reached.
    #[error("the model endpoint failed: {message}")]
    Unavailable {
        /// Status and words of the endpoint, or why it could not be reached.
        message: String,
    },
    /// The answer broke off, or was not what the protocol promises.
    #[error("the model's answer broke off: {message}")]
    Broken {
        /// What was wrong with it, and where.
        message: String,
    },
    /// The endpoint refuses the request as it is (400, 404, 422): asking again cannot help.
    #[error("the model provider refused the request: {message}")]
    Rejected {
        /// The endpoint's own words.
        message: String,
    },
    /// Credentials are missing or not accepted (401, 403).
    #[error("the model endpoint did not accept our credentials: {message}")]
    Unauthorized {
        /// The endpoint's own words.
        message: String,
    },
    /// The account cannot pay for the request (402).
    #[error("the model endpoint refused for billing reasons: {message}")]
    Billing {
        /// The endpoint's own words.
        message: String,
    },
    /// The request does not fit the model's context window.
    #[error("the request is too long for the model: {message}")]
    TooLong {
        /// The endpoint's own words.
        message: String,
    },
}

impl Error {
    /// Whether the same request may succeed later.
    pub fn is_retryable(&self) -> bool {
        matches!(
            self,
            Self::Overloaded { .. }
                | Self::RateLimited { .. }
                | Self::Unavailable { .. }
                | Self::Broken { .. }
        )
    }

    /// The wait that the endpoint asked for, in microseconds.
    pub fn retry_after(&self) -> Option<u64> {
        match self {
            Self::Overloaded { retry_after, .. } | Self::RateLimited { retry_after, .. } => {
                *retry_after
            }
            _ => None,
        }
    }

    /// The type of the `session.error` that reports this, one of
    /// [`SESSION_ERRORS`](crate::event::SESSION_ERRORS).
    pub fn event_type(&self) -> &'static str {
        match self {
            Self::Overloaded { .. } => "model_overloaded_error",
            Self::RateLimited { .. } => "model_rate_limited_error",
            Self::Billing { .. } => "billing_error",
            _ => "model_request_failed_error",
        }
    }
}
