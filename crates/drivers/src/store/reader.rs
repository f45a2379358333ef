//! The reading threads: a page that is not in memory blocks one of them, never the runtime.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::Receiver;
use std::sync::{Arc, Mutex, PoisonError};

use planaria_core::port::store::Error;
use tokio::sync::oneshot;

use super::error;
use super::queue::Queued;
use super::tables::Tables;

/// What a reading thread is asked to do.
pub(super) enum Job {
    Read(Box<dyn FnOnce(&Tables) + Send>),
    Stop,
}

/// The thread's end of the queue, shared by all of them: one waits in it, the others for the lock.
pub(super) type Jobs = Arc<Mutex<Receiver<Queued<Job>>>>;

/// Serves until told to stop, or until nobody can ask any more.
pub(super) fn run(jobs: &Jobs, tables: &Tables) {
    loop {
        let queued = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
        match queued.map(|queued| queued.request) {
            Ok(Job::Read(read)) => read(tables),
            Ok(Job::Stop) | Err(_) => return,
        }
    }
}

/// A read as a job, and where its answer comes.
pub(super) fn job<T, F>(what: &'static str, read: F) -> (Job, oneshot::Receiver<Result<T, Error>>)
where
    T: Send + 'static,
    F: FnOnce(&Tables) -> Result<T, Error> + Send + 'static,
{
    let (reply, answer) = oneshot::channel();
    let job = move |tables: &Tables| {
        if reply.is_closed() {
            return;
        }
        let result = catch_unwind(AssertUnwindSafe(|| read(tables))).unwrap_or_else(|panic| {
            let action = format!("reading {what}");
            Err(Error::Io { action, problem: error::panic_text(panic.as_ref()) })
        });
        // A caller that has gone needs no answer.
        let _ = reply.send(result);
    };
    (Job::Read(Box::new(job)), answer)
}
