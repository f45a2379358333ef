//! The last bytes of an output without end.

use std::collections::VecDeque;

use super::limits::OUTPUT_BYTES_MAX;

/// Stands in for a tab while escapes are stripped, which would take the tab along. A noncharacter:
/// no text has it.
const TAB: &str = "\u{fdd0}";
/// A newline and, in front of it, the character that ends every escape. An escape that nobody ended
/// would hide all that comes behind it.
const END: &str = "\x18\n";
const TRUNCATED: &str = "[output truncated]\n";

/// Keeps the last [`OUTPUT_BYTES_MAX`] bytes.
#[derive(Debug, Default)]
pub(super) struct Tail {
    bytes: VecDeque<u8>,
    truncated: bool,
}

impl Tail {
    pub fn push(&mut self, bytes: &[u8]) {
        let kept = &bytes[bytes.len().saturating_sub(OUTPUT_BYTES_MAX)..];
        let excess = (self.bytes.len() + kept.len()).saturating_sub(OUTPUT_BYTES_MAX);
        self.bytes.drain(..excess);
        self.bytes.extend(kept);
        self.truncated |= excess > 0 || kept.len() < bytes.len();
    }

    /// What was kept, as plain text, and begins anew.
    pub fn take(&mut self) -> String {
        let Self { bytes, truncated } = std::mem::take(self);
        let mut bytes = Vec::from(bytes);
        if truncated {
            // The cut may have gone through a character.
            let cut = bytes.iter().take(3).take_while(|byte| **byte & 0xc0 == 0x80).count();
            bytes.drain(..cut);
        }
        let text = String::from_utf8_lossy(&bytes).replace('\t', TAB).replace('\n', END);
        let text = strip_ansi_escapes::strip_str(text).replace(TAB, "\t");
        if truncated { format!("{TRUNCATED}{text}") } else { text }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(bytes: &[u8]) -> String {
        let mut tail = Tail::default();
        tail.push(bytes);
        tail.take()
    }

    #[test]
    fn escapes_and_control_characters_go_and_tabs_stay() {
        assert_eq!(taken(b"\x1b[1;31ma\x1b[0m\tb\x00\x07\r\n"), "a\tb\n");
        assert_eq!(taken(b"\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\"), "link");
        assert_eq!(taken(b"\x1b]52;c;c2VjcmV0\x07after"), "after");
        assert_eq!(taken(b"\xff\xc3\xa4"), "\u{fffd}\u{e4}");
    }

    #[test]
    fn an_escape_that_nobody_ended_hides_no_more_than_its_line() {
        for begin in ["\x1b]0;", "\x1bP", "\x1b_", "\x1b^", "\x1bX", "\x1b[", "\x1b[1;", "\x1b"] {
            let text = taken(format!("before{begin}title\nIMPORTANT\nerror: line\n").as_bytes());
            let rest = text.strip_prefix("before").unwrap();
            assert!(rest.ends_with("\nIMPORTANT\nerror: line\n"), "{begin:?}: {rest:?}");
        }
        assert_eq!(taken(b"a\x1b]0;t\nIMPORTANT\n"), "a\nIMPORTANT\n");
        assert_eq!(taken(b"a\x1b[\nIMPORTANT"), "a\nIMPORTANT");
    }

    #[test]
    fn the_last_bytes_are_kept_whatever_the_pieces() {
        let all: Vec<u8> = (0..3 * OUTPUT_BYTES_MAX).map(|n| b'a' + (n % 26) as u8).collect();
        let expected = String::from_utf8_lossy(&all[2 * OUTPUT_BYTES_MAX..]);
        for piece in [1_000, OUTPUT_BYTES_MAX, all.len()] {
            let mut tail = Tail::default();
            all.chunks(piece).for_each(|piece| tail.push(piece));
            assert!(tail.bytes.len() <= OUTPUT_BYTES_MAX);
            assert_eq!(tail.take(), format!("{TRUNCATED}{expected}"));
            assert_eq!(tail.take(), "", "it begins anew");
        }
        assert_eq!(taken(&all[..OUTPUT_BYTES_MAX]).len(), OUTPUT_BYTES_MAX);
    }

    #[test]
    fn a_character_that_the_cut_goes_through_is_left_out() {
        let text = "€".repeat(OUTPUT_BYTES_MAX);
        let kept = taken(text.as_bytes());
        assert!(!kept.contains('\u{fffd}'));
        assert_eq!(kept.chars().filter(|c| *c == '€').count(), OUTPUT_BYTES_MAX / 3);
    }
}
