//! What somebody may have meant.

use crate::limits::NAME_CHARS_MAX;

/// `; did you mean …` and `; there are …`, as far as either helps.
pub(crate) fn hint<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let known: Vec<&str> = known.into_iter().collect();
    if let Some(close) = closest(word, &known) {
        return format!("; did you mean `{close}`?");
    }
    match known.as_slice() {
        [] => "; there are none".to_owned(),
        names => format!("; there are {}", quoted(names)),
    }
}

/// Names in a sentence.
pub(crate) fn quoted(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// The known word within a typing error or two: a third of the letters may differ.
pub(crate) fn closest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    let length = word.chars().count();
    // The distance costs time and memory by the square of the length.
    if length > NAME_CHARS_MAX {
        return None;
    }
    let distances = known.iter().map(|name| (strsim::osa_distance(word, name), *name));
    let (distance, name) = distances.min_by_key(|(distance, _)| *distance)?;
    (distance <= (length / 3).max(1)).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typing_error_is_recognised_and_anything_else_lists_what_there_is() {
        let known = ["agent", "prompt", "after"];
        assert_eq!(hint("promt", known), "; did you mean `prompt`?");
        assert_eq!(hint("aegnt", known), "; did you mean `agent`?");
        assert_eq!(hint("zebra", known), "; there are `agent`, `prompt`, `after`");
        assert_eq!(hint("x", []), "; there are none");
        assert!(hint(&"x".repeat(100_000), known).starts_with("; there are"));
    }
}
