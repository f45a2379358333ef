//! The bound on what arrives, applied before anything is kept.

use std::error::Error as StdError;

use bytes::Bytes;
use futures_util::{Stream, StreamExt, stream};

use super::limits::{LINE_BYTES_MAX, STREAM_BYTES_MAX};
use super::status::chain;

/// Why no more bytes come.
#[derive(Debug, thiserror::Error)]
pub(super) enum Stopped {
    #[error("the connection failed: {0}")]
    Connection(String),
    #[error("a line has more than {LINE_BYTES_MAX} bytes")]
    Line,
    #[error("the stream has more than {STREAM_BYTES_MAX} bytes")]
    Stream,
}

/// The same bytes line by line, as long as lines and stream keep to their bounds. Line by line,
/// because the parser forgets what it has read of a piece when the rest of it is garbage: where the
/// network cuts must not decide what an answer is.
pub(super) fn bounded<S, E>(bytes: S) -> impl Stream<Item = Result<Bytes, Stopped>> + Send
where
    S: Stream<Item = Result<Bytes, E>> + Send,
    E: StdError,
{
    let mut gate = Gate::default();
    let chunks = bytes.map(|chunk| chunk.map_err(|error| Stopped::Connection(chain(&error))));
    chunks.flat_map(|chunk| stream::iter(lines(chunk))).map(move |piece| {
        let piece = piece?;
        gate.pass(&piece)?;
        Ok(piece)
    })
}

/// Cuts a chunk behind every line end.
fn lines(chunk: Result<Bytes, Stopped>) -> impl Iterator<Item = Result<Bytes, Stopped>> + Send {
    let mut rest = Some(chunk);
    std::iter::from_fn(move || match rest.take()? {
        Ok(mut chunk) => {
            let end = chunk.iter().position(ends_line).map_or(chunk.len(), |place| place + 1);
            let line = chunk.split_to(end);
            if !chunk.is_empty() {
                rest = Some(Ok(chunk));
            }
            Some(Ok(line))
        }
        Err(stopped) => Some(Err(stopped)),
    })
}

fn ends_line(byte: &u8) -> bool {
    matches!(byte, b'\n' | b'\r')
}

#[derive(Default)]
struct Gate {
    stream: usize,
    line: usize,
}

impl Gate {
    /// Counts a piece that has a line end at its own end or nowhere.
    fn pass(&mut self, piece: &[u8]) -> Result<(), Stopped> {
        let ended = piece.last().is_some_and(ends_line);
        self.stream += piece.len();
        self.line += piece.len() - usize::from(ended);
        if self.stream > STREAM_BYTES_MAX {
            return Err(Stopped::Stream);
        }
        if self.line > LINE_BYTES_MAX {
            return Err(Stopped::Line);
        }
        if ended {
            self.line = 0;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_at_its_bound_passes_however_it_is_cut_and_one_byte_more_does_not() {
        let line = vec![b'x'; LINE_BYTES_MAX];
        for cut in [0, 1, LINE_BYTES_MAX / 2, LINE_BYTES_MAX] {
            let mut gate = Gate::default();
            gate.pass(b"data: short\n").unwrap();
            gate.pass(&line[..cut]).unwrap();
            gate.pass(&line[cut..]).unwrap();
            assert!(matches!(gate.pass(b"x"), Err(Stopped::Line)));
        }
    }

    #[test]
    fn a_line_end_of_any_kind_starts_the_count_anew() {
        for end in ["\n", "\r", "\r\n"] {
            let mut gate = Gate::default();
            for _ in 0..3 {
                gate.pass(&vec![b'x'; LINE_BYTES_MAX]).unwrap();
                for byte in end.as_bytes() {
                    gate.pass(&[*byte]).unwrap();
                }
            }
        }
    }

    #[test]
    fn a_stream_of_short_lines_is_bounded_too() {
        let mut gate = Gate::default();
        let line = b": keep-alive\n";
        let passed = (0..).take_while(|_| gate.pass(line).is_ok()).count();
        assert_eq!(passed, STREAM_BYTES_MAX / line.len());
    }

    #[test]
    fn a_chunk_is_cut_behind_its_line_ends_and_loses_nothing() {
        let cut = |text: &'static str| -> Vec<Bytes> {
            lines(Ok(Bytes::from(text))).map(|line| line.unwrap()).collect()
        };
        assert_eq!(cut("a\r\nbc\n\nd"), ["a\r", "\n", "bc\n", "\n", "d"]);
        assert_eq!(cut("a\n"), ["a\n"]);
        assert_eq!(lines(Err(Stopped::Line)).count(), 1);
    }
}
