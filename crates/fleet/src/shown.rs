//! What of a file a message may show. A secret may stand anywhere, also where it does not belong,
//! so a line is cut where one may begin; of the providers nothing is shown but keys.

use crate::check::DRIVERS;
use crate::limits::{LINE_CHARS_MAX, NAME_CHARS_MAX};

/// Words in front of a value that is nobody's business.
const SECRET_WORDS: [&str; 7] = ["api", "key", "token", "secret", "passw", "credential", "auth"];
/// What some keys begin with.
const KEY_PREFIX: &str = "sk-";
/// The section with the secrets. Its key may be misspelt by this many letters.
const SECTION: &str = "providers";
const SECTION_DISTANCE_MAX: usize = 2;
/// The other keys of a fleet, each of which ends that section.
const OTHER_SECTIONS: [&str; 5] = ["fleet", "supervision", "environments", "agents", "sessions"];
/// What may stand around a key or a value.
const QUOTES: [char; 2] = ['"', '\''];

/// A line for a message, from 1: bounded, without what may be a secret, and without tricks for a
/// terminal.
pub(crate) fn line(text: &str, number: usize) -> String {
    let Some(line) = number.checked_sub(1).and_then(|index| text.lines().nth(index)) else {
        return String::new();
    };
    let keys = if in_providers(text, number) { names(line).len() } else { line.len() };
    let chars = line.char_indices().nth(LINE_CHARS_MAX).map_or(line.len(), |(end, _)| end);
    let end = keys.min(chars).min(secret(line).unwrap_or(line.len()));
    let mut shown = printable(&line[..end]);
    if !line[end..].trim().is_empty() {
        shown.push_str(if shown.ends_with(' ') { "…" } else { " …" });
    }
    shown
}

/// A word of a file for a message: bounded, and not there at all if it looks like a secret.
pub(crate) fn word(text: &str) -> String {
    if secret(text).is_some() {
        return "…".to_owned();
    }
    let end = text.char_indices().nth(NAME_CHARS_MAX).map_or(text.len(), |(end, _)| end);
    let rest = if end < text.len() { "…" } else { "" };
    printable(&text[..end]) + rest
}

/// An endpoint without what may be a secret in it: who asks, and the query.
pub(crate) fn url(url: &str) -> String {
    let start = url.find("://").map_or(0, |at| at + "://".len());
    let path = url.find(['?', '#']).unwrap_or(url.len());
    let query = if path < url.len() { "…" } else { "" };
    match url[start..].rfind('@') {
        Some(at) if start + at < path => {
            format!("{}…{}{query}", &url[..start], &url[start + at..path])
        }
        // The `@` may belong to a password with a `?` in it.
        Some(_) => format!("{}…", &url[..start]),
        None => format!("{}{query}", &url[..path]),
    }
}

/// A text that cannot play tricks on a terminal.
pub(crate) fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// Whether a line, from 1, may be one of the section with the secrets. It counts as one unless it
/// surely is none: the file may be broken, and its keys misspelt.
pub(crate) fn in_providers(text: &str, number: usize) -> bool {
    let mut inside: Option<usize> = None;
    for line in text.lines().take(number) {
        let indent = line.len() - line.trim_start().len();
        let first = keys(line)
            .next()
            .filter(|(start, _)| line[..*start].trim_matches(QUOTES).trim().is_empty());
        let ends = first.is_some_and(|(start, end)| OTHER_SECTIONS.contains(&&line[start..end]));
        if ends && inside.is_some_and(|opened| indent <= opened) {
            inside = None;
        }
        if inside.is_none() && begins(line) {
            inside = Some(indent);
        }
    }
    inside.is_some()
}

/// Whether the section begins in this line.
fn begins(line: &str) -> bool {
    keys(line).any(|(start, end)| {
        let key = line[start..end].to_ascii_lowercase();
        let value = line[end..].trim_start_matches(QUOTES).trim_start().trim_start_matches(':');
        // The provider that the file chooses is a word; anything else was meant for the section.
        let chosen = key == "provider" && value.trim().starts_with(is_name);
        key.len().abs_diff(SECTION.len()) <= SECTION_DISTANCE_MAX
            && !chosen
            && strsim::osa_distance(&key, SECTION) <= SECTION_DISTANCE_MAX
    }) || line.trim_start().strip_prefix('?').is_some_and(|key| key.contains(SECTION))
}

fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == '-'
}

/// Words that stand in front of a colon: from where to where.
fn keys(line: &str) -> impl Iterator<Item = (usize, usize)> {
    line.match_indices(':').filter_map(|(colon, _)| {
        let end = line[..colon].trim_end().trim_end_matches(QUOTES).len();
        let start = end - line[..end].chars().rev().take_while(|c| is_name(*c)).count();
        (start < end).then_some((start, end))
    })
}

/// Where in a line a secret may begin.
fn secret(line: &str) -> Option<usize> {
    let lower = line.to_ascii_lowercase();
    let named = SECRET_WORDS.iter().filter_map(|word| {
        let start = lower.find(word)?;
        lower[start..].find(':').map(|colon| start + colon + 1)
    });
    let starts_word = |at: &usize| !lower[..*at].ends_with(|c: char| c.is_ascii_alphanumeric());
    let prefixed = lower.match_indices(KEY_PREFIX).map(|(at, _)| at).find(starts_word);
    let credentials = lower.match_indices("://").map(|(at, scheme)| at + scheme.len()).find(|at| {
        let url = lower[*at..].split(char::is_whitespace).next().unwrap_or_default();
        url.contains(['@', '?'])
    });
    named.chain(prefixed).chain(credentials).min()
}

/// The longest beginning of a provider's line that has keys, brackets and names of drivers only.
fn names(line: &str) -> &str {
    let mut end = 0;
    while let Some(colon) = line[end..].find(':') {
        let before = line[end..end + colon].trim_end();
        let key = before.trim_start_matches([' ', '{', '}', ',']).trim_matches(QUOTES);
        let value = &line[end + colon + 1..];
        let separates = value.is_empty() || value.starts_with(' ') || before.ends_with(QUOTES);
        if !separates || key.is_empty() || key.len() > NAME_CHARS_MAX || !key.chars().all(is_name) {
            break;
        }
        end += colon + 1;
        let trimmed = value.trim_start();
        if trimmed.starts_with('{') {
            end += value.len() - trimmed.len() + 1;
            continue;
        }
        let scalar = value.find([',', '}']).unwrap_or(value.len());
        let driver = value[..scalar].trim().trim_matches(QUOTES);
        if key != "driver" || !DRIVERS.contains(&driver) {
            break;
        }
        end += scalar;
    }
    // What closes brackets behind the last value that is shown.
    let rest = &line[end..];
    let closing = rest.len() - rest.trim_start_matches([' ', '}', ',']).len();
    if end > 0 && closing == rest.len() { line } else { &line[..end] }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_cut_where_a_secret_may_begin() {
        for (text, expected) in [
            ("  api_key: hunter2", "  api_key: …"),
            ("{ driver: x, API_KYE: hunter2, Token: y }", "{ driver: x, API_KYE: …"),
            ("auth: hunter2", "auth: …"),
            ("a: sk-ant-123", "a: …"),
            ("a: https://u:hunter2@host/x", "a: https:// …"),
            ("a: https://hunter2@host, b: c", "a: https:// …"),
            ("a: https://host/x?k=hunter2", "a: https:// …"),
            ("a: https://host/x, b: c", "a: https://host/x, b: c"),
            ("  prompt: find the keys", "  prompt: find the keys"),
            ("  task-a: {}", "  task-a: {}"),
        ] {
            assert_eq!(line(text, 1), expected);
        }
        assert_eq!(line(&"é".repeat(1_000), 1).chars().count(), LINE_CHARS_MAX + 2);
        assert_eq!((line("a", 0), line("a", 2)), (String::new(), String::new()));
    }

    #[test]
    fn of_a_provider_only_keys_are_shown() {
        for (of, expected) in [
            (
                "providers:\n  x: { driver: anthropic, other: hunter2 }",
                "  x: { driver: anthropic, other: …",
            ),
            ("providers:\n  x: { driver: hunter2 }", "  x: { driver: …"),
            ("providers:\n  x:\n    - hunter2", " …"),
            ("providers:\n  x:\n    |\n    hunter2: x", "    hunter2: …"),
            ("providers:\n  x:\n    hunter2:x", " …"),
            ("providers:\n  hunter2", " …"),
            ("providers:\n  { hunter2, a: b }", " …"),
            ("providers:\n  x: { driver: scripted }", "  x: { driver: scripted }"),
            ("providers:\n  x: {} # hunter2", "  x: { …"),
            (
                "{ \"fleet\": \"f\", \"providers\": { \"x\": { \"b\": \"hunter2\" } } }",
                "{ \"fleet\": …",
            ),
            ("{\n  \"providers\":\n  {\"x\":{\"b\":\"hunter2\"}}", "  {\"x\":{\"b\": …"),
            ("? providers\n: x: { b: hunter2 }", " …"),
            ("fleet: f\nPROVIDERS:\n  agents: { b: hunter2 }", "  agents: { b: …"),
            ("provders: { x: { b: hunter2 } }", "provders: { x: { b: …"),
            ("provider: { x: { b: hunter2 } }", "provider: { x: { b: …"),
            ("provider:\n  x: { b: hunter2 }", "  x: { b: …"),
            ("provider: house", "provider: house"),
            ("providers:\n  x: {}\nsessions:\n  s: { b: c }", "  s: { b: c }"),
            ("# providers: see there\nfleet: f\nb: c", "b: c"),
        ] {
            assert_eq!(line(of, of.lines().count()), expected, "{of}");
        }
    }

    #[test]
    fn of_an_endpoint_only_the_place_is_shown() {
        for (of, expected) in [
            ("https://host:1/x", "https://host:1/x"),
            ("https://u:hunter2@host/x", "https://…@host/x"),
            ("https://u:hunt@er2@host", "https://…@host"),
            ("https://u:hunter2?@host", "https://…"),
            ("hunter2@host", "…@host"),
            ("https://host/x?k=hunter2", "https://host/x…"),
            ("https://u:hunter2@host?k=hunter2", "https://…@host…"),
        ] {
            assert_eq!(url(of), expected);
        }
    }

    #[test]
    fn a_word_that_looks_like_a_secret_is_not_repeated() {
        assert_eq!(word("sk-ant-123"), "…");
        assert_eq!(word("https://u:hunter2@host"), "…");
        assert_eq!(word("bash\u{1b}"), "bash ");
        assert_eq!(word(&"é".repeat(1_000)).chars().count(), NAME_CHARS_MAX + 1);
    }
}
