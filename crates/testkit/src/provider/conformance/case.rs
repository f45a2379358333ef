//! What an endpoint is told to do, and what a provider's author hands to the suite.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use planaria_core::model::{StopReason, Usage};
use planaria_core::port::BoxFuture;
use planaria_core::port::provider::{Error, Provider};

/// What the endpoint does with the next request.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Case {
    /// Answers.
    Answers {
        /// The blocks, in order.
        said: Vec<Said>,
        /// Why the model stops.
        stop: StopReason,
    },
    /// Fails before the first block.
    Fails(Failure),
    /// Begins a text and then fails, saying so.
    FailsAfter {
        /// The text's pieces, each sent on its own. The block does not end.
        text: Vec<String>,
        /// The failure.
        failure: Failure,
    },
    /// Begins a text and then ends without a word: the connection is lost.
    BreaksOffAfter {
        /// The text's pieces, each sent on its own. The block does not end.
        text: Vec<String>,
    },
    /// Tells what the request has used so far, and then ends without a word. For endpoints that
    /// tell it while they answer.
    BreaksOffHavingUsed {
        /// What it has used.
        usage: Usage,
    },
    /// Begins a text and then says nothing more, for ever.
    StallsAfter {
        /// The text's pieces, each sent on its own. The block does not end.
        text: Vec<String>,
    },
}

/// One block, as the endpoint sends it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Said {
    /// Text, in pieces.
    Text(Vec<String>),
    /// Thinking.
    Thinking(String),
    /// A tool call, its input as raw text in pieces. None at all stands for an empty object.
    Call {
        /// The tool.
        name: String,
        /// The input's text.
        input: Vec<String>,
    },
}

/// How an endpoint fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Failure {
    /// It has too much to do.
    Overloaded,
    /// We ask too often.
    RateLimited,
    /// It has an error of its own.
    Unavailable,
    /// It cannot take the request as it is.
    Rejected,
    /// It does not accept our credentials.
    Unauthorized,
    /// It wants money.
    Billing,
    /// The request does not fit the model's context window.
    TooLong,
}

impl Failure {
    /// All of them.
    pub const ALL: &'static [Self] = &[
        Self::Overloaded,
        Self::RateLimited,
        Self::Unavailable,
        Self::Rejected,
        Self::Unauthorized,
        Self::Billing,
        Self::TooLong,
    ];

    /// Whether the error is the one that this failure calls for.
    pub fn is(self, error: &Error) -> bool {
        match self {
            Self::Overloaded => matches!(error, Error::Overloaded { .. }),
            Self::RateLimited => matches!(error, Error::RateLimited { .. }),
            Self::Unavailable => matches!(error, Error::Unavailable { .. }),
            Self::Rejected => matches!(error, Error::Rejected { .. }),
            Self::Unauthorized => matches!(error, Error::Unauthorized { .. }),
            Self::Billing => matches!(error, Error::Billing { .. }),
            Self::TooLong => matches!(error, Error::TooLong { .. }),
        }
    }

    /// Whether asking again may help.
    pub fn is_retryable(self) -> bool {
        matches!(self, Self::Overloaded | Self::RateLimited | Self::Unavailable)
    }
}

/// A provider whose endpoint has been told its case.
pub struct Rig {
    pub(super) provider: Arc<dyn Provider>,
    pub(super) given_up: Option<BoxFuture<'static, ()>>,
    kept: Vec<Box<dyn Any + Send>>,
}

impl Rig {
    /// A rig of a provider.
    pub fn new(provider: Arc<dyn Provider>) -> Self {
        Self { provider, given_up: None, kept: Vec::new() }
    }

    /// Keeps something alive as long as the rig is used: the endpoint, a directory.
    #[must_use]
    pub fn keeping(mut self, what: impl Any + Send) -> Self {
        self.kept.push(Box::new(what));
        self
    }

    /// How the endpoint learns that its client has given up. Without it, that is not checked.
    #[must_use]
    pub fn given_up(mut self, future: impl Future<Output = ()> + Send + 'static) -> Self {
        self.given_up = Some(Box::pin(future));
        self
    }
}

impl fmt::Debug for Rig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.provider.name();
        f.debug_struct("Rig").field("provider", &name).field("kept", &self.kept.len()).finish()
    }
}
