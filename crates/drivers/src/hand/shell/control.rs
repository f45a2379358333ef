//! The control pipe, on which the shell says that a command has ended.
//!
//! Commands do not have the pipe, and what comes through it counts only with the call's own nonce,
//! so that no output, and no process of an earlier call, can pretend that a command has ended.

use std::io;

use tokio::io::AsyncReadExt;
use tokio::net::unix::pipe;

use crate::hand::limits::CONTROL_LINE_MAX;

/// The hand's end of the pipe.
#[derive(Debug)]
pub(super) struct Control {
    pipe: pipe::Receiver,
    line: Vec<u8>,
}

impl Control {
    pub fn new(pipe: pipe::Receiver) -> Self {
        Self { pipe, line: Vec::new() }
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
                } else if self.line.len() < CONTROL_LINE_MAX {
                    self.line.push(*byte);
                }
            }
        }
    }
}

fn parse(line: &[u8], nonce: &str) -> Option<i32> {
    let (said, status) = std::str::from_utf8(line).ok()?.split_once(' ')?;
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

/// What the shell is fed: the command, cut off from the shell's own input and from the control
/// pipe, and then the nonce with the command's exit status.
pub(super) fn script(command: &str, nonce: &str, control: i32) -> String {
    let quoted = command.replace('\'', r"'\''");
    format!(
        "{{ eval '{quoted}'\n}} </dev/null {control}>&-; \
         builtin printf '%s %s\\n' {nonce} \"$?\" >&{control}\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_nonce_of_the_call_ends_it() {
        let (mut to, from) = pipe::pipe().unwrap();
        let mut control = Control::new(from);
        let mut said = b"other 0\nmine\nmine x\n 0\n".to_vec();
        said.extend([b'x'; 3 * CONTROL_LINE_MAX]);
        said.extend(b"\nmine 7\n");
        tokio::io::AsyncWriteExt::write_all(&mut to, &said).await.unwrap();
        assert_eq!(control.status("mine").await, 7);
    }

    #[test]
    fn nonces_differ() {
        assert_ne!(nonce().unwrap(), nonce().unwrap());
    }
}
