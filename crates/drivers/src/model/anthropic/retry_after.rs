//! How long an endpoint asks us to wait.

use std::time::{SystemTime, UNIX_EPOCH};

use jiff::fmt::rfc2822::DateTimeParser;
use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};

/// Microseconds until the endpoint wants to be asked again, from `retry-after-ms` or `retry-after`
/// (seconds, or a date). Not bounded: that is the caller's policy. A wish to be asked at once is
/// none at all, so that our own back-off stays in place.
pub(super) fn retry_after(headers: &HeaderMap) -> Option<u64> {
    let text = |name: &str| Some(headers.get(name)?.to_str().ok()?.trim());
    let number = |text: &str| text.parse::<f64>().ok().filter(|number| number.is_finite());
    let wait = match text("retry-after-ms").and_then(number) {
        Some(milliseconds) => milliseconds * 1e3,
        None => {
            let wish = text(RETRY_AFTER.as_str())?;
            match number(wish) {
                Some(seconds) => seconds * 1e6,
                None => (seconds_of(wish)? - seconds_now(text(DATE.as_str()))) * 1e6,
            }
        }
    };
    // The conversion saturates, and takes negative numbers for 0.
    Some(wait as u64).filter(|wait| *wait > 0)
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
        retry_after(&pairs.collect())
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
        ];
        for (headers, expected) in cases {
            assert_eq!(wait(headers), *expected, "{headers:?}");
        }
    }

    #[test]
    fn a_date_without_the_endpoints_own_time_is_measured_by_our_clock() {
        let year = 31_536_000_000_000;
        assert!(wait(&[("retry-after", "Thu, 31 Dec 2999 23:59:59 GMT")]).unwrap() > 800 * year);
    }
}
