//! `planaria up`.

mod chaos;
mod check;
mod job;
mod plan;
mod progress;
mod report;
mod seed;
mod verdict;
mod work;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context;
use planaria_core::SessionId;
use planaria_core::limits::READ_RECORDS_MAX;
use planaria_core::port::sandbox::Driver;
use planaria_core::port::store::Store;
use planaria_core::session::{SessionState, fold};
use planaria_drivers::env::SystemEnv;
use planaria_drivers::sandbox::{LocalDriver, LocalOptions};
use planaria_runtime::Runtime;
use tokio::sync::watch;

use crate::cli;
use crate::exit::Code;
use crate::output::{Format, say};
use crate::{control, data};
use progress::Progress;
use report::Outcome;
use verdict::Verdict;
pub use work::{FLEET as SESSION_FLEET, NAME as SESSION_NAME};
use work::{Fleet, News};

/// How long an orderly end may take after Ctrl-C.
const DRAIN: Duration = Duration::from_secs(10);

pub async fn run(args: cli::Up) -> anyhow::Result<Code> {
    let loaded = plan::load(&args)?;
    let mut interrupt = Interrupt::listen();
    let dir = data_dir(&args);
    let store = if args.chaos { fresh(&dir).await? } else { data::open(&dir)? };
    let driver = driver(&dir)?;
    say(&format!("sandbox: {}", driver.isolation().summary));
    for hint in &loaded.hints {
        say(&format!("{} {hint}", crate::output::hint_word()));
    }
    let env = Arc::new(SystemEnv::new());
    let runtime = Runtime::builder(store.clone(), env, driver, loaded.route)
        .supervision(loaded.supervision)
        .serves(work::of_plan(&loaded.plan))
        .start()
        .await?;
    let control = control::serve(&dir, runtime.clone());
    if let Err(problem) = &control {
        say(&format!("{} nobody can look in: {problem:#}", crate::output::hint_word()));
    }
    let fleet =
        Arc::new(Fleet { plan: loaded.plan, runtime: runtime.clone(), data_dir: dir.clone() });
    let chaos = args.chaos.then(|| chaos::Chaos::start(args.seed, replay(&args), &fleet));
    let result = tokio::select! { biased;
        code = interrupt.first() => {
            say(&left_behind(&fleet).await);
            Ok(code)
        }
        end = ended(&runtime) => {
            store.close().await;
            anyhow::bail!("{end}");
        }
        result = work(&fleet, &args, chaos) => result,
    };
    if let Ok(control) = control {
        control.abort();
    }
    runtime.retire_hands().await;
    runtime.shutdown(DRAIN).await;
    store.close().await;
    result
}

/// The command that repeats a chaos run.
fn replay(args: &cli::Up) -> String {
    let word = |path: &Path| crate::output::shell_word(&path.display().to_string());
    let (fleet, dir) = (word(&args.fleet), word(&args.data.data_dir));
    let provider = args.provider.as_ref().map(|name| format!(" --provider {name}"));
    let provider = provider.unwrap_or_default();
    format!("planaria up {fleet} --chaos --seed {}{provider} --data-dir {dir}", args.seed)
}

/// A chaos run works in a directory of its own.
fn data_dir(args: &cli::Up) -> PathBuf {
    let base = &args.data.data_dir;
    if args.chaos { base.join(format!("chaos-{}", args.seed)) } else { base.clone() }
}

/// An empty store in an empty directory. Whoever works in it is asked first, by its lock.
async fn fresh(dir: &Path) -> anyhow::Result<Arc<dyn Store>> {
    if dir.exists() {
        let store = data::open(dir)?;
        end_hands(store.as_ref(), dir).await?;
        store.close().await;
        std::fs::remove_dir_all(dir).with_context(|| format!("clear {}", dir.display()))?;
    }
    data::open(dir)
}

/// A run that was killed leaves hands behind, which nobody would find once its directory is gone.
async fn end_hands(store: &dyn Store, dir: &Path) -> anyhow::Result<()> {
    let driver = driver(dir)?;
    for id in data::sessions(store).await? {
        let mut state = SessionState::default();
        loop {
            let page = store.read(id, state.seq + 1, READ_RECORDS_MAX).await?;
            if page.is_empty() {
                break;
            }
            fold(&mut state, &page)?;
        }
        if let Some(hand) = state.hand {
            driver.destroy(hand).await?;
        }
    }
    Ok(())
}

fn driver(dir: &Path) -> anyhow::Result<Arc<dyn Driver>> {
    let program = std::env::current_exe().context("find this program to start hands with")?;
    let hand_command = vec![program.into_os_string(), "hand".into()];
    std::fs::create_dir_all(dir)?;
    let data_dir = std::fs::canonicalize(dir)?;
    Ok(Arc::new(LocalDriver::new(LocalOptions::new(data_dir, hand_command))))
}

/// Follows all sessions to their ends, then says how they ended.
async fn work(
    fleet: &Arc<Fleet>,
    args: &cli::Up,
    chaos: Option<chaos::Chaos>,
) -> anyhow::Result<Code> {
    let start = Instant::now();
    let outcomes = follow(fleet, args).await;
    let done = outcomes.iter().filter(|outcome| outcome.is_done()).count();
    let seconds = start.elapsed().as_secs_f64();
    say(&format!("{done} of {} sessions done after {seconds:.1} s", outcomes.len()));
    finish(fleet, args, outcomes, chaos).await
}

/// Follows all sessions to their ends, showing progress.
async fn follow(fleet: &Arc<Fleet>, args: &cli::Up) -> Vec<Outcome> {
    let names: Vec<String> = fleet.plan.jobs.iter().map(|j| j.name.clone()).collect();
    let mut progress = Progress::new(&names, !args.no_progress);
    let mut outcomes: Vec<(Option<SessionId>, Option<Verdict>)> = vec![(None, None); names.len()];
    let mut lines: Vec<progress::Line> = fleet.plan.jobs.iter().map(job::Job::line).collect();
    for (name, line) in names.iter().zip(&lines) {
        progress.show(name, line.clone());
    }
    let mut news = fleet.work();
    while let Some(News { job, id, line, verdict, note }) = news.recv().await {
        let outcome = &mut outcomes[job];
        outcome.0 = id.or(outcome.0);
        if let Some(note) = note {
            progress.note(&format!("{} {note}", crate::output::hint_word()));
        }
        if id.is_some() {
            lines[job] = line;
        } else {
            lines[job].state = line.state;
        }
        outcome.1 = verdict.or(outcome.1.take());
        progress.show(&names[job], lines[job].clone());
        if outcomes.iter().all(|(_, verdict)| verdict.is_some()) {
            break;
        }
    }
    progress.finish();
    let unknown = || Verdict::Failed("its task ended without a word".to_owned());
    let rows = names.into_iter().zip(outcomes).zip(lines);
    rows.map(|((name, (id, verdict)), line)| Outcome {
        name,
        id,
        verdict: verdict.unwrap_or_else(unknown),
        line,
    })
    .collect()
}

/// How `planaria events` finds each session.
async fn log_names(fleet: &Fleet, outcomes: &[Outcome]) -> Vec<String> {
    let store = fleet.runtime.store();
    let mut names = Vec::with_capacity(outcomes.len());
    for outcome in outcomes {
        names.push(match outcome.id {
            Some(id) => data::shortest(store.as_ref(), &outcome.name, id).await,
            None => outcome.name.clone(),
        });
    }
    names
}

/// What an interrupted run leaves.
async fn left_behind(fleet: &Fleet) -> String {
    use planaria_core::session::{Call, Phase};
    let runs = |call: &Call| matches!(call.phase, Phase::Wanted(..) | Phase::Cancelling(..));
    let store = fleet.runtime.store();
    let mut running = 0;
    for job in &fleet.plan.jobs {
        let known = data::find(store.as_ref(), &fleet.plan.fleet, &job.name).await;
        if let Ok(Some(id)) = known
            && let Ok(state) = fleet.runtime.state(id).await
        {
            running += state.calls.iter().filter(|call| runs(call)).count();
        }
    }
    let commands = match running {
        0 => String::new(),
        1 => "; one command still runs and is collected then, or ends after 10 minutes".to_owned(),
        n => format!("; {n} commands still run and are collected then, or end after 10 minutes"),
    };
    format!("interrupted: the same command goes on where this one stopped{commands}")
}

/// Prints the answers, and with chaos the table.
async fn finish(
    fleet: &Arc<Fleet>,
    args: &cli::Up,
    outcomes: Vec<Outcome>,
    chaos: Option<chaos::Chaos>,
) -> anyhow::Result<Code> {
    let faults = match chaos {
        Some(chaos) => Some(chaos.finish(fleet, &outcomes).await?),
        None => None,
    };
    match args.output {
        Format::Human => {
            let logs = log_names(fleet, &outcomes).await;
            report::human(fleet, &outcomes, &logs, faults.as_ref())?;
        }
        Format::Json => report::json(fleet, &outcomes, faults.as_ref())?,
    }
    Ok(match faults {
        Some(faults) if !faults.passed() => Code::ChaosFailed,
        _ => report::code(&outcomes),
    })
}

async fn ended(runtime: &Runtime) -> planaria_runtime::End {
    let mut end = runtime.end();
    match end.wait_for(Option::is_some).await {
        Ok(end) => end.clone().expect("waited for"),
        Err(_) => planaria_runtime::End::Shutdown,
    }
}

/// The first signal drains, the second exits now. Both are heard until the process ends.
struct Interrupt(watch::Receiver<Option<Code>>);

impl Interrupt {
    fn listen() -> Self {
        let (heard, receiver) = watch::channel(None);
        tokio::spawn(async move {
            use tokio::signal::unix::{SignalKind, signal};
            let (Ok(mut int), Ok(mut term)) =
                (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
            else {
                // Without handlers the signals end the process by themselves.
                return std::future::pending().await;
            };
            loop {
                let code = tokio::select! { biased;
                    _ = int.recv() => Code::Interrupted,
                    _ = term.recv() => Code::Terminated,
                };
                if heard.borrow().is_some() {
                    std::process::exit(i32::from(code.number()));
                }
                heard.send_replace(Some(code));
            }
        });
        Self(receiver)
    }

    async fn first(&mut self) -> Code {
        match self.0.wait_for(Option::is_some).await {
            Ok(code) => code.expect("waited for"),
            Err(_) => std::future::pending().await,
        }
    }
}
