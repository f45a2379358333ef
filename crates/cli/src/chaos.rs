//! `planaria chaos`: `up --chaos`, by its own name, for one seed or for many.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};

use anyhow::Context;
use clap::Parser;
use rustix::process::{Pid, kill_process};
use serde_json::{Value, json};
use tokio::io::AsyncReadExt;
use tokio::process::{Child, Command};
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::cli::{Cli, DataDir};
use crate::exit::Code;
use crate::limits::{REPORT_BYTES_MAX, SEEDS_MAX};
use crate::output::{self, Format, say};
use crate::up;

/// What `chaos --help` ends with.
const HELP: &str = "\
The model is always the scripted one, so a run costs nothing. Every seed works in a fresh \
<data-dir>/chaos-<seed>; the same seed breaks the same parts at the same places.

Exit codes:
  0    every session got its result, every log passed its checks, and something was hit
  1    the fleet's files are wrong, or a run could not be started
  2    the command line is not understood
  5    with one of the seeds it was not so
  130  interrupted by Ctrl-C; 143 by SIGTERM

Examples:
  planaria chaos examples/fleet --seed 7
  planaria chaos examples/fleet --seeds 1..20";

/// Break a fleet on purpose, seed after seed, and see that it gets the same results.
///
/// Kills harnesses, sessions, sandboxes and hands in the middle of their work, by a plan that the
/// seed makes, then checks the answers, the workspaces and the invariants of every log. Use it
/// before you trust a fleet with something, and in CI.
#[derive(Debug, clap::Args)]
#[command(after_long_help = HELP)]
pub struct Args {
    /// Directory with fleet.yaml and agents/.
    #[arg(value_name = "FLEET", default_value = ".")]
    fleet: PathBuf,
    #[command(flatten)]
    data: DataDir,
    /// Seed of the plan.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Several seeds, one after the other, both ends included.
    #[arg(long, value_name = "A..B", value_parser = seeds, conflicts_with = "seed")]
    seeds: Option<Seeds>,
    /// How data is printed.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    output: Format,
    /// No live lines, also on a terminal.
    #[arg(long)]
    no_progress: bool,
}

/// A row of seeds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Seeds {
    first: u64,
    last: u64,
}

fn seeds(text: &str) -> Result<Seeds, String> {
    let (first, last) = text.split_once("..").ok_or("two numbers, such as 1..20")?;
    let number = |text: &str| text.parse::<u64>().map_err(|error| format!("`{text}`: {error}"));
    let (first, last) = (number(first)?, number(last.trim_start_matches('='))?);
    match last.checked_sub(first) {
        None => Err(format!("{last} lies before {first}")),
        Some(more) if more >= SEEDS_MAX => Err(format!("more than {SEEDS_MAX} seeds")),
        Some(_) => Ok(Seeds { first, last }),
    }
}

impl Args {
    /// The words of `up` that do the same for one seed.
    fn words(&self, seed: u64, output: Format) -> Vec<OsString> {
        let format = if output == Format::Json { "json" } else { "human" };
        let mut words: Vec<OsString> = ["up", "--chaos", "--output", format, "--seed"]
            .into_iter()
            .map(OsString::from)
            .collect();
        words.push(seed.to_string().into());
        words.extend(["--data-dir".into(), self.data.data_dir.clone().into_os_string()]);
        if self.no_progress {
            words.push("--no-progress".into());
        }
        words.extend(["--".into(), self.fleet.clone().into_os_string()]);
        words
    }
}

pub async fn run(args: Args) -> anyhow::Result<Code> {
    let Some(seeds) = args.seeds else {
        let words = args.words(args.seed, args.output);
        let words = std::iter::once("planaria".into()).chain(words);
        let crate::cli::Command::Up(up) = Cli::try_parse_from(words)?.command else {
            unreachable!("the words are those of `up`")
        };
        return up::run(up).await;
    };
    // Heard from before the first run on, so that none is left without its word.
    let mut signals = Signals::listen()?;
    let mut runs: Vec<Run> = Vec::new();
    let mut stopped = None;
    for seed in seeds.first..=seeds.last {
        say(&format!("seed {seed}"));
        let (run, stop) = one(&args, seed, &mut signals).await?;
        stopped = stop;
        if stopped.is_some() {
            break;
        }
        runs.push(run);
    }
    match args.output {
        Format::Json => output::data(&serde_json::to_string_pretty(&document(&runs))?)?,
        Format::Human => table(&runs).iter().try_for_each(|line| output::data(line))?,
    }
    Ok(stopped.unwrap_or_else(|| verdict(&runs)))
}

/// What ends us early.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    fn listen() -> anyhow::Result<Self> {
        let interrupt = signal(SignalKind::interrupt())?;
        Ok(Self { interrupt, terminate: signal(SignalKind::terminate())? })
    }
}

/// What one seed came to.
struct Run {
    seed: u64,
    code: Option<i32>,
    /// What `up --chaos --output json` said, if it got that far.
    report: Option<Value>,
}

impl Run {
    fn passed(&self) -> bool {
        self.code == Some(0)
    }
}

/// Runs one seed in a process of its own: a run that dies takes none of the others with it. Says
/// also whether we were told to stop meanwhile.
async fn one(args: &Args, seed: u64, signals: &mut Signals) -> anyhow::Result<(Run, Option<Code>)> {
    let program = std::env::current_exe().context("find this program to run it")?;
    let mut command = Command::new(program);
    command.args(args.words(seed, Format::Json)).stdout(Stdio::piped()).stdin(Stdio::null());
    let mut child = command.kill_on_drop(true).spawn().context("start a run")?;
    let mut stdout = child.stdout.take().context("a run has an output")?.take(REPORT_BYTES_MAX);
    let mut report = String::new();
    let ended = ended(&mut child, signals);
    let (read, ended) = tokio::join!(stdout.read_to_string(&mut report), ended);
    read?;
    let (status, stop) = ended?;
    Ok((Run { seed, code: status.code(), report: serde_json::from_str(&report).ok() }, stop))
}

/// Waits for a run. Ctrl-C reaches it without us; a SIGTERM that is for us is for it as well.
async fn ended(
    child: &mut Child,
    signals: &mut Signals,
) -> anyhow::Result<(ExitStatus, Option<Code>)> {
    let pid = child.id().and_then(|pid| Pid::from_raw(i32::try_from(pid).ok()?));
    let mut stop = None;
    loop {
        tokio::select! { biased;
            _ = signals.interrupt.recv() => stop = Some(Code::Interrupted),
            _ = signals.terminate.recv() => {
                stop = Some(Code::Terminated);
                if let Some(pid) = pid {
                    // It may have ended meanwhile.
                    let _ = kill_process(pid, rustix::process::Signal::TERM);
                }
            }
            status = child.wait() => return Ok((status?, stop)),
        }
    }
}

fn document(runs: &[Run]) -> Value {
    let runs: Vec<Value> = runs
        .iter()
        .map(|run| {
            json!({
                "seed": run.seed, "passed": run.passed(), "exit_code": run.code,
                "report": run.report,
            })
        })
        .collect();
    json!({ "passed": runs.iter().all(|run| run["passed"] == true), "runs": runs })
}

/// One line per seed, and one for all.
fn table(runs: &[Run]) -> Vec<String> {
    let mut lines = vec![format!("{:<8} {:<8} {:<10} sessions", "seed", "verdict", "faults")];
    for run in runs {
        let report = run.report.as_ref();
        let rows = |pointer: &str| {
            report
                .and_then(|report| report.pointer(pointer)?.as_array())
                .cloned()
                .unwrap_or_default()
        };
        let (faults, sessions) = (rows("/chaos/faults"), rows("/sessions"));
        let hit = faults.iter().filter(|fault| fault["hit"] == true).count();
        let done = sessions.iter().filter(|session| session["state"] == "done").count();
        let verdict = if run.passed() { "passed" } else { "FAILED" };
        let (faults, sessions) = (format!("{hit} hit"), format!("{done}/{} done", sessions.len()));
        let mut line = format!("{:<8} {verdict:<8} {faults:<10} {sessions:<10}", run.seed);
        if !run.passed()
            && let Some(replay) =
                report.and_then(|report| report.pointer("/chaos/replay")?.as_str())
        {
            line.push_str(&format!(" replay: {replay}"));
        }
        lines.push(line.trim_end().to_owned());
    }
    let passed = runs.iter().filter(|run| run.passed()).count();
    lines.push(format!("{passed} of {} seeds passed", runs.len()));
    lines
}

/// What a run could not even begin is not what chaos found.
fn verdict(runs: &[Run]) -> Code {
    if runs.iter().all(Run::passed) {
        Code::Ok
    } else if runs.iter().any(|run| !run.passed() && run.report.is_none()) {
        Code::Failed
    } else {
        Code::ChaosFailed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_are_two_numbers_in_their_order() {
        assert_eq!(seeds("3..5"), Ok(Seeds { first: 3, last: 5 }));
        assert_eq!(seeds("3..=3"), Ok(Seeds { first: 3, last: 3 }));
        for wrong in ["", "3", "5..3", "a..b", "0..1000", "..3"] {
            assert!(seeds(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_summary_counts_what_was_hit_and_done_and_says_how_to_repeat_a_failure() {
        let report = json!({
            "sessions": [{ "state": "done" }, { "state": "failed" }],
            "chaos": { "faults": [{ "hit": true }, { "hit": false }], "replay": "planaria up x" },
        });
        let runs = [
            Run { seed: 1, code: Some(0), report: Some(report.clone()) },
            Run { seed: 2, code: Some(5), report: Some(report) },
        ];
        expect_test::expect![[r"
            seed     verdict  faults     sessions
            1        passed   1 hit      1/2 done
            2        FAILED   1 hit      1/2 done   replay: planaria up x
            1 of 2 seeds passed"]]
        .assert_eq(&table(&runs).join("\n"));
        assert_eq!(verdict(&runs), Code::ChaosFailed);
        assert_eq!(verdict(&runs[..1]), Code::Ok);
        let broken = [Run { seed: 1, code: Some(1), report: None }];
        assert_eq!(verdict(&broken), Code::Failed);
    }
}
