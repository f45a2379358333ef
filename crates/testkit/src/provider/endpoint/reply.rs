//! What the endpoint answers, byte by byte.

use bytes::Bytes;
use serde_json::Value;

/// How an answer ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum End {
    /// As HTTP has it.
    Whole,
    /// The connection is closed where the next byte was due.
    Closed,
    /// The connection is reset there.
    Reset,
    /// Nothing more comes, and the connection stays open until the client gives up.
    Stalled,
}

/// One answer. A body is sent in chunks of HTTP, one for each piece, so that a client sees exactly
/// the cuts that were ordered.
#[derive(Debug, Clone)]
pub struct Reply {
    status: Option<u16>,
    headers: Vec<(String, String)>,
    body: Bytes,
    cuts: Vec<usize>,
    end: End,
}

impl Reply {
    /// A status without a body.
    pub fn status(status: u16) -> Self {
        let status = Some(status);
        Self { status, headers: vec![], body: Bytes::new(), cuts: vec![], end: End::Whole }
    }

    /// A stream of server-sent events.
    pub fn sse(body: impl Into<Bytes>) -> Self {
        Self::status(200).header("content-type", "text/event-stream").body(body)
    }

    /// A JSON document.
    pub fn json(status: u16, body: &Value) -> Self {
        Self::status(status).header("content-type", "application/json").body(body.to_string())
    }

    /// Bytes as they are, in the place of an HTTP response; then the connection is closed.
    pub fn raw(bytes: impl Into<Bytes>) -> Self {
        Self { status: None, end: End::Closed, ..Self::status(0) }.body(bytes)
    }

    /// Not a single byte, until the client gives up.
    pub fn silence() -> Self {
        Self::raw("").ending(End::Stalled)
    }

    /// One more header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The body.
    #[must_use]
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    /// Cuts the body at these places, in rising order. Places at or beyond its ends are no cuts.
    #[must_use]
    pub fn cut_at(mut self, places: impl IntoIterator<Item = usize>) -> Self {
        self.cuts = places.into_iter().collect();
        self
    }

    /// Another end than a proper one.
    #[must_use]
    pub fn ending(mut self, end: End) -> Self {
        self.end = end;
        self
    }

    /// What is written, one write each, and what comes after it.
    pub(super) fn pieces(&self) -> (Vec<Bytes>, End) {
        let Some(status) = self.status else {
            return (self.cut(), self.end);
        };
        let mut head = format!("HTTP/1.1 {status} \r\nconnection: close\r\n");
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("transfer-encoding: chunked\r\n\r\n");
        let mut pieces = vec![Bytes::from(head)];
        pieces.extend(self.cut().iter().map(chunk));
        if self.end == End::Whole {
            pieces.push(Bytes::from_static(b"0\r\n\r\n"));
        }
        (pieces, self.end)
    }

    fn cut(&self) -> Vec<Bytes> {
        let places = self.cuts.iter().copied().filter(|place| *place < self.body.len());
        let ends = places.chain([self.body.len()]);
        let mut from = 0;
        let pieces = ends.map(|end| self.body.slice(std::mem::replace(&mut from, end)..end));
        pieces.filter(|piece| !piece.is_empty()).collect()
    }
}

fn chunk(piece: &Bytes) -> Bytes {
    let mut chunk = format!("{:x}\r\n", piece.len()).into_bytes();
    chunk.extend_from_slice(piece);
    chunk.extend_from_slice(b"\r\n");
    Bytes::from(chunk)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_sent_in_the_pieces_that_were_ordered() {
        let (pieces, end) = Reply::sse("grüße").cut_at([0, 3, 4, 99]).pieces();
        assert_eq!(
            pieces[1..],
            [&b"3\r\ngr\xc3\r\n"[..], b"1\r\n\xbc\r\n", b"3\r\n\xc3\x9fe\r\n", b"0\r\n\r\n"]
        );
        assert_eq!(end, End::Whole);
    }

    #[test]
    fn an_answer_that_is_cut_off_has_no_last_chunk() {
        for end in [End::Closed, End::Reset, End::Stalled] {
            let (pieces, is) = Reply::sse("x").ending(end).pieces();
            assert_eq!((pieces.last().unwrap().as_ref(), is), (&b"1\r\nx\r\n"[..], end));
        }
    }
}
