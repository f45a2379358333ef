//! Files without anything around them.

use std::fs::File;
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::mpsc::{self, Receiver, Sender};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;
use tokio::task::JoinSet;

/// Bytes of the file that is written before it is measured.
const WRITTEN: usize = 16 << 20;
/// Records that share a sync, as in the runtime.
const GROUP_MAX: usize = 4_096;

/// A file whose bytes were all written and synced before, so that a sync of some of them again has
/// nothing to do but those.
pub struct Written {
    file: File,
    at: u64,
}

impl Written {
    /// Writes the file.
    pub fn make(directory: &Path) -> Self {
        let mut file = File::create(directory.join("written")).expect("a file");
        file.write_all(&vec![0; WRITTEN]).expect("room for the file");
        file.sync_all().expect("a sync");
        Self { file, at: 0 }
    }

    /// Writes behind the last write, from the front again at the end, and syncs.
    pub fn append(&mut self, bytes: &[u8]) -> Duration {
        if self.at as usize + bytes.len() > WRITTEN {
            self.at = 0;
        }
        let began = Instant::now();
        self.file.write_all_at(bytes, self.at).expect("a write");
        self.file.sync_data().expect("a sync");
        self.at += bytes.len() as u64;
        began.elapsed()
    }
}

/// An append on its way to the thread that writes.
type Order = (Vec<u8>, oneshot::Sender<()>);

/// A growing file with a thread that appends to it in groups.
#[derive(Clone)]
pub struct Growing {
    orders: Sender<Order>,
}

impl Growing {
    /// Makes the file; its thread ends with the last clone of this.
    pub fn make(directory: &Path) -> Self {
        let file = File::create(directory.join("growing")).expect("a file");
        let (orders, receiver) = mpsc::channel();
        std::thread::spawn(move || write(file, &receiver));
        Self { orders }
    }

    /// Appends; answers when it is synced.
    async fn append(&self, bytes: Vec<u8>) {
        let (reply, answer) = oneshot::channel();
        self.orders.send((bytes, reply)).expect("the thread lives");
        answer.await.expect("the thread lives");
    }

    /// The time until each of these tasks has had so many appends acknowledged, each after the
    /// last.
    pub async fn round(&self, bytes: &[u8], tasks: usize, appends: usize) -> Duration {
        let began = Instant::now();
        let mut running = JoinSet::new();
        for _ in 0..tasks {
            let (file, bytes) = (self.clone(), bytes.to_vec());
            running.spawn(async move {
                for _ in 0..appends {
                    file.append(bytes.clone()).await;
                }
            });
        }
        running.join_all().await;
        began.elapsed()
    }
}

fn write(mut file: File, orders: &Receiver<Order>) {
    let mut buffer = Vec::new();
    while let Ok((bytes, reply)) = orders.recv() {
        buffer.clear();
        buffer.extend(bytes);
        let mut replies = vec![reply];
        while replies.len() < GROUP_MAX
            && let Ok((bytes, reply)) = orders.try_recv()
        {
            buffer.extend(bytes);
            replies.push(reply);
        }
        file.write_all(&buffer).expect("a write");
        file.sync_data().expect("a sync");
        for reply in replies {
            reply.send(()).expect("it waits");
        }
    }
}
