//! From a record to the event that the API shows.

use crate::id::EventId;

use super::Record;

/// RFC 3339 in UTC with microseconds, as the API has it.
///
/// Times beyond the calendar (year 9999) are shown as its end.
pub fn timestamp(at_us: u64) -> String {
    let micros = i64::try_from(at_us).unwrap_or(i64::MAX);
    let stamp = jiff::Timestamp::from_microsecond(micros).unwrap_or(jiff::Timestamp::MAX);
    format!("{stamp:.6}")
}

fn assemble(name: &str, id: EventId, payload: &[u8], processed_at: Option<u64>) -> String {
    let fields = std::str::from_utf8(payload).unwrap_or("{}").trim();
    let inner = fields.strip_prefix('{').and_then(|f| f.strip_suffix('}')).unwrap_or("").trim();
    let mut out = String::with_capacity(inner.len() + 128);
    out.push_str(r#"{"type":""#);
    out.push_str(name);
    out.push_str(r#"","id":""#);
    out.push_str(&id.to_string());
    out.push('"');
    if !inner.is_empty() {
        out.push(',');
        out.push_str(inner);
    }
    out.push_str(r#","processed_at":"#);
    match processed_at {
        Some(at) => {
            out.push('"');
            out.push_str(&timestamp(at));
            out.push('"');
        }
        None => out.push_str("null"),
    }
    out.push('}');
    out
}

/// The API event that a public record is; `None` for a private one.
pub fn event_json(record: &Record) -> Option<String> {
    record
        .kind
        .is_public()
        .then(|| assemble(&record.kind.name(), record.id, &record.payload, Some(record.at_us)))
}

/// A client's event that waits to be taken up, with `processed_at` null.
pub fn queued_json(name: &str, id: EventId, payload: &[u8]) -> String {
    assemble(name, id, payload, None)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::record::Kind;

    #[test]
    fn a_public_record_becomes_its_event_and_a_private_one_nothing() {
        let mut record = Record {
            seq: 1,
            id: EventId(1),
            at_us: 1_783_336_670_967_906,
            kind: Kind::UserMessage,
            thread: 0,
            epoch: 1,
            payload: Bytes::from_static(br#"{"content":[{"type":"text","text":"hi"}]}"#),
        };
        let event: serde_json::Value = serde_json::from_str(&event_json(&record).unwrap()).unwrap();
        assert_eq!(event["type"], "user.message");
        assert_eq!(event["id"], EventId(1).to_string());
        assert_eq!(event["content"][0]["text"], "hi");
        assert_eq!(event["processed_at"], "2026-07-06T11:17:50.967906Z");
        record.payload = Bytes::from_static(b"{}");
        record.kind = Kind::SessionStatusRunning;
        serde_json::from_str::<serde_json::Value>(&event_json(&record).unwrap()).unwrap();
        record.kind = Kind::Claim;
        assert_eq!(event_json(&record), None);
    }
}
