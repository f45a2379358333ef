//! One living shell.

use std::cell::RefCell;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::rc::Rc;

use tokio::io::AsyncWriteExt;
use tokio::net::unix::pipe;
use tokio::task::AbortHandle;

use super::control::{Control, nonce, script};
use crate::hand::limits::DRAIN_BYTES_MAX;
use crate::hand::place::{Place, WORKSPACE_VARIABLE};
use crate::hand::process::Process;
use crate::hand::reaper::{Exit, Reaper};
use crate::hand::tail::Tail;

/// A shell that waits for a command or runs one.
#[derive(Debug)]
pub(super) struct Shell {
    process: Process,
    input: pipe::Sender,
    control: Control,
    output: Rc<Output>,
    pump: AbortHandle,
    pub exit: Exit,
}

#[derive(Debug)]
struct Output {
    pipe: pipe::Receiver,
    tail: RefCell<Tail>,
}

impl Drop for Shell {
    fn drop(&mut self) {
        self.pump.abort();
    }
}

impl Shell {
    /// Starts a shell in a process group of its own, whose leader it is.
    pub fn start(place: &Place, reaper: &Reaper) -> io::Result<Self> {
        let (input_read, input_write) = io::pipe()?;
        let (output_read, output_write) = io::pipe()?;
        let mut command = Command::new("/bin/bash");
        command
            .args(["--noprofile", "--norc"])
            .current_dir(&place.workspace)
            .env(WORKSPACE_VARIABLE, &place.workspace)
            .stdin(Stdio::from(OwnedFd::from(input_read)))
            .stderr(Stdio::from(OwnedFd::from(output_write.try_clone()?)))
            .stdout(Stdio::from(OwnedFd::from(output_write)))
            .process_group(0);
        // Not waited for by its own handle: the reaper waits for all.
        let pid = i32::try_from(command.spawn()?.id()).expect("a pid is positive and small");
        let exit = reaper.exit(pid);
        let process = Process::of(pid).ok_or_else(|| io::Error::other("the shell died at once"))?;
        let output = Rc::new(Output {
            pipe: pipe::Receiver::from_owned_fd(output_read.into())?,
            tail: RefCell::default(),
        });
        Ok(Self {
            process,
            input: pipe::Sender::from_owned_fd(input_write.into())?,
            control: Control::new()?,
            pump: tokio::task::spawn_local(output.clone().pump()).abort_handle(),
            output,
            exit,
        })
    }

    pub fn process(&self) -> &Process {
        &self.process
    }

    /// Runs a command and gives its exit status. Never returns when the shell dies.
    pub async fn status(&mut self, command: &str) -> io::Result<i32> {
        let nonce = nonce()?;
        let script = script(command, &nonce, &self.control.name());
        if self.input.write_all(script.as_bytes()).await.is_err() {
            std::future::pending::<()>().await;
        }
        Ok(self.control.status(&nonce).await)
    }

    /// What was written since the last time, by the command and by what runs in the background.
    pub fn take_output(&self) -> String {
        self.output.drain();
        self.output.tail.borrow_mut().take()
    }
}

impl Output {
    /// Reads for as long as anything may write, also between calls: a background process must not
    /// block because nobody reads.
    async fn pump(self: Rc<Self>) {
        let mut buffer = vec![0; 64 << 10];
        while self.pipe.readable().await.is_ok() {
            match self.pipe.try_read(&mut buffer) {
                Ok(0) => return,
                Ok(read) => self.tail.borrow_mut().push(&buffer[..read]),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(_) => return,
            }
            // Who writes without end must not keep everybody else from running.
            tokio::task::yield_now().await;
        }
    }

    /// Reads what is there now. Whatever the command wrote is: it ended before.
    fn drain(&self) {
        let mut buffer = vec![0; 64 << 10];
        let mut drained = 0;
        while drained < DRAIN_BYTES_MAX {
            match rustix::io::read(self.pipe.as_fd(), &mut buffer) {
                Ok(0) => return,
                Ok(read) => {
                    self.tail.borrow_mut().push(&buffer[..read]);
                    drained += read;
                }
                Err(rustix::io::Errno::INTR) => {}
                Err(_) => return,
            }
        }
    }
}
