//! What a client sent.

use std::io;

use bytes::Bytes;
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncReadExt};

use super::limits::{BODY_BYTES_MAX, HEAD_BYTES_MAX};

/// One request, as it arrived.
#[derive(Debug, Clone)]
pub struct Received {
    /// The method.
    pub method: String,
    /// Path and query.
    pub path: String,
    /// The headers in their order, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Bytes,
}

impl Received {
    /// The value of a header; of the first, if it came more than once.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(header, _)| header == name).map(|(_, value)| value.as_str())
    }

    /// The body as JSON.
    ///
    /// # Panics
    /// When it is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("the request's body is JSON")
    }
}

/// Reads one request with a `content-length`.
///
/// # Errors
/// When the client goes, or sends something else.
pub(super) async fn read(from: &mut (impl AsyncRead + Unpin)) -> io::Result<Received> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end;
        }
        if bytes.len() > HEAD_BYTES_MAX {
            return Err(wrong("the head is too long"));
        }
        if from.read_buf(&mut bytes).await? == 0 {
            return Err(wrong("the client went before its headers ended"));
        }
    };
    let head = std::str::from_utf8(&bytes[..end]).map_err(|_| wrong("the head is not UTF-8"))?;
    let mut received = head_of(head)?;
    let length = received.header("content-length").map_or(Ok(0), str::parse::<usize>);
    let length = length.map_err(|_| wrong("content-length is not a number"))?;
    if length > BODY_BYTES_MAX {
        return Err(wrong("the body is too long"));
    }
    let mut body = bytes.split_off(end + 4);
    while body.len() < length {
        if from.read_buf(&mut body).await? == 0 {
            return Err(wrong("the client went before its body ended"));
        }
    }
    received.body = Bytes::from(body);
    Ok(received)
}

fn head_of(head: &str) -> io::Result<Received> {
    let mut lines = head.split("\r\n");
    let mut words = lines.next().unwrap_or_default().split(' ');
    let (Some(method), Some(path)) = (words.next(), words.next()) else {
        return Err(wrong("the first line is not HTTP"));
    };
    let mut headers = Vec::new();
    for line in lines {
        let (name, value) =
            line.split_once(':').ok_or_else(|| wrong("a header without a colon"))?;
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    Ok(Received { method: method.to_owned(), path: path.to_owned(), headers, body: Bytes::new() })
}

fn wrong(problem: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, problem)
}
