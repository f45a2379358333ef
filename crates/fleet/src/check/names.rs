//! Names of fleets, sessions, agents, environments and providers.

use crate::at::At;
use crate::error::Problem;
use crate::limits::NAME_CHARS_MAX;
use crate::source::Source;

/// Complains about a name that could not become part of a path or a key.
pub(crate) fn check_name(
    source: &Source,
    what: &str,
    name: &At<String>,
    problems: &mut Vec<Problem>,
) {
    let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let text = &name.value;
    if text.is_empty() || text.len() > NAME_CHARS_MAX || !text.chars().all(good) {
        let rule = format!("the name of {what} has 1 to {NAME_CHARS_MAX} of a-z, 0-9 and -");
        problems.push(source.problem(name.referenced, rule));
    }
}
