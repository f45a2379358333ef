//! Reaps every child. The hand is the subreaper of all that its commands leave behind, and nobody
//! else here waits for processes.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;
use std::rc::Rc;

use rustix::process::{WaitOptions, WaitStatus, wait};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

/// How a child ended, once it has.
pub(super) type Exit = watch::Receiver<Option<WaitStatus>>;

/// Who waits for which child. Children that nobody asked for are only reaped.
#[derive(Debug, Clone, Default)]
pub(super) struct Reaper {
    waiting: Rc<RefCell<BTreeMap<i32, watch::Sender<Option<WaitStatus>>>>>,
}

impl Reaper {
    /// Must come before the first child is started.
    ///
    /// # Errors
    /// When the signal cannot be had.
    pub fn start() -> io::Result<Self> {
        let reaper = Self::default();
        let ended = signal(SignalKind::child())?;
        tokio::task::spawn_local(reaper.clone().run(ended));
        Ok(reaper)
    }

    /// To be called right after the child was started, before anything is awaited.
    pub fn exit(&self, pid: i32) -> Exit {
        let (sender, exit) = watch::channel(None);
        self.waiting.borrow_mut().insert(pid, sender);
        exit
    }

    async fn run(self, mut ended: Signal) {
        while ended.recv().await.is_some() {
            while let Ok(Some((pid, status))) = wait(WaitOptions::NOHANG) {
                let waiting = self.waiting.borrow_mut().remove(&pid.as_raw_nonzero().get());
                if let Some(waiting) = waiting {
                    waiting.send_replace(Some(status));
                }
            }
        }
    }
}
