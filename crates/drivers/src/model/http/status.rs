//! What an endpoint says instead of an answer.

use std::error::Error as StdError;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use planaria_core::port::provider::Error;
use reqwest::header::{CONTENT_TYPE, HeaderMap, LOCATION};
use reqwest::{Response, StatusCode, Url};

use super::class::Class;
use super::limits::{REFUSAL_BYTES_MAX, REFUSAL_WAIT};
use super::refusal::Refusal;
use super::retry_after::{refilled_after, retry_after};

/// Lets an answer that has begun pass; everything else becomes an error.
pub(super) async fn check(response: Response, asked: &Url) -> Result<Response, Error> {
    let status = response.status();
    let headers = response.headers().clone();
    let media = header(&headers, CONTENT_TYPE.as_str()).unwrap_or_default();
    let is_stream = media.is_empty() || media.to_ascii_lowercase().starts_with("text/event-stream");
    if status == StatusCode::OK && is_stream {
        return Ok(response);
    }
    let text = beginning(response.bytes_stream(), REFUSAL_WAIT).await;
    let refusal = serde_json::from_str(&text).ok().and_then(|body| Refusal::read(&body));
    if !status.is_success() {
        return Err(refused(status, &headers, &text, refusal, asked));
    }
    let code = status.as_u16();
    Err(match refusal {
        // Some gateways have said yes before they know.
        Some(refusal) => {
            let class = Class::of_interruption(&refusal).told(should_retry(&headers));
            class.error(format!("{code}: {}", words(status, &headers, refusal)), None)
        }
        None => Error::Broken {
            message: format!(
                "status {code} with `{media}` where an event stream was promised: {}",
                quoted(&text)
            ),
        },
    })
}

fn refused(
    status: StatusCode,
    headers: &HeaderMap,
    text: &str,
    refusal: Option<Refusal>,
    asked: &Url,
) -> Error {
    let code = status.as_u16();
    let refusal =
        refusal.unwrap_or_else(|| Refusal { message: quoted(text), ..Refusal::default() });
    let class = Class::of_refusal(code, &refusal).told(should_retry(headers));
    let words = words(status, headers, refusal);
    let message = match code {
        300..=399 => {
            let to = header(headers, LOCATION.as_str()).unwrap_or_default();
            format!("{code}: {asked} redirects to `{to}`; set base_url to where it leads")
        }
        404 => format!("{code} from {asked} (check base_url and the model): {words}"),
        _ => format!("{code}: {words}"),
    };
    // Other refusals bring the budgets as well, and are not about them.
    let refill = || (code == 429).then(|| refilled_after(headers)).flatten();
    class.error(message, retry_after(headers).or_else(refill))
}

/// The endpoint's own words, and what its operators need to find the request.
fn words(status: StatusCode, headers: &HeaderMap, refusal: Refusal) -> String {
    let mut notes: Vec<String> = refusal.names().collect();
    let mut words = refusal.message;
    if words.is_empty() {
        words = status.canonical_reason().unwrap_or("no reason given").to_owned();
    }
    let request = ["request-id", "x-request-id"].iter().find_map(|name| header(headers, name));
    notes.extend(request.map(|id| format!("request {id}")));
    match notes.is_empty() {
        true => words,
        false => format!("{words} ({})", notes.join(", ")),
    }
}

/// An error that came in the middle of a stream, where there is no status.
pub(super) fn interrupted(refusal: Refusal) -> Error {
    let class = Class::of_interruption(&refusal);
    let mut notes: Vec<String> = refusal.names().collect();
    notes.extend(refusal.status().map(|status| status.to_string()));
    notes.push("in mid-stream".to_owned());
    class.error(format!("{} ({})", refusal.message, notes.join(", ")), None)
}

/// Whether the endpoint says to ask again, or not to. It knows better than its status tells.
fn should_retry(headers: &HeaderMap) -> Option<bool> {
    header(headers, "x-should-retry")?.parse().ok()
}

/// The first bytes of a body, as far as they come in time. What is missing is not worth an error of
/// its own.
async fn beginning<S, E>(body: S, wait: Duration) -> String
where
    S: Stream<Item = Result<Bytes, E>>,
{
    let mut kept = Vec::new();
    let mut body = std::pin::pin!(body);
    let reading = async {
        while let Some(Ok(chunk)) = body.next().await {
            let room = REFUSAL_BYTES_MAX - kept.len();
            kept.extend_from_slice(&chunk[..chunk.len().min(room)]);
            if kept.len() == REFUSAL_BYTES_MAX {
                break;
            }
        }
    };
    let _ = tokio::time::timeout(wait, reading).await;
    String::from_utf8_lossy(&kept).into_owned()
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// A text on one line. Not cut here: first the key has to be looked for in it.
fn quoted(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// An error with its causes; the outermost one alone seldom says what happened.
pub(super) fn chain(error: &dyn StdError) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.contains(&more) {
            text.push_str(": ");
            text.push_str(&more);
        }
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use futures_util::stream;

    use super::*;

    type Chunk = Result<Bytes, ()>;

    #[tokio::test(start_paused = true)]
    async fn a_refusal_that_stalls_is_told_by_what_came_before() {
        let body = stream::iter([Chunk::Ok("half a ".into()), Chunk::Ok("sentence".into())]);
        let stalling = body.chain(stream::pending());
        assert_eq!(beginning(stalling, REFUSAL_WAIT).await, "half a sentence");
    }

    #[tokio::test(start_paused = true)]
    async fn a_refusal_without_end_is_read_to_its_bound() {
        let body = stream::repeat_with(|| Chunk::Ok(Bytes::from(vec![b'x'; 1_000])));
        assert_eq!(beginning(body, REFUSAL_WAIT).await.len(), REFUSAL_BYTES_MAX);
    }
}
