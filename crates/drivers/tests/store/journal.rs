//! A walk over fjall's journal, written from its format and sharing no code with the store.

/// Where a batch lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// Its first byte.
    pub start: usize,
    /// Where the value of each item begins and ends.
    pub values: Vec<(usize, usize)>,
    /// One past its last byte.
    pub end: usize,
}

/// The batches of an undamaged journal.
pub fn batches(bytes: &[u8]) -> Vec<Batch> {
    let u32_at = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap()) as usize;
    let mut found = Vec::new();
    let mut at = 0;
    while bytes.get(at) == Some(&1) {
        let start = at;
        let count = u32_at(at + 1);
        at += 13;
        let mut values = Vec::new();
        for _ in 0..count {
            assert_eq!(bytes[at], 2, "an item at {at}");
            let key = usize::from(u16::from_le_bytes(bytes[at + 11..at + 13].try_into().unwrap()));
            let value = at + 21 + key;
            at = value + u32_at(at + 17);
            values.push((value, at));
        }
        assert_eq!((bytes[at], &bytes[at + 9..at + 13]), (3, &b"FJL\x03"[..]));
        at += 13;
        found.push(Batch { start, values, end: at });
    }
    found
}
