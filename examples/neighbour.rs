//! An actor of your own in the same supervision tree as the agents.
//!
//! It counts, and fails on purpose; its supervisor restarts it, and no session notices.
//!
//! `cargo run --example neighbour -p planaria`

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use planaria::Runtime;
use planaria::drivers::env::SystemEnv;
use planaria::drivers::model::{Script, Scripted};
use planaria::drivers::store::{FjallStore, Options};
use planaria::supervisor::{ActorRef, ChildSpec, Flow, Worker, worker};
use tokio::sync::Notify;

/// Counts the things that it is told of. The fourth is too much for it.
struct Counter {
    seen: u32,
}

impl Worker for Counter {
    type Message = u32;

    fn handle(&mut self, _: &ActorRef<u32>, more: u32) -> Result<Flow, String> {
        self.seen += more;
        match self.seen {
            4.. => Err(format!("{} is too much", self.seen)),
            _ => Ok(Flow::Continue),
        }
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let starts = Arc::new(AtomicU32::new(0));
    let started = Arc::new(Notify::new());
    let (count, notify) = (starts.clone(), started.clone());
    let counter = ChildSpec::worker("counter", move |context| {
        let (count, notify) = (count.clone(), notify.clone());
        Box::pin(worker(context, move |me, _| {
            // Its first life is given more than it can take.
            if count.fetch_add(1, Ordering::Relaxed) == 0 {
                (0..4).try_for_each(|_| me.cast(1)).map_err(|error| error.to_string())?;
            }
            notify.notify_one();
            Ok(Counter { seen: 0 })
        }))
    });
    let data = tempfile::tempdir()?;
    let script = Script::parse("neighbour", "steps: [ { say: hello } ]")?;
    let runtime = Runtime::builder()
        .store(FjallStore::open(data.path(), Options::default())?)
        .env(SystemEnv::new())
        .provider(Scripted::new(Arc::new(script)))
        .child(counter)
        .start()
        .await?;
    while starts.load(Ordering::Relaxed) < 2 {
        started.notified().await;
    }
    for node in runtime.tree().iter().filter(|node| node.path.starts_with("runtime/host")) {
        let last = node.last_exit.as_deref().unwrap_or("none");
        println!("{}  {}  restarts {}  last exit: {last}", node.path, node.status, node.restarts);
    }
    runtime.shutdown(Duration::from_secs(5)).await;
    Ok(())
}
