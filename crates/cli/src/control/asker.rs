//! The side that asks.

use std::fs::File;
use std::path::Path;

use anyhow::{Context, bail};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::time::timeout;

use super::{End, Request, place};
use crate::limits::{ANSWER_WAIT, FRAME_BYTES_MAX};

/// An answer that arrives line by line.
pub struct Answer {
    read: BufReader<OwnedReadHalf>,
    /// Open as long as the answer is wanted: its end tells the other side that we have gone.
    _write: OwnedWriteHalf,
    _dir: File,
    follows: bool,
    ended: bool,
}

/// The other side went without a last word.
#[derive(Debug, thiserror::Error)]
#[error("the planaria that ran there ended meanwhile")]
pub struct Lost;

/// Asks the process that runs on this data directory for a whole answer; `None` if there is none.
///
/// # Errors
/// What the other side says instead of an answer, or [`Lost`].
pub async fn ask(data_dir: &Path, request: &Request) -> anyhow::Result<Option<Vec<String>>> {
    let Some(mut answer) = stream(data_dir, request).await? else { return Ok(None) };
    let mut lines = Vec::new();
    while let Some(line) = answer.next().await? {
        lines.push(line);
    }
    Ok(Some(lines))
}

/// As [`ask`], for an answer that is long or never ends.
///
/// # Errors
/// When the other side does not take the request.
pub async fn stream(data_dir: &Path, request: &Request) -> anyhow::Result<Option<Answer>> {
    let Ok((dir, path)) = place(data_dir) else { return Ok(None) };
    let Ok(stream) = UnixStream::connect(path).await else { return Ok(None) };
    let mut line = serde_json::to_string(request)?;
    line.push('\n');
    anyhow::ensure!(
        line.len() <= FRAME_BYTES_MAX,
        "the request has {} bytes, at most {FRAME_BYTES_MAX} fit",
        line.len()
    );
    let (read, mut write) = stream.into_split();
    let sent = timeout(ANSWER_WAIT, write.write_all(line.as_bytes())).await;
    sent.context("the planaria that runs there does not listen")?.map_err(|_| Lost)?;
    let follows = request.follows();
    let read = BufReader::new(read);
    Ok(Some(Answer { read, _write: write, _dir: dir, follows, ended: false }))
}

impl Answer {
    /// The next line; `None` after the last.
    ///
    /// # Errors
    /// What the other side says instead of an answer, or [`Lost`].
    pub async fn next(&mut self) -> anyhow::Result<Option<String>> {
        if self.ended {
            return Ok(None);
        }
        let line = if self.follows {
            self.line().await?
        } else {
            let line = timeout(ANSWER_WAIT, self.line()).await;
            line.context("the planaria that runs there does not answer")??
        };
        // Ours alone begin like this: events and nodes begin with another field.
        if !line.starts_with(r#"{"end":"#) {
            return Ok(Some(line));
        }
        self.ended = true;
        match serde_json::from_str::<End>(&line)?.end {
            Some(problem) => bail!("{problem}"),
            None => Ok(None),
        }
    }

    async fn line(&mut self) -> anyhow::Result<String> {
        let mut bytes = Vec::new();
        let mut bounded = (&mut self.read).take(FRAME_BYTES_MAX as u64);
        if bounded.read_until(b'\n', &mut bytes).await.is_err() || bytes.last() != Some(&b'\n') {
            return Err(Lost.into());
        }
        bytes.pop();
        Ok(String::from_utf8(bytes)?)
    }

    /// Whether more is there already, so that it need not be shown yet.
    pub fn has_more(&self) -> bool {
        !self.read.buffer().is_empty()
    }
}
