//! A task without a supervisor.

use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

/// A task that answers what it is asked.
pub struct Bare {
    task: JoinHandle<()>,
}

impl Bare {
    /// Starts it and waits for its first answer.
    pub async fn start() -> Self {
        let (asks, mut asked) = mpsc::channel::<oneshot::Sender<()>>(1);
        let task = tokio::spawn(async move {
            while let Some(reply) = asked.recv().await {
                let _ = reply.send(());
            }
            std::future::pending().await
        });
        let (reply, answer) = oneshot::channel();
        asks.send(reply).await.expect("it lives");
        answer.await.expect("it lives");
        Self { task }
    }

    /// Kills it and starts the next.
    pub async fn respawn(&mut self) -> Duration {
        let began = Instant::now();
        self.task.abort();
        let ended = (&mut self.task).await;
        assert!(ended.is_err(), "it was killed");
        *self = Self::start().await;
        began.elapsed()
    }
}
