//! A session's own check: a shell command that judges the finished workspace.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::process::{ChildStdout, Command};

/// How long a check may take. It looks at files; work belongs to the agent.
const CHECK_WAIT: Duration = Duration::from_secs(120);
/// How long its output is read after it has ended.
const LAST_WORDS: Duration = Duration::from_millis(200);
/// Bytes of its output that are shown, from the end, where the reason mostly stands.
const SHOWN_BYTES_MAX: usize = 2_000;

/// Runs a check in a workspace; `Err` says in words why it did not pass.
pub async fn run(check: &str, workspace: &Path) -> Result<(), String> {
    if !workspace.is_dir() {
        return Err(format!("its workspace {} is gone", workspace.display()));
    }
    match tokio::time::timeout(CHECK_WAIT, judge(check, workspace)).await {
        Ok(result) => result,
        Err(_) => Err(format!("its check took longer than {} s", CHECK_WAIT.as_secs())),
    }
}

async fn judge(check: &str, workspace: &Path) -> Result<(), String> {
    let broken = |error: std::io::Error| format!("its check could not be run: {error}");
    let mut command = Command::new("/bin/bash");
    command.arg("-c").arg(format!("exec 2>&1\n{check}")).current_dir(workspace);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).process_group(0);
    let mut child = command.spawn().map_err(broken)?;
    let _group = Group(child.id());
    let mut output = child.stdout.take().expect("its stdout is piped");
    let (mut tail, mut cut) = (Vec::new(), false);
    let status = {
        let read = keep_end(&mut output, &mut tail, &mut cut);
        tokio::pin!(read);
        tokio::select! { biased;
            () = &mut read => child.wait().await,
            status = child.wait() => {
                // What it left running may hold its output open, and says nothing that counts.
                let _ = tokio::time::timeout(LAST_WORDS, &mut read).await;
                status
            }
        }
    }
    .map_err(broken)?;
    if status.success() {
        return Ok(());
    }
    let text = String::from_utf8_lossy(&tail);
    let dots = if cut { "…" } else { "" };
    Err(format!("its check failed ({status}): {dots}{}", text.trim()).trim_end().to_owned())
}

/// Reads to the end and keeps the last bytes.
async fn keep_end(output: &mut ChildStdout, tail: &mut Vec<u8>, cut: &mut bool) {
    let mut piece = [0; 8_192];
    // What cannot be read any more is at its end.
    while let Ok(read @ 1..) = output.read(&mut piece).await {
        tail.extend_from_slice(&piece[..read]);
        if tail.len() > SHOWN_BYTES_MAX {
            tail.drain(..tail.len() - SHOWN_BYTES_MAX);
            *cut = true;
        }
    }
}

/// Everything that a check started ends with it, on every way out.
struct Group(Option<u32>);

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(leader) = self.0 {
            // Nobody may be left in it.
            let group = format!("-{leader}");
            let mut kill = std::process::Command::new("kill");
            let _ = kill.args(["-9", "--", &group]).stderr(Stdio::null()).status();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_check_that_fails_shows_how_and_the_end_of_what_it_printed() {
        let dir = tempfile::tempdir().unwrap();
        let run = async |check: &str| run(check, dir.path()).await;
        assert_eq!(run("true").await, Ok(()));
        let silent = run("exit 3").await.unwrap_err();
        assert_eq!(silent, "its check failed (exit status: 3):");
        let loud = run("yes no | head -c 100000; echo why >&2; exit 1").await.unwrap_err();
        assert!(loud.len() < SHOWN_BYTES_MAX + 100 && loud.ends_with("why"), "{loud}");
        let gone = super::run("true", &dir.path().join("gone")).await.unwrap_err();
        assert!(gone.contains("gone"), "{gone}");
    }

    #[tokio::test]
    async fn what_a_check_leaves_running_does_not_count_and_ends_with_it() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(run("sleep 1000 & echo $! > pid", dir.path()).await, Ok(()));
        let pid = std::fs::read_to_string(dir.path().join("pid")).unwrap();
        let cmdline = format!("/proc/{}/cmdline", pid.trim());
        // A process that was killed has no command line any more, whoever reaps it.
        let gone = async {
            while std::fs::read(&cmdline).is_ok_and(|line| !line.is_empty()) {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(CHECK_WAIT, gone).await.expect("it was killed");
    }
}
