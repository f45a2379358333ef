//! How another `planaria` process looks into a running one: one request line, JSON lines back, on a
//! Unix socket inside the data directory, so that its permissions are the directory's.

use std::fs::File;
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use planaria_runtime::Runtime;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};

/// Longest request: a word and an id.
const REQUEST_BYTES_MAX: u64 = 1_024;

/// How long one request may take, so that a silent client holds nothing for ever.
const ANSWER_WAIT: Duration = Duration::from_secs(30);
/// Pause after a connection that could not be accepted.
const ACCEPT_WAIT: Duration = Duration::from_secs(1);

/// What may be asked.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "snake_case")]
pub enum Request {
    /// The supervision tree: one node per line.
    Tree,
    /// What is known of a fleet's sessions, as one line.
    Current {
        /// The fleet's name.
        fleet: String,
    },
    /// A session's records: one per line.
    Events {
        /// Id or name.
        session: String,
        /// Private ones too.
        all: bool,
    },
}

/// Where the socket lies, as a path that is short however long the directory's is: socket addresses
/// end at 108 bytes. It is good as long as the file is open.
fn place(data_dir: &Path) -> anyhow::Result<(File, PathBuf)> {
    let dir = File::open(data_dir)?;
    let path = format!("/proc/self/fd/{}/control.sock", dir.as_raw_fd());
    Ok((dir, path.into()))
}

/// Answers requests until dropped.
pub fn serve(data_dir: &Path, runtime: Runtime) -> anyhow::Result<tokio::task::JoinHandle<()>> {
    let (_dir, path) = place(data_dir)?;
    // The store's lock is held: a socket that lies here belongs to a dead process.
    let _ = std::fs::remove_file(&path);
    let listener = UnixListener::bind(&path)
        .with_context(|| format!("listen on {}", data_dir.join("control.sock").display()))?;
    Ok(tokio::spawn(async move {
        loop {
            let Ok((stream, _)) = listener.accept().await else {
                // Out of files, perhaps: nobody can look in for a moment.
                tokio::time::sleep(ACCEPT_WAIT).await;
                continue;
            };
            let runtime = runtime.clone();
            tokio::spawn(async move {
                match tokio::time::timeout(ANSWER_WAIT, answer(stream, &runtime)).await {
                    Ok(Ok(())) => {}
                    Ok(Err(error)) => tracing::debug!(%error, "a control request was not answered"),
                    Err(_) => tracing::debug!("a control request took too long"),
                }
            });
        }
    }))
}

/// The last line of an answer: without it, the answer is not whole.
#[derive(Debug, Serialize, Deserialize)]
struct End {
    /// Why there is no answer, in words.
    end: Option<String>,
}

async fn answer(stream: UnixStream, runtime: &Runtime) -> anyhow::Result<()> {
    let (read, mut write) = stream.into_split();
    let mut line = String::new();
    BufReader::new(read.take(REQUEST_BYTES_MAX)).read_line(&mut line).await?;
    let (lines, end) = match lines(&line, runtime).await {
        Ok(lines) => (lines, None),
        Err(error) => (Vec::new(), Some(format!("{error:#}"))),
    };
    let end = serde_json::to_string(&End { end })?;
    for line in lines.iter().chain([&end]) {
        write.write_all(line.as_bytes()).await?;
        write.write_all(b"\n").await?;
    }
    Ok(write.shutdown().await?)
}

async fn lines(request: &str, runtime: &Runtime) -> anyhow::Result<Vec<String>> {
    match serde_json::from_str(request)? {
        Request::Tree => crate::tree::lines(runtime),
        Request::Current { fleet } => {
            let current = crate::up::current(runtime.store().as_ref(), &fleet).await?;
            Ok(vec![serde_json::to_string(&current)?])
        }
        Request::Events { session, all } => {
            crate::events::lines(runtime.store().as_ref(), &session, all).await
        }
    }
}

/// Asks the process that runs on this data directory; `None` if there is none.
pub async fn ask(data_dir: &Path, request: &Request) -> anyhow::Result<Option<Vec<String>>> {
    let Ok((_dir, path)) = place(data_dir) else { return Ok(None) };
    let Ok(stream) = UnixStream::connect(path).await else { return Ok(None) };
    let answer = tokio::time::timeout(ANSWER_WAIT, exchange(stream, request)).await;
    let answer = answer.context("the planaria that runs there does not answer")??;
    Ok(Some(answer))
}

async fn exchange(mut stream: UnixStream, request: &Request) -> anyhow::Result<Vec<String>> {
    let mut line = serde_json::to_string(request)?;
    line.push('\n');
    stream.write_all(line.as_bytes()).await?;
    let mut lines = BufReader::new(stream).lines();
    let mut answer = Vec::new();
    while let Some(line) = lines.next_line().await? {
        answer.push(line);
    }
    let last = answer.pop().unwrap_or_default();
    let End { end } =
        serde_json::from_str(&last).context("the planaria that ran there ended meanwhile")?;
    match end {
        Some(problem) => anyhow::bail!("{problem}"),
        None => Ok(answer),
    }
}
