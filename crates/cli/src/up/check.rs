//! A session's own check: a shell command that judges the finished workspace.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::process::Command;

/// How long a check may take. It looks at files; work belongs to the agent.
const CHECK_WAIT: Duration = Duration::from_secs(120);
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
    command.stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true);
    let mut child = command.spawn().map_err(broken)?;
    let mut output = child.stdout.take().expect("its stdout is piped");
    let (mut tail, mut cut, mut piece) = (Vec::new(), false, [0; 8_192]);
    loop {
        let read = output.read(&mut piece).await.map_err(broken)?;
        if read == 0 {
            break;
        }
        tail.extend_from_slice(&piece[..read]);
        if tail.len() > SHOWN_BYTES_MAX {
            tail.drain(..tail.len() - SHOWN_BYTES_MAX);
            cut = true;
        }
    }
    let status = child.wait().await.map_err(broken)?;
    if status.success() {
        return Ok(());
    }
    let text = String::from_utf8_lossy(&tail);
    let dots = if cut { "…" } else { "" };
    Err(format!("its check failed ({status}): {dots}{}", text.trim()).trim_end().to_owned())
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
}
