//! The types of `session.error`: the one list.

/// A type of `session.error`, for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct SessionErrorType {
    /// The type, as it stands in the event.
    pub name: &'static str,
    /// What happened.
    pub meaning: &'static str,
    /// What to do about it.
    pub mend: &'static str,
}

const fn entry(name: &'static str, meaning: &'static str, mend: &'static str) -> SessionErrorType {
    SessionErrorType { name, meaning, mend }
}

/// Every type that this version reports. Reference pages are made from this.
pub const SESSION_ERRORS: &[SessionErrorType] = &[
    entry(
        "model_overloaded_error",
        "The model's endpoint says that it is overloaded.",
        "Nothing while `retrying`. After `exhausted`: send the message again later, or name another model.",
    ),
    entry(
        "model_rate_limited_error",
        "The endpoint's rate limit was reached.",
        "Nothing while `retrying`. If it returns: fewer sessions at once, a lower `max_concurrency`, or a \
         higher limit at the endpoint.",
    ),
    entry(
        "model_request_failed_error",
        "The endpoint failed, could not be reached, broke off, did not take the key, or refused the request \
         as it is. The message says which.",
        "Nothing while `retrying`. After `exhausted`: mend what the message names (address, key, model, \
         script), then send a message or run `planaria up` again.",
    ),
    entry(
        "billing_error",
        "The endpoint does not answer for lack of payment.",
        "Settle it with the endpoint, then send a message or run `planaria up` again.",
    ),
    entry(
        "tool_use_limit_reached_error",
        "The model was asked too often in one turn without coming to an end.",
        "Read what it did. If it was on its way, send a message: the count begins afresh.",
    ),
    entry(
        "compaction_limit_reached_error",
        "The conversation does not fit the model's context, and summarising it did not help.",
        "Use a model with a larger context, a shorter system prompt or fewer tools.",
    ),
    entry(
        "unknown_error",
        "The parts of the session failed too often, and it was parked.",
        "Look at the reason in the message and at `planaria tree`; mend it, then send a message.",
    ),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    /// Types of refused requests, and fields, which end the same way.
    const OTHERS: &[&str] = &["rate_limit_error", "invalid_request_error", "is_error"];

    /// Literals that end in `_error` in the sources below a directory, this file apart.
    fn literals(directory: &Path, found: &mut BTreeSet<String>) {
        for entry in std::fs::read_dir(directory).unwrap().map(Result::unwrap) {
            let path = entry.path();
            if path.is_dir() {
                literals(&path, found);
            } else if !path.ends_with("event/errors.rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                let words = text.split('"').filter(|word| {
                    let plain = |c: char| c.is_ascii_lowercase() || c == '_';
                    word.ends_with("_error") && word.chars().all(plain)
                });
                found.extend(words.map(str::to_owned));
            }
        }
    }

    #[test]
    fn every_type_that_is_reported_is_listed_and_every_listed_one_is_reported() {
        let mut found = BTreeSet::new();
        literals(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
        OTHERS.iter().for_each(|other| _ = found.remove(*other));
        let listed: BTreeSet<String> =
            SESSION_ERRORS.iter().map(|entry| entry.name.to_owned()).collect();
        assert_eq!(found, listed);
        assert_eq!(listed.len(), SESSION_ERRORS.len());
    }
}
