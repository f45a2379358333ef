//! The control pipe, on which the shell says that a command has ended.
//!
//! No shell and no command has the pipe open: the shell opens it by its name below `/proc` when a
//! command has ended. What comes through it counts only with the call's own nonce, so that no
//! output, and no process of an earlier call, can pretend that a command has ended.

use std::io;
use std::os::fd::{AsRawFd, OwnedFd};

use tokio::io::AsyncReadExt;
use tokio::net::unix::pipe;

use crate::hand::limits::CONTROL_LINE_MAX;

/// Both ends of the pipe.
#[derive(Debug)]
pub(super) struct Control {
    pipe: pipe::Receiver,
    /// Open for as long as its name is used.
    end: OwnedFd,
    line: Vec<u8>,
}

impl Control {
    pub fn new() -> io::Result<Self> {
        let (read, write) = io::pipe()?;
        let pipe = pipe::Receiver::from_owned_fd(read.into())?;
        Ok(Self { pipe, end: write.into(), line: Vec::new() })
    }

    /// The name by which the shell opens it.
    pub fn name(&self) -> String {
        format!("/proc/{}/fd/{}", std::process::id(), self.end.as_raw_fd())
    }

    /// Waits until the shell says the nonce, and gives the exit status. Waits for ever when the
    /// pipe ends: then the caller sees the shell die or run into its deadline.
    pub async fn status(&mut self, nonce: &str) -> i32 {
        let mut buffer = [0; CONTROL_LINE_MAX];
        loop {
            let read = match self.pipe.read(&mut buffer).await {
                Ok(0) | Err(_) => std::future::pending().await,
                Ok(read) => read,
            };
            for byte in &buffer[..read] {
                if *byte == b'\n' {
                    let line = std::mem::take(&mut self.line);
                    if let Some(status) = parse(&line, nonce) {
                        return status;
                    }
                } else {
                    // What counts stands at the end of the line.
                    let excess = (self.line.len() + 1).saturating_sub(CONTROL_LINE_MAX);
                    self.line.drain(..excess);
                    self.line.push(*byte);
                }
            }
        }
    }
}

fn parse(line: &[u8], nonce: &str) -> Option<i32> {
    let line = String::from_utf8_lossy(line);
    let mut words = line.rsplit(' ');
    let (status, said) = (words.next()?, words.next()?);
    (said == nonce).then(|| status.parse().ok())?
}

/// A word that nobody can guess.
///
/// # Errors
/// When the system has no chance to give.
pub(super) fn nonce() -> io::Result<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    Ok(format!("{:032x}", u128::from_le_bytes(bytes)))
}

/// What the shell is fed: the command, cut off from the shell's own input, and then the nonce with
/// the command's exit status.
///
/// The nonce is said by an error message of the shell, that a parameter is not set: no function, no
/// alias and no disabled builtin can stand in its way, no trace shows it, and `!` keeps `set -e`
/// and traps out of it.
pub(super) fn script(command: &str, nonce: &str, control: &str) -> String {
    let quoted = command.replace('\'', r"'\''");
    format!(
        "{{ \\eval '{quoted}'\n}} </dev/null\n\
         ! ( s{nonce}=$?; ${{p{nonce}?\"{nonce} $s{nonce}\"}} ) 2>>{control}\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_nonce_of_the_call_ends_it() {
        let mut control = Control::new().unwrap();
        let mut said = b"other 0\nmine\nmine x\n 0\n".to_vec();
        said.extend([b'x'; 3 * CONTROL_LINE_MAX]);
        said.extend(b"\n\xff bash: line 3: pmine: mine 7\n");
        std::fs::write(control.name(), said).unwrap();
        assert_eq!(control.status("mine").await, 7);
    }

    #[test]
    fn nonces_differ() {
        assert_ne!(nonce().unwrap(), nonce().unwrap());
    }
}
