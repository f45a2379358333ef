//! Identifiers: 128 bits inside, `prefix_01` and 22 base-58 characters outside.
//!
//! The outside form is the one of the Managed Agents API (`sesn_01…`, `sevt_01…`, `sthr_01…`).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use xxhash_rust::xxh3::xxh3_128;

const ALPHABET: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
const DIGITS: usize = 22;

/// Why a string is not an identifier of the wanted kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not an id of the form {prefix}01 followed by 22 base-58 characters")]
pub struct ParseError {
    text: String,
    prefix: &'static str,
}

fn encode(prefix: &str, value: u128) -> String {
    let mut digits = [ALPHABET[0]; DIGITS];
    let mut rest = value;
    for slot in digits.iter_mut().rev() {
        *slot = ALPHABET[(rest % 58) as usize];
        rest /= 58;
    }
    let mut text = String::with_capacity(prefix.len() + 2 + DIGITS);
    text.push_str(prefix);
    text.push_str("01");
    text.extend(digits.iter().map(|b| char::from(*b)));
    text
}

fn decode(prefix: &'static str, text: &str) -> Result<u128, ParseError> {
    let bad = || ParseError { text: text.chars().take(64).collect(), prefix };
    let digits = text.strip_prefix(prefix).and_then(|t| t.strip_prefix("01")).ok_or_else(bad)?;
    if digits.len() != DIGITS {
        return Err(bad());
    }
    digits.bytes().try_fold(0u128, |value, byte| {
        let digit = ALPHABET.iter().position(|a| *a == byte).ok_or_else(bad)? as u128;
        value.checked_mul(58).and_then(|v| v.checked_add(digit)).ok_or_else(bad)
    })
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u128);

        impl $name {
            /// The prefix of the outside form.
            pub const PREFIX: &'static str = $prefix;

            /// The 16 bytes, big endian, as they stand in keys and headers.
            pub fn to_bytes(self) -> [u8; 16] {
                self.0.to_be_bytes()
            }

            /// The inverse of `to_bytes`.
            pub fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(u128::from_be_bytes(bytes))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&encode($prefix, self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = ParseError;
            fn from_str(text: &str) -> Result<Self, ParseError> {
                decode($prefix, text).map(Self)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(d)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

id!(
    /// A session.
    SessionId, "sesn_"
);
id!(
    /// An event, and therefore also a tool call: a call is known by the id of its tool-use event.
    EventId, "sevt_"
);
id!(
    /// A thread of a session.
    ThreadId, "sthr_"
);

impl SessionId {
    /// The id of the session's primary thread, derived so that it needs no record of its own.
    pub fn primary_thread(self) -> ThreadId {
        ThreadId(derive(self.0, b"thread", 0))
    }
}

/// A new 128-bit value from `seed`, a domain word and an ordinal. Same input, same id, always.
pub fn derive(seed: u128, domain: &[u8], ordinal: u64) -> u128 {
    let mut bytes = Vec::with_capacity(24 + domain.len());
    bytes.extend_from_slice(&seed.to_be_bytes());
    bytes.extend_from_slice(domain);
    bytes.extend_from_slice(&ordinal.to_be_bytes());
    xxh3_128(&bytes)
}

/// The id of the event that block `index` of the answer to `request` becomes. It is known when the
/// block's first token arrives, so previews carry the id of the event that supersedes them.
pub fn block_event(request: EventId, index: usize) -> EventId {
    EventId(derive(request.0, b"block", index as u64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_outside_form_round_trips_at_both_ends_of_the_range() {
        for value in [0, 1, 57, 58, u128::MAX / 3, u128::MAX] {
            let id = EventId(value);
            let text = id.to_string();
            assert_eq!(text.len(), "sevt_01".len() + 22);
            assert_eq!(text.parse::<EventId>().unwrap(), id);
        }
    }

    #[test]
    fn strings_of_another_kind_or_beyond_the_range_are_refused() {
        let good = SessionId(7).to_string();
        assert!(good.parse::<EventId>().is_err());
        assert!("sevt_01".parse::<EventId>().is_err());
        assert!(format!("sevt_01{}", "z".repeat(22)).parse::<EventId>().is_err());
        assert!(format!("sevt_01{}", "0".repeat(22)).parse::<EventId>().is_err());
    }
}
