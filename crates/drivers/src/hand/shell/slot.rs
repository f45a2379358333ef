//! The place of the one shell: started when needed, replaced when it died.

use std::cell::RefCell;
use std::io;
use std::rc::Rc;

use rustix::process::WaitStatus;
use tokio::sync::{Mutex, MutexGuard};
use tokio::time::{Instant, interval_at, sleep_until};
use tokio_util::sync::CancellationToken;

use super::running::Shell;
use crate::hand::limits::LOOK_EVERY;
use crate::hand::place::Place;
use crate::hand::process::{Process, Quarry, Recorder, sweep};
use crate::hand::reaper::Reaper;

/// How a command ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::hand) enum Ran {
    /// The shell says this exit status.
    Status(i32),
    /// The shell itself died; in words.
    Died(String),
    /// The deadline passed; the shell and all that commands started was killed.
    TimedOut,
    /// It was to stop; the shell and all that commands started was killed.
    Interrupted,
}

/// Whoever has the slot's turn runs a command; the others wait in the order they came.
#[derive(Debug)]
pub(in crate::hand) struct ShellSlot {
    place: Place,
    reaper: Reaper,
    me: Process,
    recorder: RefCell<Recorder>,
    shell: Mutex<Option<Shell>>,
}

/// The turn.
#[derive(Debug)]
pub(in crate::hand) struct Turn<'a> {
    slot: &'a ShellSlot,
    shell: MutexGuard<'a, Option<Shell>>,
}

impl ShellSlot {
    pub fn new(place: Place, reaper: Reaper, me: Process) -> Rc<Self> {
        let recorder = Recorder::new(place.clone(), me.clone()).into();
        Rc::new(Self { place, reaper, me, recorder, shell: Mutex::new(None) })
    }

    /// Records what runs now, for whoever comes after this hand. A record that cannot be written
    /// does not change what the command did; the one before it stays.
    fn look(&self) {
        if let Err(error) = self.recorder.borrow_mut().look() {
            tracing::warn!(%error, "what runs is not recorded");
        }
    }

    pub async fn turn(&self) -> Turn<'_> {
        Turn { slot: self, shell: self.shell.lock().await }
    }
}

impl Turn<'_> {
    /// Runs a command to its end and gives what was written.
    ///
    /// # Errors
    /// When there is no shell to be had.
    pub async fn run(
        &mut self,
        command: &str,
        deadline: Instant,
        stop: &CancellationToken,
    ) -> io::Result<(Ran, String)> {
        let kept = self.shell.take();
        let dead = kept.as_ref().and_then(|shell| *shell.exit.borrow());
        let mut shell = match kept {
            Some(shell) if dead.is_none() => shell,
            _ => self.start()?,
        };
        let mut exit = shell.exit.clone();
        let mut looks = interval_at(Instant::now() + LOOK_EVERY, LOOK_EVERY);
        let looking = async {
            loop {
                looks.tick().await;
                self.slot.look();
            }
        };
        let ran = tokio::select! { biased;
            status = shell.status(command) => Ran::Status(status?),
            status = exit.wait_for(Option::is_some) => {
                let status = *status.expect("the reaper lives");
                Ran::Died(died(status.expect("waited for")))
            }
            () = stop.cancelled() => Ran::Interrupted,
            () = sleep_until(deadline) => Ran::TimedOut,
            never = looking => never,
        };
        if matches!(ran, Ran::TimedOut | Ran::Interrupted) {
            self.kill_all().await?;
        }
        // Before it is answered: what it left in the background is known then, come what may.
        self.slot.look();
        let output = shell.take_output();
        if matches!(ran, Ran::Status(_)) {
            *self.shell = Some(shell);
        }
        let note = |status| {
            format!("[the shell {} since the last call; this is a new one]\n", died(status))
        };
        Ok((ran, dead.map(note).unwrap_or_default() + &output))
    }

    /// Kills the shell and all that commands started; the next command gets a fresh one.
    ///
    /// # Errors
    /// When something does not die.
    pub async fn restart(&mut self) -> io::Result<()> {
        self.shell.take();
        self.kill_all().await
    }

    /// All that descends from the hand or carries the mark: what forked twice is the shell's
    /// descendant no longer, and nobody can tell which shell it came from.
    async fn kill_all(&self) -> io::Result<()> {
        let place = Some(self.slot.place.clone());
        let quarry = Quarry { leaders: vec![self.slot.me.clone()], place };
        let swept = tokio::task::spawn_blocking(move || sweep(&quarry)).await;
        swept.expect("a sweep does not panic").map_err(io::Error::other)
    }

    fn start(&self) -> io::Result<Shell> {
        let shell = Shell::start(&self.slot.place, &self.slot.reaper);
        let shell = shell
            .map_err(|error| io::Error::other(format!("/bin/bash could not start: {error}")))?;
        // Before its first command, so that whoever comes after this hand finds it.
        let begun = self.slot.recorder.borrow_mut().begin(shell.process().clone());
        begun.map_err(io::Error::other)?;
        Ok(shell)
    }
}

fn died(status: WaitStatus) -> String {
    match (status.exit_status(), status.terminating_signal()) {
        (Some(code), _) => format!("exited with status {code}"),
        (None, Some(signal)) => format!("was killed by signal {signal}"),
        (None, None) => "ended".to_owned(),
    }
}
