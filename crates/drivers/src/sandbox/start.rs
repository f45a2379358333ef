//! Starting a hand so that it outlives this process, and hearing from it that it listens.

use std::ffi::OsString;
use std::fs::File;
use std::process::Stdio;

use planaria_core::port::sandbox::Error;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, BufReader};
use tokio::process::Command;
use tokio::time::timeout;

use super::limits::{START_BYTES_MAX, START_WAIT};
use crate::hand::args::Args;
use crate::hand::process::Process;
use crate::hand::report::{Address, Report};

/// What a hand, and so a command, gets of this process's environment. No key or token is among it.
const ENVIRONMENT: &[&str] =
    &["PATH", "HOME", "LANG", "TMPDIR", "USER", "RUSTUP_HOME", "CARGO_HOME"];
const LOCALE_PREFIX: &str = "LC_";

/// Closes every file that somebody let this process inherit, which would stay open for as long as
/// the hand lives (a pipe at whose other end somebody waits), and becomes the given program.
const STEP: &str = r#"
for file in /proc/self/fd/*; do
    number=${file##*/}
    ((number > 2)) && eval "exec $number>&-"
done
exec "$@"
"#;
/// The shell that does it; commands need it anyway.
const SHELL: &[&str] = &["/bin/bash", "--noprofile", "--norc", "-c", STEP, "planaria-hand"];
/// Characters of the hand's log that an error quotes.
const QUOTE_CHARS: usize = 300;

/// Starts a hand and waits until it listens. Of a start that fails nothing stays.
pub(super) async fn start(command: &[OsString], args: &Args) -> Result<Address, Error> {
    let mut heard = Heard::default();
    let started = timeout(START_WAIT, attempt(command, args, &mut heard)).await;
    let problem = match started {
        Ok(Ok(())) => match heard.last.take() {
            Some(Report::Ready(address)) => {
                heard.process = None;
                return Ok(address);
            }
            Some(Report::Fenced(problem)) => return Err(Error::Fenced(problem)),
            Some(Report::Failed(problem)) => problem,
            Some(Report::Started(_)) | None => "it ended without a word".to_owned(),
        },
        Ok(Err(problem)) => problem,
        Err(_) => format!("it did not listen within {START_WAIT:?}"),
    };
    let path = args.place().log();
    let log = std::fs::read_to_string(&path).unwrap_or_default();
    let last = log.lines().rfind(|line| !line.is_empty()).unwrap_or("empty");
    let last: String = last.chars().take(QUOTE_CHARS).collect();
    Err(Error::Start(format!("{problem}; its log {} ends with: {last}", path.display())))
}

/// What a hand has said. One that is not ready when nobody waits for it any more is killed.
#[derive(Debug, Default)]
struct Heard {
    process: Option<Process>,
    last: Option<Report>,
}

impl Drop for Heard {
    fn drop(&mut self) {
        if let Some(process) = &self.process {
            process.kill();
        }
    }
}

async fn attempt(command: &[OsString], args: &Args, heard: &mut Heard) -> Result<(), String> {
    if command.is_empty() {
        return Err("there is no command to start hands with".to_owned());
    }
    let place = args.place();
    place.create().map_err(|error| error.to_string())?;
    let log = File::create(place.log());
    let log = log.map_err(|error| format!("{}: {error}", place.log().display()))?;
    let environment = std::env::vars_os().filter(|(name, _)| allowed(name));
    let mut child = Command::new(SHELL[0])
        .args(&SHELL[1..])
        .args(command)
        .args(args.words())
        .env_clear()
        .envs(environment)
        .env("TERM", "dumb")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(log)
        // A signal from the terminal is meant for us, not for what we have just started.
        .process_group(0)
        .spawn()
        .map_err(|error| format!("{}: {error}", SHELL[0]))?;
    let output = child.stdout.take().expect("standard output is piped");
    listen(output, heard).await?;
    // The step in between has ended or is about to: it waits for nothing.
    child.wait().await.map_err(|error| error.to_string())?;
    Ok(())
}

/// Reads until the hand has said how it went.
async fn listen(output: impl AsyncRead + Unpin, heard: &mut Heard) -> Result<(), String> {
    let mut lines = BufReader::new(output.take(START_BYTES_MAX));
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = lines.read_until(b'\n', &mut line).await;
        if read.map_err(|error| error.to_string())? == 0 {
            return Ok(());
        }
        match std::str::from_utf8(&line).ok().and_then(Report::parse) {
            Some(Report::Started(process)) => heard.process = Some(process),
            Some(report) => {
                heard.last = Some(report);
                return Ok(());
            }
            None => {}
        }
    }
}

fn allowed(name: &std::ffi::OsStr) -> bool {
    name.to_str().is_some_and(|name| ENVIRONMENT.contains(&name) || name.starts_with(LOCALE_PREFIX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_and_no_token_is_handed_on() {
        for name in ["PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "USER"] {
            assert!(allowed(name.as_ref()), "{name}");
        }
        for name in ["ANTHROPIC_API_KEY", "AWS_SECRET_ACCESS_KEY", "GITHUB_TOKEN", "LD_PRELOAD"] {
            assert!(!allowed(name.as_ref()), "{name}");
        }
    }
}
