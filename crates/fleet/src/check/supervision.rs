//! How restarts are done.

use std::time::Duration;

use crate::at::At;
use crate::error::Problem;
use crate::file::SupervisionFile;
use crate::fleet::{Passivation, Supervision};
use crate::limits::{RESTARTS_MAX, SPAN_MAX};
use crate::source::Source;

/// What stands for no time at all.
const NEVER: &str = "never";

pub(crate) fn supervision(
    source: &Source,
    file: SupervisionFile,
    problems: &mut Vec<Problem>,
) -> Supervision {
    restart(source, file.restart.as_ref(), problems);
    let max_restarts = file.intensity.max_restarts.map(|max| {
        if max.value > RESTARTS_MAX {
            let problem = format!("at most {RESTARTS_MAX} restarts; more in a window is no budget");
            problems.push(source.problem(max.referenced, problem));
        }
        max.value
    });
    let mut span = |text: &Option<At<String>>| {
        let text = text.as_ref()?;
        match parse(&text.value) {
            Ok(span) => Some(span),
            Err(problem) => {
                problems.push(source.problem(text.referenced, problem));
                None
            }
        }
    };
    let within = span(&file.intensity.within);
    let passivate_after = match &file.passivate_after {
        Some(word) if word.value == NEVER => Some(Passivation::Never),
        text => span(text).map(Passivation::After),
    };
    let (backoff_from, backoff_to) = (span(&file.backoff.from), span(&file.backoff.to));
    if let (Some(from), Some(to), Some(text)) = (backoff_from, backoff_to, &file.backoff.to)
        && from > to
    {
        let problem = "the longest wait is shorter than the first one";
        problems.push(source.problem(text.referenced, problem));
    }
    Supervision { max_restarts, within, backoff_from, backoff_to, passivate_after }
}

fn parse(text: &str) -> Result<Duration, String> {
    let bad = || format!("`{text}` is not a time such as `1ms`, `30s`, `5m` or `1h 30m`");
    let span: jiff::SignedDuration = text.parse().map_err(|_| bad())?;
    let span = Duration::try_from(span).map_err(|_| bad())?;
    if span.is_zero() || span > SPAN_MAX {
        return Err(format!(
            "`{text}` is not between 1ns and {} hours",
            SPAN_MAX.as_secs() / 3_600
        ));
    }
    Ok(span)
}

/// Explains a key that people expect here.
pub(crate) fn restart(source: &Source, word: Option<&At<String>>, problems: &mut Vec<Problem>) {
    let Some(word) = word else { return };
    let otp = match word.value.as_str() {
        "always" | "unless-stopped" => Some("permanent"),
        "on-failure" => Some("transient"),
        "no" | "false" | "never" => Some("temporary"),
        _ => None,
    };
    let word_of = otp.map_or(String::new(), |otp| {
        format!("compose calls this `{}`, OTP and this file `{otp}`; ", word.value)
    });
    let problem = format!(
        "{word_of}the parts of a session are always restarted until their budget is spent: leave `restart` out, \
         and set `supervision: {{ intensity: {{ max_restarts: 5, within: 5m }} }}` for another budget"
    );
    problems.push(source.problem(word.referenced, problem));
}
