//! What may be asked of a session, and how it says no.

use super::effects::EffectId;
use crate::event::ClientEvent;
use crate::model::{Answer, Usage};
use crate::port::provider;
use crate::port::sandbox::{Ended, Isolation, Locator};
use crate::record::payload::{Compacted, Genesis};

/// A request to a session. Clients send, harnesses report, supervisors park.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Command {
    /// The session is to exist.
    Create(Box<Genesis>),
    /// Events of a client, accepted or refused as one.
    Send(Vec<ClientEvent>),
    /// A harness takes over what is open.
    Claim {
        /// Its name.
        harness: String,
        /// Its version.
        version: u32,
    },
    /// A hand was started.
    BindHand {
        /// Where it is.
        locator: Locator,
        /// What it enforces.
        isolation: Isolation,
    },
    /// The model answered.
    ModelAnswered {
        /// Which request.
        effect: EffectId,
        /// The attempt it was handed out under.
        attempt: u32,
        /// Digest of the request.
        digest: String,
        /// Who chose the context: harness and version.
        harness: (String, u32),
        /// The answer.
        answer: Box<Answer>,
    },
    /// The model did not answer.
    ModelFailed {
        /// Which request.
        effect: EffectId,
        /// The attempt it was handed out under.
        attempt: u32,
        /// Why.
        failure: ModelFailure,
    },
    /// The context does not fit the model, or soon will not: it is to be summarised first.
    ContextFull {
        /// Which request.
        effect: EffectId,
        /// The attempt it was handed out under.
        attempt: u32,
        /// What it cost to find out.
        usage: Usage,
    },
    /// The context was summarised.
    Compacted {
        /// Which request.
        effect: EffectId,
        /// The attempt it was handed out under.
        attempt: u32,
        /// What is to be recorded.
        compacted: Box<Compacted>,
    },
    /// A call ended.
    ToolEnded {
        /// Which call's effect.
        effect: EffectId,
        /// The attempt it was handed out under.
        attempt: u32,
        /// How.
        ended: Ended,
    },
    /// The time of a timer has come.
    TimerDue {
        /// Which timer.
        effect: EffectId,
    },
    /// The restart budget is spent: end the turn, visibly.
    Park {
        /// The last failure, in words.
        reason: String,
    },
}

/// Why a model request failed, as far as the session cares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelFailure {
    /// Type of the `session.error` that reports it.
    pub kind: String,
    /// The error in words.
    pub message: String,
    /// Whether to try again.
    pub retryable: bool,
    /// Microseconds that the endpoint asked us to wait.
    pub retry_after: Option<u64>,
    /// Tokens that the attempt has used all the same, as far as the provider knows.
    pub usage: Usage,
}

impl ModelFailure {
    /// The same failure of an attempt that has used tokens.
    #[must_use]
    pub fn having_used(self, usage: Usage) -> Self {
        Self { usage, ..self }
    }
}

/// A failure that has used nothing; see [`ModelFailure::having_used`].
impl From<&provider::Error> for ModelFailure {
    fn from(error: &provider::Error) -> Self {
        Self {
            kind: error.event_type().to_owned(),
            message: error.to_string(),
            retryable: error.is_retryable(),
            retry_after: error.retry_after(),
            usage: Usage::default(),
        }
    }
}

/// Why a command is refused. Nothing was recorded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Rejection {
    /// The request is not allowed as it is (`invalid_request_error`).
    #[error("{0}")]
    Invalid(String),
    /// Too much is waiting already (`rate_limit_error`).
    #[error("{0}")]
    RateLimited(String),
    /// The report is about an effect that is no longer wanted, or comes from a replaced harness.
    #[error("stale report: effect {effect} under attempt {attempt} is not open")]
    Stale {
        /// The effect.
        effect: u64,
        /// The attempt.
        attempt: u32,
    },
}

impl Rejection {
    /// The API's error type.
    pub fn api_type(&self) -> &'static str {
        match self {
            Self::RateLimited(_) => "rate_limit_error",
            Self::Invalid(_) | Self::Stale { .. } => "invalid_request_error",
        }
    }
}
