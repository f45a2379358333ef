//! What kind of failure it is, from whatever an endpoint says about it.

use planaria_core::port::provider::Error;

use super::refusal::Refusal;

/// The kinds of [`Error`] that an endpoint can mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    Overloaded,
    RateLimited,
    Unavailable,
    Rejected,
    Unauthorized,
    Billing,
    TooLong,
}

/// Names of failures, as `type` or `code` has them, with what they mean. The first that fits
/// counts, so the narrow ones come first: OpenAI puts an empty account under a rate limit's status.
const NAMES: &[(&str, Class)] = &[
    ("context_length_exceeded", Class::TooLong),
    ("exceed_context_size_error", Class::TooLong),
    ("request_too_large", Class::TooLong),
    ("insufficient_quota", Class::Billing),
    ("billing_error", Class::Billing),
    ("billing_hard_limit_reached", Class::Billing),
    ("billing_not_active", Class::Billing),
    ("insufficient_balance", Class::Billing),
    ("overloaded_error", Class::Overloaded),
    ("overloaded", Class::Overloaded),
    ("engine_overloaded", Class::Overloaded),
    ("engine_overloaded_error", Class::Overloaded),
    ("unavailable_error", Class::Overloaded),
    ("insufficient_system_resource", Class::Overloaded),
    ("rate_limit_error", Class::RateLimited),
    ("rate_limit_exceeded", Class::RateLimited),
    ("rate_limit_reached_error", Class::RateLimited),
    ("invalid_api_key", Class::Unauthorized),
    ("authentication_error", Class::Unauthorized),
    ("invalid_authentication_error", Class::Unauthorized),
    ("permission_error", Class::Unauthorized),
    ("model_not_found", Class::Rejected),
    ("not_found_error", Class::Rejected),
    ("NotFoundError", Class::Rejected),
    ("invalid_request_error", Class::Rejected),
    ("BadRequestError", Class::Rejected),
    ("content_policy_violation", Class::Rejected),
];

/// How endpoints say that a request does not fit the model's context window, in lower case.
const TOO_LONG: &[&str] = &[
    // Anthropic.
    "prompt is too long",
    "exceed context limit",
    // OpenAI, vLLM, Mistral.
    "maximum context length",
    "context_length_exceeded",
    "exceeds the context window",
    "longer than the maximum model length",
    // llama.cpp and what is built on it.
    "exceeds the available context size",
    "context size has been exceeded",
    "exceed context window",
    // Ollama, Gemini.
    "exceeds the context length",
    "exceeds the maximum number of tokens allowed",
];

impl Class {
    /// What a status means when nothing else is known.
    pub fn of_status(status: u16) -> Self {
        match status {
            401 | 403 => Self::Unauthorized,
            402 => Self::Billing,
            // A timeout, a lock and "too early" pass; the SDKs ask again as well.
            408 | 409 | 425 => Self::Unavailable,
            413 => Self::TooLong,
            429 => Self::RateLimited,
            503 | 529 => Self::Overloaded,
            500..=599 => Self::Unavailable,
            _ => Self::Rejected,
        }
    }

    /// What a refusal under a status means. The status decides, except where many endpoints say
    /// something more exact in words.
    pub fn of_refusal(status: u16, refusal: &Refusal) -> Self {
        match (Self::of_status(status), Self::of_words(refusal)) {
            // Asking again, or waiting, would not help.
            (Self::RateLimited, Some(Self::Billing)) => Self::Billing,
            // Some versions of llama.cpp say it under a status of 500.
            (Self::Rejected | Self::Unavailable, Some(Self::TooLong)) => Self::TooLong,
            (by_status, _) => by_status,
        }
    }

    /// What an error in mid-stream means, where there is no status.
    pub fn of_interruption(refusal: &Refusal) -> Self {
        // What has no name yet: it had accepted the request.
        Self::of_words(refusal)
            .or_else(|| refusal.status().map(Self::of_status))
            .unwrap_or(Self::Unavailable)
    }

    fn of_words(refusal: &Refusal) -> Option<Self> {
        let said = refusal.message.to_lowercase();
        if TOO_LONG.iter().any(|words| said.contains(words)) {
            return Some(Self::TooLong);
        }
        let named = |name: &str| refusal.code == name || refusal.kind == name;
        NAMES.iter().find(|(name, _)| named(name)).map(|(_, class)| *class)
    }

    /// The class after the endpoint has said in so many words whether to ask again. A wish to be
    /// asked again changes nothing about credentials, money and length, which do not mend
    /// themselves.
    pub fn told(self, should_retry: Option<bool>) -> Self {
        match (self, should_retry) {
            (Self::Overloaded | Self::RateLimited | Self::Unavailable, Some(false)) => {
                Self::Rejected
            }
            (Self::Rejected, Some(true)) => Self::Unavailable,
            (class, _) => class,
        }
    }

    /// The error of this class. `retry_after`, in microseconds, is for those that can carry it.
    pub fn error(self, message: String, retry_after: Option<u64>) -> Error {
        match self {
            Self::Overloaded => Error::Overloaded { message, retry_after },
            Self::RateLimited => Error::RateLimited { message, retry_after },
            Self::Unavailable => Error::Unavailable { message },
            Self::Rejected => Error::Rejected { message },
            Self::Unauthorized => Error::Unauthorized { message },
            Self::Billing => Error::Billing { message },
            Self::TooLong => Error::TooLong { message },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(kind: &str, code: &str, message: &str) -> Refusal {
        Refusal { kind: kind.to_owned(), code: code.to_owned(), message: message.to_owned() }
    }

    #[test]
    fn every_endpoints_way_to_say_that_a_request_is_too_long_is_known() {
        let anthropic = [
            "prompt is too long: 210000 tokens > 200000 maximum",
            "input length and `max_tokens` exceed context limit: 199000 + 20000 > 200000",
        ];
        let others = [
            "This model's maximum context length is 8192 tokens. However, you requested 9001.",
            "Your input exceeds the context window of this model.",
            "The decoder prompt (length 5000) is longer than the maximum model length of 4096.",
            "request (4390 tokens) exceeds the available context size (4096 tokens)",
            "Requested tokens (2285) exceed context window of 2048",
            "the input length exceeds the context length",
            "The input token count (2000000) exceeds the maximum number of tokens allowed (1048576)",
        ];
        for message in anthropic.iter().chain(&others) {
            let refusal = said("", "", message);
            assert_eq!(Class::of_refusal(400, &refusal), Class::TooLong, "{message}");
            assert_eq!(Class::of_interruption(&refusal), Class::TooLong, "{message}");
        }
        let server = said("server_error", "500", "Context size has been exceeded.");
        assert_eq!(Class::of_refusal(500, &server), Class::TooLong);
        assert_eq!(Class::of_refusal(413, &said("", "", "")), Class::TooLong);
        let code = said("invalid_request_error", "context_length_exceeded", "");
        assert_eq!(Class::of_refusal(400, &code), Class::TooLong);
        let llama = said("exceed_context_size_error", "400", "");
        assert_eq!(Class::of_refusal(400, &llama), Class::TooLong);
    }

    #[test]
    fn a_bound_on_the_answer_or_the_rate_is_not_taken_for_a_request_that_is_too_long() {
        let answer = said("invalid_request_error", "", "max_tokens is too large: 100000.");
        assert_eq!(Class::of_refusal(400, &answer), Class::Rejected);
        let rate = said("tokens", "rate_limit_exceeded", "Rate limit reached on tokens per min");
        assert_eq!(Class::of_refusal(429, &rate), Class::RateLimited);
    }

    #[test]
    fn an_interruption_is_judged_by_its_name_or_else_by_its_number() {
        let cases = [
            ("insufficient_quota", "insufficient_quota", Class::Billing),
            ("requests", "rate_limit_exceeded", Class::RateLimited),
            ("", "429", Class::RateLimited),
            ("BadRequestError", "400", Class::Rejected),
            ("", "402", Class::Billing),
            ("", "502", Class::Unavailable),
            ("", "7", Class::Unavailable),
            ("server_error", "", Class::Unavailable),
            ("", "", Class::Unavailable),
        ];
        for (kind, code, class) in cases {
            assert_eq!(Class::of_interruption(&said(kind, code, "x")), class, "{kind} {code}");
        }
    }

    #[test]
    fn what_an_endpoint_says_about_asking_again_counts_where_it_can_be_true() {
        assert_eq!(Class::Unavailable.told(Some(false)), Class::Rejected);
        assert_eq!(Class::Rejected.told(Some(true)), Class::Unavailable);
        assert_eq!(Class::Overloaded.told(Some(true)), Class::Overloaded);
        for class in [Class::Unauthorized, Class::Billing, Class::TooLong] {
            assert_eq!(class.told(Some(true)), class);
        }
    }
}
