//! A record as bytes.
//!
//! ```text
//! 0      version (1)
//! 1      header length n
//! 2      header: bincode 2 `standard()` of the fields of `HeaderV1`
//! 2+n    payload, as JSON
//! last 4 crc32c (little endian) of the key and of everything before
//! ```
//! The key is `session(16) ++ seq(8, big endian)`; it is under the checksum, so a record that turns
//! up in another place is damage too. A header field is never added or changed: that is a new
//! version byte with a new struct, and this decoder stays.

use bincode::{Decode, Encode};
use bytes::Bytes;

use super::{Kind, Record};
use crate::id::{EventId, SessionId};
use crate::limits::{HEADER_BYTES_MAX, RECORD_BYTES_MAX};

/// The version that this build writes.
pub const VERSION: u8 = 1;

/// An older binary that does not know the kind must not go on with the session.
const CRITICAL: u32 = 1;

#[derive(Encode, Decode)]
struct HeaderV1 {
    seq: u64,
    id: [u8; 16],
    at_us: u64,
    kind: u16,
    thread: u32,
    epoch: u64,
    flags: u32,
    /// Reserved for payloads encrypted under a key per session.
    key_id: u32,
    nonce: [u8; 12],
    payload_len: u32,
}

/// Why bytes are not a record that this version may use.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The checksum does not fit, or the bytes end too early.
    #[error("damaged record: {0}")]
    Damaged(&'static str),
    /// Written by a newer version.
    #[error("record format {0} is newer than this version's {VERSION}: use a newer planaria")]
    NewerVersion(u8),
    /// A kind that must be understood and is not.
    #[error("record of critical kind {0}, which this version does not know: use a newer planaria")]
    UnknownCritical(u16),
    /// The record is larger than a record may be.
    #[error("record of {0} bytes; at most {RECORD_BYTES_MAX} fit")]
    TooLarge(usize),
}

/// The key under which a record is stored.
pub fn key(session: SessionId, seq: u64) -> [u8; 24] {
    let mut key = [0; 24];
    key[..16].copy_from_slice(&session.to_bytes());
    key[16..].copy_from_slice(&seq.to_be_bytes());
    key
}

fn checksum(session: SessionId, seq: u64, body: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&key(session, seq)), body)
}

/// A record as bytes.
///
/// # Errors
/// [`Error::TooLarge`].
pub fn encode(session: SessionId, record: &Record) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    encode_into(&mut bytes, session, record)?;
    Ok(bytes)
}

/// [`encode`] in place of what is in the buffer, for whoever encodes many.
///
/// # Errors
/// [`Error::TooLarge`]; the buffer holds nothing of use then.
pub fn encode_into(bytes: &mut Vec<u8>, session: SessionId, record: &Record) -> Result<(), Error> {
    let header = HeaderV1 {
        seq: record.seq,
        id: record.id.to_bytes(),
        at_us: record.at_us,
        kind: record.kind.code(),
        thread: record.thread,
        epoch: record.epoch,
        // Every kind of this version changes the fold or the context: none may be passed over.
        flags: CRITICAL,
        key_id: 0,
        nonce: [0; 12],
        payload_len: u32::try_from(record.payload.len())
            .map_err(|_| Error::TooLarge(record.payload.len()))?,
    };
    let header = bincode::encode_to_vec(&header, bincode::config::standard())
        .expect("a header of primitives encodes");
    bytes.clear();
    bytes.reserve(2 + header.len() + record.payload.len() + 4);
    bytes.push(VERSION);
    bytes.push(u8::try_from(header.len()).expect("a header is about 100 bytes"));
    bytes.extend_from_slice(&header);
    bytes.extend_from_slice(&record.payload);
    let crc = checksum(session, record.seq, bytes);
    bytes.extend_from_slice(&crc.to_le_bytes());
    if bytes.len() > RECORD_BYTES_MAX {
        return Err(Error::TooLarge(bytes.len()));
    }
    Ok(())
}

/// The inverse of [`encode`], for the record stored under (`session`, `seq`).
///
/// # Errors
/// [`Error::Damaged`] for anything that was not written by `encode` under this key.
pub fn decode(session: SessionId, seq: u64, bytes: &[u8]) -> Result<Record, Error> {
    let (&version, _) = bytes.split_first().ok_or(Error::Damaged("empty"))?;
    if version > VERSION {
        return Err(Error::NewerVersion(version));
    }
    let body_len = bytes.len().checked_sub(4).ok_or(Error::Damaged("too short"))?;
    let (body, crc) = bytes.split_at(body_len);
    if checksum(session, seq, body).to_le_bytes() != crc {
        return Err(Error::Damaged("checksum mismatch"));
    }
    let header_len = usize::from(*body.get(1).ok_or(Error::Damaged("too short"))?);
    let header = body.get(2..2 + header_len).ok_or(Error::Damaged("header cut off"))?;
    let config = bincode::config::standard().with_limit::<HEADER_BYTES_MAX>();
    let (header, used): (HeaderV1, usize) = bincode::decode_from_slice(header, config)
        .map_err(|_| Error::Damaged("header does not decode"))?;
    let payload = &body[2 + header_len..];
    if used != header_len || header.seq != seq || header.payload_len as usize != payload.len() {
        return Err(Error::Damaged("header disagrees with its record"));
    }
    let kind = Kind::from_code(header.kind);
    if matches!(kind, Kind::Unknown(_)) && header.flags & CRITICAL != 0 {
        return Err(Error::UnknownCritical(header.kind));
    }
    Ok(Record {
        seq,
        id: EventId::from_bytes(header.id),
        at_us: header.at_us,
        kind,
        thread: header.thread,
        epoch: header.epoch,
        payload: Bytes::copy_from_slice(payload),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Record {
        Record {
            seq: 7,
            id: EventId(0x0123_4567_89ab_cdef_0011_2233_4455_6677),
            at_us: 1_764_000_000_000_000,
            kind: Kind::AgentMessage,
            thread: 0,
            epoch: 3,
            payload: Bytes::from_static(br#"{"content":[]}"#),
        }
    }

    /// The bytes of version 1. If this fails, an existing data directory can no longer be read:
    /// write a new version byte instead.
    const GOLDEN: &str = "012c070123456789abcdef0011223344556677fd004062415944060079000301000000000000000000000000000e7b22636f6e74656e74223a5b5d7d";

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|b| format!("{b:02x}")).collect()
    }

    #[test]
    fn version_1_is_golden() {
        let bytes = encode(SessionId(9), &sample()).unwrap();
        let body = &bytes[..bytes.len() - 4];
        assert_eq!(hex(body), GOLDEN);
        assert_eq!(decode(SessionId(9), 7, &bytes).unwrap(), sample());
    }

    #[test]
    fn any_flipped_bit_any_other_key_and_any_cut_is_damage() {
        let bytes = encode(SessionId(9), &sample()).unwrap();
        for at in 0..bytes.len() {
            for bit in 0..8 {
                let mut bad = bytes.clone();
                bad[at] ^= 1 << bit;
                assert!(decode(SessionId(9), 7, &bad).is_err(), "byte {at} bit {bit}");
            }
            assert!(decode(SessionId(9), 7, &bytes[..at]).is_err(), "cut at {at}");
        }
        assert!(decode(SessionId(8), 7, &bytes).is_err());
        assert!(decode(SessionId(9), 8, &bytes).is_err());
    }

    #[test]
    fn a_newer_version_and_an_unknown_critical_kind_are_named() {
        let mut bytes = encode(SessionId(9), &sample()).unwrap();
        bytes[0] = 2;
        assert_eq!(decode(SessionId(9), 7, &bytes), Err(Error::NewerVersion(2)));
        let mut record = sample();
        record.kind = Kind::Unknown(60_000);
        let bytes = encode(SessionId(9), &record).unwrap();
        assert_eq!(decode(SessionId(9), 7, &bytes), Err(Error::UnknownCritical(60_000)));
    }

    #[test]
    fn a_record_beyond_the_limit_is_refused() {
        let mut record = sample();
        record.payload = Bytes::from(vec![b' '; RECORD_BYTES_MAX]);
        assert!(matches!(encode(SessionId(9), &record), Err(Error::TooLarge(_))));
    }
}
