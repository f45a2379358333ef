//! Sessions in the middle of a call, and what is done to them.

use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use planaria_core::SessionId;
use planaria_core::model::{Block, Request};
use planaria_core::session::Status;
use planaria_runtime::Fault;
use rustix::fs::{CWD, Mode, mkfifoat};
use tempfile::TempDir;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::super::host::{self, Host};
use super::respawn::Bare;
use super::watched::Watched;

/// Events of the log before the first kill.
const EVENTS: u64 = 400;
/// Time after which something that was to happen will not.
const STUCK: Duration = Duration::from_secs(60);
/// What a message begins with that is a command for the shell.
const RUN: &str = "run ";

/// Times in milliseconds.
#[derive(Default)]
pub struct Samples {
    pub bare: Vec<f64>,
    pub harness: Vec<f64>,
    pub result: Vec<f64>,
    pub session: Vec<f64>,
    pub sandbox: Vec<f64>,
    pub hand: Vec<f64>,
}

/// A runtime whose sessions are broken on purpose.
pub struct Scene {
    host: Host,
    asked: UnboundedReceiver<Instant>,
    bare: Bare,
    session: SessionId,
    /// Commands say here that they run.
    started: File,
    /// Commands wait for a line of this.
    gate: File,
    command: String,
    _directory: TempDir,
}

/// Does what a message says, and is content with any result.
fn obey(request: &Request) -> Block {
    match host::last_text(request).strip_prefix(RUN) {
        Some(command) => host::shell(command),
        None => Block::Text("fine".to_owned()),
    }
}

impl Scene {
    pub async fn open(directory: TempDir) -> Self {
        let (started, gate) = (directory.path().join("started"), directory.path().join("gate"));
        let (to, from) = (started.display(), gate.display());
        let command = format!("{RUN}echo >> '{to}'; read -r line < '{from}'");
        let (started, gate) = (fifo(&started), fifo(&gate));
        let data = tempfile::tempdir_in(directory.path()).expect("a directory");
        let (asked, asks) = unbounded_channel();
        let host = Host::start(data, obey, |driver| Arc::new(Watched { driver, asked })).await;
        let (bare, session) = (Bare::start().await, SessionId(0));
        let asked = asks;
        Self { host, asked, bare, session, started, gate, command, _directory: directory }
    }

    /// Goes on with a new session that has a log of some length, and a hand.
    pub async fn next_session(&mut self) {
        self.session = SessionId(self.session.0 + 1);
        host::create(&self.host.runtime, self.session).await;
        host::turn(&self.host.runtime, self.session, &format!("{RUN}true")).await;
        self.asked().await;
        let view = self.host.runtime.watch(self.session);
        while view.borrow().state.seq < EVENTS {
            host::turn(&self.host.runtime, self.session, "go on").await;
        }
    }

    /// Kills again and again while one call runs; a hand takes its call with it.
    pub async fn kill(&mut self, fault: Fault, times: usize, samples: &mut Samples) {
        let mut running = false;
        for _ in 0..times {
            if !std::mem::replace(&mut running, fault != Fault::KillHand) {
                self.call().await;
            }
            let took = self.takeover(fault).await;
            match fault {
                Fault::KillHarness => &mut samples.harness,
                Fault::KillSession => &mut samples.session,
                Fault::KillSandbox => &mut samples.sandbox,
                _ => &mut samples.hand,
            }
            .push(took);
            samples.bare.push(millis(self.bare.respawn().await));
            if fault == Fault::KillHand {
                self.idle().await;
            }
        }
        if running {
            self.release();
            self.idle().await;
        }
    }

    /// Kills the harness in the moment in which its call may end.
    pub async fn kill_and_release(&mut self, times: usize, samples: &mut Samples) {
        for _ in 0..times {
            self.call().await;
            let calls =
                |scene: &Self| scene.host.runtime.watch(scene.session).borrow().state.calls.len();
            assert_eq!(calls(self), 1, "one call runs");
            let mut view = self.host.runtime.watch(self.session);
            let began = Instant::now();
            self.inject(Fault::KillHarness).await;
            self.release();
            let ended = view.wait_for(|view| view.state.calls.is_empty());
            drop(tokio::time::timeout(STUCK, ended).await.expect("the call ends"));
            samples.result.push(millis(began.elapsed()));
            self.asked().await;
            self.idle().await;
        }
    }

    async fn takeover(&mut self, fault: Fault) -> f64 {
        let view = self.host.runtime.watch(self.session);
        let before = view.borrow().state.attempt;
        let began = Instant::now();
        self.inject(fault).await;
        if fault == Fault::KillSandbox {
            // Who holds a connection does not need the sandbox: the next harness does.
            self.inject(Fault::KillHarness).await;
        }
        let took = self.asked().await - began;
        if fault != Fault::KillHand {
            // What is published is durable: the new harness has claimed the session.
            assert!(
                view.borrow().state.attempt > before,
                "the harness asks under a claim of its own"
            );
        }
        millis(took)
    }

    async fn inject(&self, fault: Fault) {
        assert!(self.host.runtime.inject(self.session, fault).await, "there is one to kill");
    }

    /// Has the session start a command that ends when it is released, and waits until it runs.
    async fn call(&mut self) {
        host::say(&self.host.runtime, self.session, &self.command).await;
        self.asked().await;
        let line = tokio::task::block_in_place(|| self.started.read_exact(&mut [0]));
        line.expect("the command runs");
    }

    fn release(&mut self) {
        self.gate.write_all(b"go\n").expect("a FIFO has room for a line");
    }

    async fn asked(&mut self) -> Instant {
        let asked = tokio::time::timeout(STUCK, self.asked.recv()).await;
        asked.expect("a harness comes").expect("the driver lives")
    }

    async fn idle(&self) {
        let mut view = self.host.runtime.watch(self.session);
        let idle = view.wait_for(|view| matches!(view.state.status, Status::Idle(_)));
        drop(tokio::time::timeout(STUCK, idle).await.expect("the session goes idle"));
    }

    pub async fn close(self) {
        self.host.end().await;
    }
}

/// A FIFO, open at both ends, so that opening it and writing to it never wait.
fn fifo(path: &Path) -> File {
    mkfifoat(CWD, path, Mode::RUSR | Mode::WUSR).expect("a FIFO");
    File::options().read(true).write(true).open(path).expect("a FIFO")
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
