//! Records as JSON lines, page by page: nobody holds more of a log than a page.

use std::borrow::Cow;
use std::sync::Arc;

use anyhow::Context;
use planaria_core::id::EventId;
use planaria_core::port::store::{self, Store};
use planaria_core::record::{event_json, timestamp};
use planaria_core::{Record, SessionId};
use planaria_runtime::{Error, Follower, Runtime};
use serde::Serialize;
use serde_json::value::RawValue;

use super::filter::{Filter, Sieve, type_name};
use crate::limits::PAGE_RECORDS;

/// What every row begins with.
const BEGIN: &str = r#"{"seq":"#;

/// The rows of one log that a filter lets pass.
pub struct Rows {
    store: Arc<dyn Store>,
    id: SessionId,
    sieve: Sieve,
    next: u64,
    left: Option<u64>,
    follower: Option<Follower>,
    done: bool,
}

impl Rows {
    /// Finds the place to begin. With a runtime, the rows to come follow, until that ends.
    ///
    /// # Errors
    /// When there is no such session, or its log cannot be read.
    pub async fn new(
        store: Arc<dyn Store>,
        id: SessionId,
        filter: Filter,
        follow: Option<Runtime>,
    ) -> anyhow::Result<Self> {
        let head = store.head(id).await?.with_context(|| format!("there is no session {id}"))?;
        let sieve = filter.sieve()?;
        let mut next = filter.from.max(1);
        if let Some(since) = filter.since {
            next = first_since(store.as_ref(), id, next, head.seq, since).await?;
        }
        if let Some(tail) = filter.tail {
            let last = filter.to.unwrap_or(head.seq).min(head.seq);
            next = tail_start(store.as_ref(), id, next, last, &sieve, tail).await?;
        }
        let follower = follow.map(|runtime| runtime.follow(id, next));
        Ok(Self { store, id, sieve, next, left: filter.limit, follower, done: false })
    }

    /// The next rows, perhaps none; `None` after the last.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub async fn next(&mut self) -> anyhow::Result<Option<Vec<String>>> {
        if self.done || self.left == Some(0) {
            return Ok(None);
        }
        let page = match &mut self.follower {
            None => self.store.read(self.id, self.next, PAGE_RECORDS).await?,
            Some(follower) => match follower.next(PAGE_RECORDS).await {
                Ok(page) => page,
                // An orderly end of whoever writes.
                Err(Error::Ended(_) | Error::Store(store::Error::Closed)) => Vec::new(),
                Err(error) => return Err(error.into()),
            },
        };
        let Some(last) = page.last() else {
            self.done = true;
            return Ok(None);
        };
        self.next = last.seq + 1;
        let mut rows = Vec::new();
        for record in &page {
            if self.sieve.is_beyond(record) || self.left == Some(0) {
                self.done = true;
                break;
            }
            if self.sieve.passes(record) {
                rows.push(row(record));
                self.left = self.left.map(|left| left - 1);
            }
        }
        Ok(Some(rows))
    }
}

/// The first position of `from..=last` that is not before a time; times never fall along a log.
async fn first_since(
    store: &dyn Store,
    id: SessionId,
    from: u64,
    last: u64,
    since: u64,
) -> anyhow::Result<u64> {
    let (mut low, mut high) = (from, last.max(from.saturating_sub(1)) + 1);
    while low < high {
        let middle = low + (high - low) / 2;
        let page = store.read(id, middle, 1).await?;
        match page.first() {
            Some(record) if record.at_us < since => low = middle + 1,
            _ => high = middle,
        }
    }
    Ok(low)
}

/// Where the last `tail` of what passes begin. Looked for from the end, so that a long log costs
/// nothing.
async fn tail_start(
    store: &dyn Store,
    id: SessionId,
    from: u64,
    last: u64,
    sieve: &Sieve,
    tail: u64,
) -> anyhow::Result<u64> {
    let (mut end, mut found) = (last, 0);
    if tail == 0 {
        return Ok(last + 1);
    }
    while end >= from {
        let start = end.saturating_sub(PAGE_RECORDS as u64 - 1).max(from);
        let many = usize::try_from(end - start + 1).unwrap_or(PAGE_RECORDS);
        let page = store.read(id, start, many).await?;
        for record in page.iter().rev() {
            found += u64::from(!sieve.is_beyond(record) && sieve.passes(record));
            if found == tail {
                return Ok(record.seq);
            }
        }
        end = start - 1;
    }
    Ok(from)
}

/// A record as one line of JSON: the event of the API, or our own form of a private one, with its
/// position in front.
fn row(record: &Record) -> String {
    let event = event_json(record).unwrap_or_else(|| private(record));
    // Both are objects that are not empty.
    format!("{BEGIN}{},{}", record.seq, &event[1..])
}

/// The position that a row says.
pub fn position(row: &str) -> Option<u64> {
    row.strip_prefix(BEGIN)?.split_once(',')?.0.parse().ok()
}

/// A private record as it is shown.
#[derive(Serialize)]
struct Private<'a> {
    r#type: Cow<'static, str>,
    id: EventId,
    /// As it stands in the log.
    payload: Option<&'a RawValue>,
    processed_at: String,
}

fn private(record: &Record) -> String {
    let shown = Private {
        r#type: type_name(record.kind),
        id: record.id,
        payload: serde_json::from_slice(&record.payload).ok(),
        processed_at: timestamp(record.at_us),
    };
    serde_json::to_string(&shown).expect("plain values are JSON")
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use planaria_core::record::Kind;
    use serde_json::Value;

    use super::*;

    #[test]
    fn a_row_is_one_line_of_json_that_begins_with_its_position() {
        for (kind, name) in [(Kind::AgentMessage, "agent.message"), (Kind::Claim, "private.claim")]
        {
            let record = Record {
                seq: 17,
                id: EventId(1),
                at_us: 5,
                kind,
                thread: 0,
                epoch: 1,
                payload: Bytes::from_static(br#"{"content":[]}"#),
            };
            let line = row(&record);
            let value: Value = serde_json::from_str(&line).expect("JSON");
            assert_eq!((position(&line), &value["type"]), (Some(17), &Value::from(name)));
            assert!(!line.contains('\n'));
        }
        assert_eq!(position("{}"), None);
    }
}
