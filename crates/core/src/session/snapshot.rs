//! A session's state as bytes, so that a long log need not be folded from its beginning.
//!
//! A snapshot is a cache: what it says stands in the log as well, and one that does not fit in
//! every respect is not there. It does not outlive a change of the fold: the sources that make the
//! state are part of its header.
//!
//! ```text
//! 0      version of this layout (1)
//! 1      fold: a digest of FOLD_VERSION and of the sources u64, highest kind known u16
//! 11     the state, as JSON
//! last 4 crc32c (little endian) of the session's id and of everything before
//! ```

use super::state::SessionState;
use crate::id::SessionId;
use crate::limits::SNAPSHOT_BYTES_MAX;
use crate::record::Kind;

/// The version of the fold. To be raised when what a log folds to changes by a change elsewhere
/// than in the sources that `FOLD` is made of.
pub const FOLD_VERSION: u32 = 1;

const LAYOUT: u8 = 1;
const HEADER_BYTES: usize = 11;
const CHECKSUM_BYTES: usize = 4;

/// Changes with whatever the state is made by.
const FOLD: u64 = {
    let mut digest = fnv(0xcbf2_9ce4_8422_2325, &FOLD_VERSION.to_le_bytes());
    digest = fnv(digest, include_bytes!("evolve.rs"));
    digest = fnv(digest, include_bytes!("state.rs"));
    digest = fnv(digest, include_bytes!("../record/payload.rs"));
    digest = fnv(digest, include_bytes!("../tool/mod.rs"));
    digest = fnv(digest, include_bytes!("../model/mod.rs"));
    digest = fnv(digest, include_bytes!("../limits.rs"));
    fnv(digest, include_bytes!("../agent/policy.rs"))
};

/// FNV-1a, of eight bytes at a time: it runs while this is compiled.
const fn fnv(mut digest: u64, bytes: &[u8]) -> u64 {
    let mut rest = bytes;
    while let Some((word, tail)) = rest.split_first_chunk::<8>() {
        digest = (digest ^ u64::from_le_bytes(*word)).wrapping_mul(0x0100_0000_01b3);
        rest = tail;
    }
    while let Some((byte, tail)) = rest.split_first() {
        digest = (digest ^ *byte as u64).wrapping_mul(0x0100_0000_01b3);
        rest = tail;
    }
    digest
}

fn header() -> [u8; HEADER_BYTES] {
    let highest = Kind::ALL.iter().map(|kind| kind.code()).max().unwrap_or_default();
    let mut header = [LAYOUT; HEADER_BYTES];
    header[1..9].copy_from_slice(&FOLD.to_le_bytes());
    header[9..].copy_from_slice(&highest.to_le_bytes());
    header
}

fn checksum(session: SessionId, body: &[u8]) -> [u8; CHECKSUM_BYTES] {
    crc32c::crc32c_append(crc32c::crc32c(&session.to_bytes()), body).to_le_bytes()
}

/// The state as bytes. `None` for a session that does not exist, and for a state that is too large
/// to be worth keeping (much waits in its queue).
pub fn encode(state: &SessionState) -> Option<Vec<u8>> {
    let session = state.session?;
    let mut bytes = header().to_vec();
    serde_json::to_writer(&mut bytes, state).ok()?;
    bytes.extend(checksum(session, &bytes));
    (bytes.len() <= SNAPSHOT_BYTES_MAX).then_some(bytes)
}

/// The state of a session that [`encode`] made these bytes of. `None` for anything else: damage,
/// another session's, or another version's. That is never an error: the log says it all.
pub fn decode(session: SessionId, bytes: &[u8]) -> Option<SessionState> {
    let (body, sum) = bytes.split_at_checked(bytes.len().checked_sub(CHECKSUM_BYTES)?)?;
    let json = body.strip_prefix(&header())?;
    if checksum(session, body) != sum {
        return None;
    }
    let state: SessionState = serde_json::from_slice(json).ok()?;
    // A field that was added or left out since reads back as something else than was written.
    let same = serde_json::to_vec(&state).is_ok_and(|again| again == json);
    (same && state.session == Some(session)).then_some(state)
}

/// A kind by its name.
pub(super) mod kind {
    use serde::{Deserialize, Deserializer, Serializer, de};

    use crate::record::Kind;

    pub fn serialize<S: Serializer>(kind: &Kind, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&kind.name())
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Kind, D::Error> {
        let name = String::deserialize(deserializer)?;
        Kind::from_name(&name).ok_or_else(|| de::Error::custom("an unknown kind"))
    }
}

/// A payload, which is JSON, as text.
pub(super) mod payload {
    use bytes::Bytes;
    use serde::{Deserialize, Deserializer, Serializer, ser};

    pub fn serialize<S: Serializer>(payload: &Bytes, serializer: S) -> Result<S::Ok, S::Error> {
        let text = std::str::from_utf8(payload).map_err(ser::Error::custom)?;
        serializer.serialize_str(text)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Bytes, D::Error> {
        String::deserialize(deserializer).map(Bytes::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state() -> SessionState {
        SessionState { seq: 7, session: Some(SessionId(5)), ..SessionState::default() }
    }

    #[test]
    fn a_snapshot_reads_back_and_is_one_session_s() {
        let bytes = encode(&state()).unwrap();
        assert_eq!(decode(SessionId(5), &bytes), Some(state()));
        assert_eq!(decode(SessionId(6), &bytes), None);
        assert_eq!(encode(&SessionState::default()), None);
    }

    #[test]
    fn any_damage_makes_it_nothing() {
        let bytes = encode(&state()).unwrap();
        for at in 0..bytes.len() {
            for bit in 0..8 {
                let mut bad = bytes.clone();
                bad[at] ^= 1 << bit;
                assert_eq!(decode(SessionId(5), &bad), None, "byte {at} bit {bit}");
            }
            assert_eq!(decode(SessionId(5), &bytes[..at]), None, "cut at {at}");
        }
    }

    /// The bytes with other JSON or another header, under a checksum that fits.
    fn forged(change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
        let mut bytes = encode(&state()).unwrap();
        bytes.truncate(bytes.len() - CHECKSUM_BYTES);
        change(&mut bytes);
        bytes.extend(checksum(SessionId(5), &bytes));
        bytes
    }

    #[test]
    fn another_fold_or_more_kinds_make_it_nothing() {
        assert!(decode(SessionId(5), &forged(|_| {})).is_some());
        for at in 0..HEADER_BYTES {
            assert_eq!(decode(SessionId(5), &forged(|bytes| bytes[at] ^= 1)), None, "byte {at}");
        }
    }

    #[test]
    fn a_field_too_many_or_too_few_makes_it_nothing() {
        let without = |text: &str| {
            let text = text.to_owned();
            forged(move |bytes| {
                let json = String::from_utf8(bytes.split_off(HEADER_BYTES)).unwrap();
                assert!(json.contains(&text), "{json}");
                bytes.extend(json.replacen(&text, "", 1).bytes());
            })
        };
        assert_eq!(decode(SessionId(5), &without("\"hand\":null,")), None);
        let more = forged(|bytes| {
            let end = bytes.len() - 1;
            bytes.splice(end..end, *b",\"new\":1");
        });
        assert_eq!(decode(SessionId(5), &more), None);
    }

    #[test]
    fn a_state_that_is_too_large_is_not_worth_keeping() {
        let huge = "x".repeat(SNAPSHOT_BYTES_MAX);
        let metadata = std::sync::Arc::new([("huge".to_owned(), huge)].into());
        assert_eq!(encode(&SessionState { metadata, ..state() }), None);
    }
}
