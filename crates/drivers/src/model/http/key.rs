//! The key: checked once, sent in one header, and kept out of every text.

use planaria_core::port::provider::Error;
use reqwest::header::{HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};

use super::error::SetupError;
use super::limits::MESSAGE_CHARS_MAX;

/// What stands in a text where an endpoint echoed the key.
const REDACTED: &str = "[key]";

/// A key that can be sent.
pub(in crate::model) struct Key {
    secret: SecretString,
    header: (HeaderName, HeaderValue),
}

impl Key {
    /// A key that is sent in the header `name`, behind `prefix`.
    ///
    /// # Errors
    /// When the key is empty or has a character that no key has.
    pub fn new(secret: &SecretString, name: HeaderName, prefix: &str) -> Result<Self, SetupError> {
        let text = secret.expose_secret();
        if text.is_empty() {
            return Err(SetupError::ApiKey { problem: "is empty".to_owned() });
        }
        if let Some((place, wrong)) = text.chars().enumerate().find(|(_, c)| !c.is_ascii_graphic())
        {
            let what = match wrong {
                '\n' | '\r' => "a line break",
                ' ' | '\t' => "white space",
                _ if wrong.is_ascii() => "a control character",
                _ => "a character that is not ASCII",
            };
            let problem = format!("has {what} at position {}", place + 1);
            return Err(SetupError::ApiKey { problem });
        }
        let value = HeaderValue::from_str(&format!("{prefix}{text}"));
        let mut value = value.expect("visible ASCII is a header's value");
        value.set_sensitive(true);
        Ok(Self { secret: secret.clone(), header: (name, value) })
    }

    /// The header; its value hides itself from `Debug`.
    pub fn header(&self) -> (HeaderName, HeaderValue) {
        self.header.clone()
    }
}

/// Takes the key out of an error's message, then bounds it. In this order: a cut could leave half a
/// key.
pub(super) fn seal(key: Option<&Key>, mut error: Error) -> Error {
    if let Some(message) = message(&mut error) {
        let clean = match key {
            Some(key) => message.replace(key.secret.expose_secret(), REDACTED),
            None => std::mem::take(message),
        };
        *message = bounded(&clean, MESSAGE_CHARS_MAX);
    }
    error
}

/// The beginning of a text, with a sign where it was cut.
pub(super) fn bounded(text: &str, chars: usize) -> String {
    match text.char_indices().nth(chars) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

fn message(error: &mut Error) -> Option<&mut String> {
    match error {
        Error::Overloaded { message, .. }
        | Error::RateLimited { message, .. }
        | Error::Unavailable { message }
        | Error::Broken { message }
        | Error::Rejected { message }
        | Error::Unauthorized { message }
        | Error::Billing { message }
        | Error::TooLong { message } => Some(message),
        // This module makes no others.
        _ => None,
    }
}
