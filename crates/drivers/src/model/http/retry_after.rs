//! How long an endpoint asks us to wait.
//!
//! `retry-after-ms` and `retry-after` say it outright. OpenAI, Groq and others only tell when each
//! of their budgets is full again; then it is the wait for those that are spent.

use std::time::{SystemTime, UNIX_EPOCH};

use jiff::fmt::rfc2822::DateTimeParser;
use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};

/// Budgets that have a header for what remains of them and one for when they are full again.
const BUDGETS: &[&str] = &["requests", "tokens"];

/// Microseconds until the endpoint wants to be asked again, from `retry-after-ms` or `retry-after`
/// (seconds, or a date). Not bounded: that is the caller's policy. A wish to be asked at once is
/// none at all, so that our own back-off stays in place.
pub(super) fn retry_after(headers: &HeaderMap) -> Option<u64> {
    let number = |text: &str| text.parse::<f64>().ok().filter(|number| number.is_finite());
    let wait = match text(headers, "retry-after-ms").and_then(number) {
        Some(milliseconds) => milliseconds * 1e3,
        None => {
            let wish = text(headers, RETRY_AFTER.as_str())?;
            match number(wish) {
                Some(seconds) => seconds * 1e6,
                None => (seconds_of(wish)? - seconds_now(text(headers, DATE.as_str()))) * 1e6,
            }
        }
    };
    whole(wait)
}

/// The conversion saturates, and takes negative numbers for 0.
fn whole(microseconds: f64) -> Option<u64> {
    Some(microseconds as u64).filter(|wait| *wait > 0)
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    Some(headers.get(name)?.to_str().ok()?.trim())
}

/// Microseconds until the budgets that are spent are full again; where none says that it is spent,
/// until all are. For a rate limit that comes without an outright wish.
pub(super) fn refilled_after(headers: &HeaderMap) -> Option<u64> {
    let mut spent: Option<f64> = None;
    let mut any: Option<f64> = None;
    for budget in BUDGETS {
        let reset = text(headers, &format!("x-ratelimit-reset-{budget}")).and_then(span);
        let Some(reset) = reset else { continue };
        any = Some(any.map_or(reset, |other| other.max(reset)));
        if text(headers, &format!("x-ratelimit-remaining-{budget}")) == Some("0") {
            spent = Some(spent.map_or(reset, |other| other.max(reset)));
        }
    }
    whole(spent.or(any)? * 1e6)
}

/// Seconds of a span such as `6m0s`, `1h2m3.5s` or `17ms`; a bare number is seconds.
fn span(text: &str) -> Option<f64> {
    if let Ok(seconds) = text.parse::<f64>() {
        return Some(seconds).filter(|seconds| seconds.is_finite());
    }
    let mut rest = text;
    let mut seconds = 0.0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, unit) = rest.split_at(digits);
        let letters = unit.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(unit.len());
        let (unit, after) = unit.split_at(letters);
        let scale = match unit {
            "d" => 86_400.0,
            "h" => 3_600.0,
            "m" => 60.0,
            "s" => 1.0,
            "ms" => 1e-3,
            _ => return None,
        };
        seconds += number.parse::<f64>().ok()? * scale;
        rest = after;
    }
    Some(seconds).filter(|_| !text.is_empty())
}

/// The endpoint's own time where it says it, so that its clock need not agree with ours.
fn seconds_now(date: Option<&str>) -> f64 {
    date.and_then(seconds_of).unwrap_or_else(|| {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        since.map_or(0.0, |since| since.as_secs_f64())
    })
}

fn seconds_of(date: &str) -> Option<f64> {
    let parsed = DateTimeParser::new().relaxed_weekday(true).parse_timestamp(date).ok()?;
    Some(parsed.as_second() as f64)
}

#[cfg(test)]
mod tests {
    use reqwest::header::{HeaderName, HeaderValue};

    use super::*;

    type Headers = [(&'static str, &'static str)];

    fn wait(headers: &Headers) -> Option<u64> {
        let pairs = headers
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
        let headers = pairs.collect();
        retry_after(&headers).or_else(|| refilled_after(&headers))
    }

    #[test]
    fn every_form_gives_microseconds() {
        let date = ("date", "Sun, 06 Nov 1994 08:49:37 GMT");
        let cases: &[(&Headers, Option<u64>)] = &[
            (&[("retry-after", "7")], Some(7_000_000)),
            (&[("retry-after", " 0.25 ")], Some(250_000)),
            (&[("retry-after-ms", "1500")], Some(1_500_000)),
            (&[("retry-after-ms", "20"), ("retry-after", "7")], Some(20_000)),
            (&[("retry-after-ms", "soon"), ("retry-after", "7")], Some(7_000_000)),
            (&[date, ("retry-after", "Sun, 06 Nov 1994 08:50:37 GMT")], Some(60_000_000)),
            (&[date, ("retry-after", "Sun, 06 Nov 1994 08:49:37 GMT")], None),
            (&[date, ("retry-after", "Sun, 06 Nov 1994 08:49:07 GMT")], None),
            (&[("retry-after", "Sun, 06 Nov 1994 08:49:37 GMT")], None),
            (&[("retry-after", "1e300")], Some(u64::MAX)),
            (&[("retry-after", "0")], None),
            (&[("retry-after", "-3")], None),
            (&[("retry-after", "NaN")], None),
            (&[("retry-after", "inf")], None),
            (&[("retry-after", "later")], None),
            (&[("retry-after", "")], None),
            (&[], None),
            (&[("x-ratelimit-reset-requests", "17ms")], Some(17_000)),
            (&[("x-ratelimit-reset-tokens", "6m0s")], Some(360_000_000)),
            (&[("x-ratelimit-reset-tokens", "1h2m3.5s")], Some(3_723_500_000)),
            (&[("x-ratelimit-reset-tokens", "2.5")], Some(2_500_000)),
            (&[("x-ratelimit-reset-tokens", "soon")], None),
            (&[("x-ratelimit-reset-tokens", "")], None),
            (&[("x-ratelimit-reset-tokens", "5w")], None),
            (&[("retry-after", "2"), ("x-ratelimit-reset-tokens", "9s")], Some(2_000_000)),
        ];
        for (headers, expected) in cases {
            assert_eq!(wait(headers), *expected, "{headers:?}");
        }
    }

    #[test]
    fn of_several_budgets_the_spent_ones_are_waited_for() {
        let resets = [("x-ratelimit-reset-requests", "8s"), ("x-ratelimit-reset-tokens", "3s")];
        let spent = |budget| [resets[0], resets[1], (budget, "0")];
        assert_eq!(wait(&resets), Some(8_000_000), "none says that it is spent");
        assert_eq!(wait(&spent("x-ratelimit-remaining-tokens")), Some(3_000_000));
        assert_eq!(wait(&spent("x-ratelimit-remaining-requests")), Some(8_000_000));
    }

    #[test]
    fn a_date_without_the_endpoints_own_time_is_measured_by_our_clock() {
        let year = 31_536_000_000_000;
        assert!(wait(&[("retry-after", "Thu, 31 Dec 2999 23:59:59 GMT")]).unwrap() > 800 * year);
    }
}
