//! The places of a prompt: `${session.NAME.answer}`.

const START: &str = "${session.";

/// The sessions whose answers a prompt wants.
///
/// # Errors
/// A place that is not of that form.
pub(super) fn wanted(prompt: &str) -> Result<Vec<&str>, String> {
    let mut names = Vec::new();
    let mut rest = prompt;
    while let Some(start) = rest.find(START) {
        let place = &rest[start..];
        let end = place.find('}').ok_or("`${session.` without `}`")?;
        let inner = &place[START.len()..end];
        let name = inner.strip_suffix(".answer").ok_or_else(|| {
            format!("`{}` is not known; write `${{session.NAME.answer}}`", &place[..=end])
        })?;
        names.push(name);
        rest = &place[end..];
    }
    Ok(names)
}
