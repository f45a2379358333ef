//! The side that answers.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use planaria_core::event::ClientEvent;
use planaria_runtime::Runtime;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, BufWriter};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::{End, Request, place};
use crate::data;
use crate::limits::{ACCEPT_WAIT, ANSWER_WAIT, CONNECTIONS_MAX, FRAME_BYTES_MAX, STALL_WAIT};

/// Answers requests until dropped.
pub fn serve(data_dir: &Path, runtime: Runtime) -> anyhow::Result<tokio::task::JoinHandle<()>> {
    let (_dir, path) = place(data_dir)?;
    // The store's lock is held: a socket that lies here belongs to a dead process.
    let _ = std::fs::remove_file(&path);
    let listener = UnixListener::bind(&path)
        .with_context(|| format!("listen on {}", data_dir.join("control.sock").display()))?;
    // Whoever can connect can speak to sessions.
    std::fs::set_permissions(&path, Permissions::from_mode(0o600))?;
    let door = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    Ok(tokio::spawn(async move {
        loop {
            let permit = door.clone().acquire_owned().await.expect("the door is never closed");
            let Ok((stream, _)) = listener.accept().await else {
                // Nobody can look in for a moment.
                tokio::time::sleep(ACCEPT_WAIT).await;
                continue;
            };
            let runtime = runtime.clone();
            tokio::spawn(async move {
                if let Err(error) = answer(stream, &runtime).await {
                    tracing::debug!(error = format!("{error:#}"), "a control request ended early");
                }
                drop(permit);
            });
        }
    }))
}

async fn answer(stream: UnixStream, runtime: &Runtime) -> anyhow::Result<()> {
    let (read, write) = stream.into_split();
    let mut read = BufReader::new(read.take(FRAME_BYTES_MAX as u64));
    let mut line = String::new();
    timeout(ANSWER_WAIT, read.read_line(&mut line)).await.context("no request came")??;
    let mut sink = Sink(BufWriter::new(write));
    let mut read = read.into_inner().into_inner();
    let end = tokio::select! { biased;
        () = gone(&mut read) => return Ok(()),
        done = lines(&line, runtime, &mut sink) => done.err().map(|error| format!("{error:#}")),
    };
    sink.line(&serde_json::to_string(&End { end })?).await?;
    sink.flush().await?;
    Ok(timeout(STALL_WAIT, sink.0.shutdown()).await??)
}

/// The asker says nothing more: an end of its side means that it has gone.
async fn gone(read: &mut OwnedReadHalf) {
    let mut byte = [0];
    while matches!(read.read(&mut byte).await, Ok(1..)) {}
}

/// Where lines go. Waits when the asker does not take them.
struct Sink(BufWriter<OwnedWriteHalf>);

impl Sink {
    async fn line(&mut self, line: &str) -> anyhow::Result<()> {
        anyhow::ensure!(line.len() < FRAME_BYTES_MAX, "a line of {} bytes", line.len());
        let write = async {
            self.0.write_all(line.as_bytes()).await?;
            self.0.write_all(b"\n").await
        };
        Ok(timeout(STALL_WAIT, write).await.context("nobody takes the answer")??)
    }

    /// Before a wait.
    async fn flush(&mut self) -> anyhow::Result<()> {
        let flushed = timeout(STALL_WAIT, self.0.flush()).await;
        Ok(flushed.context("nobody takes the answer")??)
    }
}

async fn lines(request: &str, runtime: &Runtime, sink: &mut Sink) -> anyhow::Result<()> {
    let store = runtime.store();
    match serde_json::from_str(request).context("a request that this version does not know")? {
        Request::Tree => {
            for line in crate::tree::lines(runtime) {
                sink.line(&serde_json::to_string(&line)?).await?;
            }
        }
        Request::Current { fleet } => {
            let current = crate::up::current(store.as_ref(), &fleet).await?;
            sink.line(&serde_json::to_string(&current)?).await?;
        }
        Request::Events { session, filter, follow } => {
            let id = data::session(store.as_ref(), &session).await?;
            let follow = follow.then(|| runtime.clone());
            let mut rows = crate::events::Rows::new(store, id, filter, follow).await?;
            while let Some(page) = rows.next().await? {
                for line in &page {
                    sink.line(line).await?;
                }
                sink.flush().await?;
            }
        }
        Request::Export { session, force } => {
            let id = data::session(store.as_ref(), &session).await?;
            let mut export = crate::transfer::export::Export::new(store, id, force).await?;
            while let Some(page) = export.next().await? {
                for line in &page {
                    sink.line(line).await?;
                }
            }
        }
        Request::Send { session, event } => {
            let id = data::session(store.as_ref(), &session).await?;
            let event: ClientEvent = serde_json::from_value(event)?;
            for sent in runtime.send(id, vec![event]).await? {
                sink.line(&sent.event).await?;
            }
        }
    }
    Ok(())
}
