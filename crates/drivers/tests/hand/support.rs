//! What the tests of the hand share: a place with a driver whose hands are gone when it is, and
//! FIFOs on which tests and commands wait for each other.

use std::ffi::OsString;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use planaria_core::port::sandbox::{Call, Driver, Ended, Error, Hand, Locator, Spec};
use planaria_core::tool::Outcome;
use planaria_core::{EventId, SessionId};
use planaria_drivers::sandbox::{LocalDriver, LocalOptions};
use rustix::fs::{CWD, Mode, mkfifoat};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::unix::pipe;

pub const SESSION: SessionId = SessionId(77);
/// A test that waits for something that never comes is stopped by this; nothing else depends on it.
const PATIENCE: Duration = Duration::from_secs(60);
const SECOND: u64 = 1_000_000;

/// This program, in its other role.
pub fn hand_command() -> Vec<OsString> {
    let program = std::env::current_exe().unwrap();
    let words = ["--exact", "this_program_can_be_a_hand", "--nocapture", "--"];
    std::iter::once(program.into_os_string()).chain(words.map(OsString::from)).collect()
}

/// A data directory with its driver. Destroys every hand that was started, also in a panic.
pub struct Rig {
    pub directory: tempfile::TempDir,
    pub options: LocalOptions,
    hands: Arc<Mutex<Vec<Locator>>>,
}

impl Rig {
    pub fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut options = LocalOptions::new(directory.path().to_owned(), hand_command());
        // Whatever goes wrong with a test, its hands do not stay for long.
        options.orphan_seconds = 60;
        Self { directory, options, hands: Arc::default() }
    }

    pub fn driver(&self) -> LocalDriver {
        LocalDriver::new(self.options.clone())
    }

    pub fn workspace(&self) -> PathBuf {
        self.directory.path().canonicalize().unwrap().join("workspaces").join(SESSION.to_string())
    }

    pub fn state(&self) -> PathBuf {
        self.directory.path().join("hands").join(SESSION.to_string())
    }

    pub async fn try_provision(&self, generation: u64, epoch: u64) -> Result<Locator, Error> {
        let spec = Spec { session: SESSION, epoch, generation };
        let locator = self.driver().provision(spec).await?;
        self.hands.lock().unwrap().push(locator.clone());
        Ok(locator)
    }

    pub async fn provision(&self, generation: u64) -> Locator {
        self.try_provision(generation, 1).await.unwrap()
    }

    pub async fn hand(&self, generation: u64) -> (Locator, Arc<dyn Hand>) {
        let locator = self.provision(generation).await;
        let hand = self.driver().attach(locator.clone(), 1).await.unwrap();
        (locator, hand)
    }

    /// A FIFO in the data directory, outside the workspace.
    pub fn fifo(&self, name: &str) -> Fifo {
        let path = self.directory.path().join(name);
        mkfifoat(CWD, &path, Mode::RUSR | Mode::WUSR).unwrap();
        Fifo { path }
    }

    /// Pids of living processes that a command of this workspace started.
    pub fn processes(&self) -> Vec<i32> {
        let mark = format!("PLANARIA_WORKSPACE={}", self.workspace().display());
        let pids = std::fs::read_dir("/proc").unwrap();
        let pids = pids.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<i32>().ok());
        pids.filter(|pid| {
            let environ = std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
            environ.split(|byte| *byte == 0).any(|entry| entry == mark.as_bytes())
        })
        .collect()
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        let driver = self.driver();
        let hands = std::mem::take(&mut *self.hands.lock().unwrap_or_else(|e| e.into_inner()));
        // On a thread of its own, because a runtime cannot be waited for inside another.
        let destroying = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(async {
                for locator in hands {
                    let _ = driver.destroy(locator).await;
                }
            });
        });
        let _ = destroying.join();
    }
}

/// A pipe with a name, on which a test and a command meet.
#[derive(Debug)]
pub struct Fifo {
    pub path: PathBuf,
}

impl Fifo {
    /// Waits for somebody to write, and reads until all writers are gone: ended or killed.
    pub async fn read_to_end(&self) -> String {
        let path = self.path.clone();
        let (sender, read) = tokio::sync::oneshot::channel();
        // Not on a thread of the runtime, which would wait for it when the test has failed.
        std::thread::spawn(move || sender.send(std::fs::read_to_string(path).unwrap()));
        read.await.unwrap()
    }

    /// An end that is there at once and never ends.
    pub fn listen(&self) -> pipe::Receiver {
        pipe::OpenOptions::new().read_write(true).open_receiver(&self.path).unwrap()
    }

    /// Writes one line, for whoever reads now or later. Keep what it gives until it has been read.
    pub async fn write_line(&self) -> pipe::Sender {
        let mut sender = pipe::OpenOptions::new().read_write(true).open_sender(&self.path).unwrap();
        sender.write_all(b"go\n").await.unwrap();
        sender
    }
}

/// Reads one byte more.
pub async fn one(receiver: &mut pipe::Receiver) -> u8 {
    receiver.read_u8().await.unwrap()
}

/// A call with a deadline that does not matter.
pub fn call(id: u128, name: &str, input: Value) -> Call {
    Call { id: EventId(id), name: name.to_owned(), input, deadline: 600 * SECOND, rerun: false }
}

pub fn bash(id: u128, command: &str) -> Call {
    call(id, "bash", json!({ "command": command }))
}

/// The same call with so little time that it cannot end by itself.
pub fn short(call: Call) -> Call {
    Call { deadline: SECOND / 2, ..call }
}

pub fn outcome(ended: Result<Ended, Error>) -> Outcome {
    match ended {
        Ok(Ended::Outcome(outcome)) => outcome,
        other => panic!("an outcome was expected, not {other:?}"),
    }
}

/// Runs a call and gives its text and whether it is an error.
pub async fn run(hand: &Arc<dyn Hand>, call: Call) -> (String, bool) {
    let outcome = outcome(hand.ensure(call).await);
    let text = outcome.content[0]["text"].as_str().unwrap_or("[no text]").to_owned();
    (text, outcome.is_error)
}

/// Runs a call that must go well, and gives its text.
pub async fn good(hand: &Arc<dyn Hand>, call: Call) -> String {
    let (text, is_error) = run(hand, call).await;
    assert!(!is_error, "{text}");
    text
}

/// Runs a call that must fail, and gives its text.
pub async fn bad(hand: &Arc<dyn Hand>, call: Call) -> String {
    let (text, is_error) = run(hand, call).await;
    assert!(is_error, "{text}");
    text
}

/// An `ensure` under way.
pub fn ask(hand: &Arc<dyn Hand>, call: Call) -> tokio::task::JoinHandle<Result<Ended, Error>> {
    let hand = hand.clone();
    tokio::spawn(async move { hand.ensure(call).await })
}

/// The pid in a locator of the local driver.
pub fn pid(locator: &Locator) -> i32 {
    let address: Value = serde_json::from_str(&locator.address).unwrap();
    address["pid"].as_i64().unwrap().try_into().unwrap()
}

/// `kill -9`.
pub fn kill(locator: &Locator) {
    let pid = rustix::process::Pid::from_raw(pid(locator)).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
}

/// Waits until the hand is proved dead.
pub async fn dead(rig: &Rig, locator: &Locator) {
    loop {
        match rig.driver().attach(locator.clone(), 1).await {
            Err(Error::Dead { .. }) => return,
            Err(Error::Disconnected(_)) => tokio::task::yield_now().await,
            Err(error) => panic!("the hand is not dead: {error}"),
            Ok(_) => panic!("the hand is alive"),
        }
    }
}

/// The test, with an end.
pub async fn patiently(test: impl Future<Output = ()>) {
    tokio::time::timeout(PATIENCE, test).await.expect("the test waits for something in vain");
}

pub fn lines(path: &Path) -> usize {
    std::fs::read_to_string(path).map_or(0, |text| text.lines().count())
}
