//! Opening the store: everything that must be known before the first read.
//!
//! The order matters. A newer format is refused before anything is touched; the lock is taken
//! before anything is changed; the journals are looked at before fjall, which would cut them; the
//! mark is compared before anybody reads.

use std::panic::catch_unwind;
use std::path::Path;
use std::sync::mpsc::Receiver;
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use planaria_core::port::store::Error;
use tokio::sync::watch;

use super::error;
use super::fjall_store::Options;
use super::format;
use super::heads::Heads;
use super::health::Health;
use super::high_water::{self, HighWater};
use super::journal_repair;
use super::layout::{self, Layout, sync_names};
use super::limits::{COMMIT_QUEUE_MAX, READ_QUEUE_MAX, READ_THREADS};
use super::lock::Lock;
use super::queue::{Queue, Queued};
use super::reader::{self, Job, Jobs};
use super::snapshots::Snapshots;
use super::tables::Tables;
use super::writer::{Order, Readers, Writer};

/// What an opened store consists of.
pub(super) struct Opened {
    pub orders: Queue<Order>,
    pub jobs: Queue<Job>,
    pub health: Arc<Health>,
    pub shard_epoch: u64,
    pub done: watch::Receiver<bool>,
    pub thread: JoinHandle<()>,
}

/// Opens the store in `path`, or makes one.
pub(super) fn open(path: &Path, options: Options) -> Result<Opened, Error> {
    let layout = Layout::new(path);
    format::check(&layout)?;
    layout.create()?;
    let lock = Lock::take(&layout)?;
    let mark = high_water::read(&layout)?;
    // Another process may have made the store since the first look.
    let existing = format::check(&layout)?;
    if existing {
        recover(&layout, mark)?;
    } else {
        format::clear_unfinished(&layout)?;
    }
    let tables = open_tables(&layout)?;
    let last = tables.last_batch();
    if let Some(mark) = mark.filter(|mark| last.is_none_or(|last| last < *mark)) {
        return Err(high_water::behind(&layout, mark, last));
    }
    if !existing {
        format::write(&layout)?;
    }
    if options.epoch_above >> 32 >= u64::from(u32::MAX) {
        return Err(Error::Io {
            action: format!("counting on from epoch {}", options.epoch_above),
            problem: "no epoch is left above it; no log of ours says so".to_owned(),
        });
    }
    let shard_epoch = tables
        .next_shard_epoch(options.epoch_above >> 32)
        .map_err(|e| error::committing(path, &e))?;
    start(Parts { layout, lock, tables, mark, options }, shard_epoch)
}

/// Mends the journals. The marker of an orderly end goes first: from here on the stop is unclean
/// until the next orderly one.
fn recover(layout: &Layout, mark: Option<u64>) -> Result<(), Error> {
    let database = layout.database();
    if !database.join("version").exists() {
        let problem = "`db/version` is missing, so fjall would start with an empty database; \
                       restore a backup of the directory";
        return Err(error::damaged(layout.root(), problem));
    }
    let marker = layout.clean();
    let clean = marker.exists();
    journal_repair::repair(layout, clean, mark)?;
    layout::remove(&marker)
        .and_then(|()| sync_names(layout.root()))
        .map_err(|e| error::io("removing", &marker, &e, ""))
}

fn open_tables(layout: &Layout) -> Result<Tables, Error> {
    let path = layout.database();
    match catch_unwind(|| Tables::open(&path)) {
        Ok(tables) => tables.map_err(|e| error::opening(layout.root(), &e)),
        Err(panic) => {
            let problem = error::panic_text(panic.as_ref());
            Err(error::damaged(&path, format!("{problem}; restore a backup of the directory")))
        }
    }
}

struct Parts {
    layout: Layout,
    lock: Lock,
    tables: Tables,
    mark: Option<u64>,
    options: Options,
}

/// Starts the threads.
fn start(parts: Parts, shard_epoch: u64) -> Result<Opened, Error> {
    let Parts { layout, lock, tables, mark, options } = parts;
    let (orders, order_receiver) = Queue::new(COMMIT_QUEUE_MAX);
    let (jobs, job_receiver) = Queue::new(READ_QUEUE_MAX);
    let health = Arc::new(Health::default());
    let (done, done_receiver) = watch::channel(false);
    let writer = Writer {
        readers: Readers { queue: jobs.clone(), threads: readers(&tables, job_receiver)? },
        high_water: HighWater::new(layout.clone(), mark),
        heads: Heads::default(),
        snapshots: Snapshots::default(),
        health: health.clone(),
        faults: options.faults,
        layout,
        tables,
        lock,
        done,
    };
    let thread = spawn("planaria-journal", move || writer.run(order_receiver))?;
    Ok(Opened { orders, jobs, health, shard_epoch, done: done_receiver, thread })
}

fn readers(tables: &Tables, receiver: Receiver<Queued<Job>>) -> Result<Vec<JoinHandle<()>>, Error> {
    let jobs: Jobs = Arc::new(Mutex::new(receiver));
    (0..READ_THREADS)
        .map(|_| {
            let (jobs, tables) = (jobs.clone(), tables.clone());
            spawn("planaria-read", move || reader::run(&jobs, &tables))
        })
        .collect()
}

fn spawn(name: &str, run: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, Error> {
    let thread = thread::Builder::new().name(name.to_owned()).spawn(run);
    thread.map_err(|e| Error::Io { action: format!("starting {name}"), problem: e.to_string() })
}
