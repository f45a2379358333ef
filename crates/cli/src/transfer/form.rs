//! A session's log as a file: a header, then one record per line, all of it JSON.
//!
//! A record's payload stands in its line as it stands in the log, byte for byte, so that what is
//! read back is the log itself. The checksum in the header is over all that follows it.

use std::borrow::Cow;

use anyhow::{Context, bail, ensure};
use bytes::Bytes;
use planaria_core::id::EventId;
use planaria_core::record::Kind;
use planaria_core::{Record, SessionId};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use xxhash_rust::xxh3::Xxh3;

/// What a file says it is.
pub const FORMAT: &str = "planaria-session";
/// The version of the form that is written, and the newest that is read.
pub const VERSION: u32 = 1;

/// The first line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// [`FORMAT`].
    pub format: String,
    /// [`VERSION`].
    pub version: u32,
    /// Whose log it is.
    pub session: SessionId,
    /// The agent's name.
    pub agent: String,
    /// The fleet that the session belongs to, if it does.
    pub fleet: Option<String>,
    /// Its name there.
    pub name: Option<String>,
    /// How many records follow.
    pub records: u64,
    /// Whether something was under way: a model request, a call or a wait.
    pub at_work: bool,
    /// Of everything behind this line, as [`Checksum::word`] has it.
    pub checksum: String,
    /// The version that wrote the file.
    pub planaria: String,
}

/// What every version's first line has.
#[derive(Deserialize)]
struct Kin {
    format: String,
    version: u32,
}

impl Header {
    /// Reads a first line.
    ///
    /// # Errors
    /// When it is not the header of a file that this version reads.
    pub fn parse(line: &str) -> anyhow::Result<Self> {
        let kin: Option<Kin> = serde_json::from_str(line).ok();
        let Some(Kin { version, .. }) = kin.filter(|kin| kin.format == FORMAT) else {
            bail!("this is not a file that `planaria export` writes");
        };
        ensure!(
            version <= VERSION,
            "the file has form {version}; this version reads up to {VERSION}: use a newer planaria"
        );
        serde_json::from_str(line).context("the header")
    }
}

/// A record as a line.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row<'a> {
    seq: u64,
    id: EventId,
    at_us: u64,
    kind: Cow<'a, str>,
    thread: u32,
    epoch: u64,
    /// The payload, where it is JSON on one line.
    #[serde(borrow, skip_serializing_if = "Option::is_none", default)]
    payload: Option<&'a RawValue>,
    /// The payload as a text, where it is not.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    text: Option<String>,
}

/// A record as one line.
///
/// # Errors
/// When its payload is not text.
pub fn encode(record: &Record) -> anyhow::Result<String> {
    let text = std::str::from_utf8(&record.payload)
        .with_context(|| format!("record {} is not text", record.seq))?;
    let raw = serde_json::from_str::<&RawValue>(text).ok();
    let raw = raw.filter(|raw| raw.get() == text && !text.contains(['\n', '\r']));
    let row = Row {
        seq: record.seq,
        id: record.id,
        at_us: record.at_us,
        kind: record.kind.name(),
        thread: record.thread,
        epoch: record.epoch,
        payload: raw,
        text: raw.is_none().then(|| text.to_owned()),
    };
    Ok(serde_json::to_string(&row)?)
}

/// The inverse of [`encode`].
///
/// # Errors
/// When the line is none, or its kind is not known: every kind counts, so none may be passed over.
pub fn decode(line: &str) -> anyhow::Result<Record> {
    let row: Row<'_> = serde_json::from_str(line)?;
    let kind = Kind::from_name(&row.kind).with_context(|| {
        format!("this version does not know records of kind `{}`: use a newer planaria", row.kind)
    })?;
    let payload = match (row.payload, row.text) {
        (Some(raw), None) => Bytes::copy_from_slice(raw.get().as_bytes()),
        (None, Some(text)) => Bytes::from(text),
        _ => bail!("a record has either a payload or a text"),
    };
    let Row { seq, id, at_us, thread, epoch, .. } = row;
    Ok(Record { seq, id, at_us, kind, thread, epoch, payload })
}

/// The checksum of lines, as `xxh128sum` has it of the bytes behind the header.
#[derive(Default)]
pub struct Checksum(Xxh3);

impl Checksum {
    /// One more line.
    pub fn add(&mut self, line: &str) {
        self.0.update(line.as_bytes());
        self.0.update(b"\n");
    }

    /// What the header says.
    pub fn word(&self) -> String {
        format!("xxh3-128:{:032x}", self.0.digest128())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn payload() -> impl Strategy<Value = String> {
        prop_oneof![
            Just("{}".to_owned()),
            Just(" { \"a\" :\n1 }\n".to_owned()),
            Just("not json".to_owned()),
            "\\PC{0,40}".prop_map(|text| serde_json::json!({ "text": text }).to_string()),
            any::<f64>().prop_map(|n| format!("{{\"n\": {n:?}}}")),
            any::<String>(),
        ]
    }

    proptest! {
        #[test]
        fn a_record_comes_back_byte_for_byte(
            (seq, id, at_us) in any::<(u64, u128, u64)>(),
            (thread, epoch) in any::<(u32, u64)>(),
            kind in proptest::sample::select(Kind::ALL),
            payload in payload(),
        ) {
            let id = EventId(id);
            let record = Record { seq, id, at_us, kind, thread, epoch, payload: payload.into() };
            let line = encode(&record).expect("text");
            prop_assert!(!line.contains('\n'));
            prop_assert_eq!(decode(&line).expect("our own line"), record);
        }
    }

    #[test]
    fn a_kind_of_tomorrow_a_field_too_many_and_a_payload_too_few_are_refused() {
        let record = Record {
            seq: 1,
            id: EventId(1),
            at_us: 1,
            kind: Kind::Claim,
            thread: 0,
            epoch: 1,
            payload: "{}".into(),
        };
        let line = encode(&record).expect("text");
        let refused = |line: String| format!("{:#}", decode(&line).expect_err("refused"));
        let tomorrow = refused(line.replace("\"claim\"", "\"tomorrow\""));
        assert!(tomorrow.contains("`tomorrow`") && tomorrow.contains("newer"), "{tomorrow}");
        assert!(refused(line.replace("\"seq\"", "\"more\":1,\"seq\"")).contains("more"));
        assert!(refused(line.replace(",\"payload\":{}", "")).contains("either"));
    }

    #[test]
    fn a_first_line_of_something_else_or_of_tomorrow_is_told_apart() {
        let refused = |line: &str| Header::parse(line).expect_err("refused").to_string();
        assert!(refused("hello").contains("not a file"));
        assert!(refused(r#"{"format":"other","version":1}"#).contains("not a file"));
        let tomorrow = r#"{"format":"planaria-session","version":2}"#;
        assert!(refused(tomorrow).contains("newer planaria"));
    }
}
