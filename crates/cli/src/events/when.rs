//! Times on the command line: a moment, or how long ago.

use std::time::{SystemTime, UNIX_EPOCH};

use jiff::{Span, SpanRelativeTo, Timestamp};

/// A time on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// Microseconds since the Unix epoch.
    At(u64),
    /// Microseconds before now.
    Ago(u64),
}

impl When {
    /// Microseconds since the Unix epoch.
    pub fn micros(self, now_us: u64) -> u64 {
        match self {
            Self::At(at) => at,
            Self::Ago(ago) => now_us.saturating_sub(ago),
        }
    }
}

/// Reads RFC 3339, or a length of time before now.
pub fn parse(text: &str) -> Result<When, String> {
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(When::At(u64::try_from(at.as_microsecond()).unwrap_or(0)));
    }
    let span = text.parse::<Span>().ok();
    let length = span.and_then(|s| s.to_duration(SpanRelativeTo::days_are_24_hours()).ok());
    let micros = length.and_then(|length| u64::try_from(length.as_micros()).ok());
    micros.map(When::Ago).ok_or_else(|| {
        "neither a time such as 2026-07-06T11:00:00Z nor a length of time such as 10m, 1h30m or 2d"
            .to_owned()
    })
}

/// Microseconds since the Unix epoch.
pub fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_a_moment_or_a_length_of_time_ago() {
        assert_eq!(parse("1970-01-01T00:00:02.5Z"), Ok(When::At(2_500_000)));
        assert_eq!(parse("10m"), Ok(When::Ago(600_000_000)));
        assert_eq!(parse("2d"), Ok(When::Ago(172_800_000_000)));
        assert_eq!(parse("1h30m").map(|when| when.micros(6_000_000_000)), Ok(600_000_000));
        assert_eq!(When::Ago(5).micros(3), 0);
    }

    #[test]
    fn anything_else_is_told_what_would_do() {
        for text in ["", "soon", "10", "-5m", "2026-13-01T00:00:00Z"] {
            assert!(parse(text).unwrap_err().contains("10m"), "{text}");
        }
    }
}
