//! The key: checked once, sent in one header, and kept out of every text.

use planaria_core::port::provider::Error;
use reqwest::header::HeaderValue;
use secrecy::{ExposeSecret, SecretString};

use super::limits::MESSAGE_CHARS_MAX;
use super::options::AnthropicSetupError;

/// What stands in a text where an endpoint echoed the key.
const REDACTED: &str = "[key]";

/// A key that can be sent.
pub(super) struct Key {
    secret: SecretString,
    header: HeaderValue,
}

impl Key {
    /// # Errors
    /// When the key is empty or has a character that no key has.
    pub fn new(secret: &SecretString) -> Result<Self, AnthropicSetupError> {
        let text = secret.expose_secret();
        if text.is_empty() {
            return Err(AnthropicSetupError::ApiKey { problem: "is empty".to_owned() });
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
            return Err(AnthropicSetupError::ApiKey { problem });
        }
        let mut header = HeaderValue::from_str(text).expect("visible ASCII is a header's value");
        header.set_sensitive(true);
        Ok(Self { secret: secret.clone(), header })
    }

    /// The header's value; it hides itself from `Debug`.
    pub fn header(&self) -> HeaderValue {
        self.header.clone()
    }

    /// Takes the key out of an error's message, then bounds it. In this order: a cut could leave
    /// half a key.
    pub fn seal(&self, mut error: Error) -> Error {
        if let Some(message) = message(&mut error) {
            let clean = message.replace(self.secret.expose_secret(), REDACTED);
            *message = bounded(&clean, MESSAGE_CHARS_MAX);
        }
        error
    }
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
        | Error::Billing { message } => Some(message),
        // This module makes no others.
        _ => None,
    }
}
