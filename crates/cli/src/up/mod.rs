//! `planaria up`.

mod answers;
mod args;
mod chaos;
mod check;
pub mod endpoint;
mod follow;
mod job;
mod known;
mod load;
mod progress;
mod report;
mod rounds;
mod scripts;
mod seed;
mod signals;
mod verdict;
mod watch;
mod work;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use planaria_core::context::WholeLog;
use planaria_core::port::sandbox::Driver;
use planaria_core::port::store::Store;
use planaria_drivers::env::SystemEnv;
use planaria_drivers::sandbox::{LocalDriver, LocalOptions};
use planaria_runtime::Runtime;

use crate::exit::Code;
use crate::output::{Format, hint_word, say};
use crate::{control, data};
pub use answers::overriding;
pub use args::Args;
pub use known::current;
use load::Loaded;
pub use rounds::check_asked;
use rounds::{Planned, Rounds};
pub use scripts::{error as script_error, of_fleet as scripts};
pub use work::{FLEET as SESSION_FLEET, NAME as SESSION_NAME};

/// How long an orderly end may take after Ctrl-C.
const DRAIN: Duration = Duration::from_secs(10);

pub async fn run(args: Args) -> anyhow::Result<Code> {
    let mut reloads = watch::Reloads::listen(&args.fleet, args.watch)?;
    let Loaded { fleet, answers, supervision, compact_at, hints } = load::load(&args)?;
    reloads.follow(&fleet)?;
    let stays = !args.chaos && (args.watch || fleet.sessions.iter().any(|s| s.prompt.is_none()));
    anyhow::ensure!(
        !stays || args.output == Format::Human,
        "--output json is one document at the end, and this fleet stays up (standing sessions, or \
         --watch); leave it out, and read `planaria events SESSION --output ndjson --follow`"
    );
    let interrupt = signals::Interrupt::listen();
    let dir = data_dir(&args);
    let store = if args.chaos { fresh(&dir).await? } else { data::open(&dir)? };
    let driver = driver(&dir)?;
    let planned = Planned::new(fleet, store.as_ref(), &dir, &args.recreate).await?;
    say(&format!("sandbox: {}", driver.isolation().summary));
    for hint in &hints {
        say(&format!("{} {hint}", hint_word()));
    }
    say(&planned.summary);
    let answering = answers::Answering::new(answers);
    let runtime = Runtime::builder()
        .store(store.clone())
        .env(SystemEnv::new())
        .sandbox(driver)
        .route(answering.route())
        .supervision(supervision.clone())
        .context_policy(WholeLog { compact_at })
        .serves(work::of_plan(&planned.jobs))
        .start()
        .await?;
    let control = control::serve(&dir, runtime.clone());
    if let Err(problem) = &control {
        say(&format!("{} nobody can look in: {problem:#}", hint_word()));
    }
    let (args, runtime_of) = (&args, runtime.clone());
    let mut rounds = Rounds {
        args,
        dir,
        runtime: runtime_of,
        answering,
        supervision,
        interrupt,
        reloads,
        failed: false,
    };
    let result = rounds.run(planned).await;
    if let Ok(control) = control {
        control.abort();
    }
    if runtime.end().borrow().is_none() {
        runtime.retire_hands().await;
        runtime.shutdown(DRAIN).await;
    }
    store.close().await;
    result
}

/// The command that repeats a chaos run.
fn replay(args: &Args) -> String {
    let word = |path: &Path| crate::output::shell_word(&path.display().to_string());
    let (fleet, dir) = (word(&args.fleet), word(&args.data.data_dir));
    let provider = args.provider.as_ref().map(|name| format!(" --provider {name}"));
    let provider = provider.unwrap_or_default();
    format!("planaria up {fleet} --chaos --seed {}{provider} --data-dir {dir}", args.seed)
}

/// A chaos run works in a directory of its own.
fn data_dir(args: &Args) -> PathBuf {
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
        let state = known::state(store, id).await?;
        if let Some(hand) = state.hand {
            driver.destroy(hand).await?;
        }
    }
    Ok(())
}

fn driver(dir: &Path) -> anyhow::Result<Arc<dyn Driver>> {
    let program = std::env::current_exe().context("find this program to start hands with")?;
    let hand_command = vec![program.into_os_string(), "hand".into()];
    data::make(dir)?;
    let data_dir = std::fs::canonicalize(dir)?;
    Ok(Arc::new(LocalDriver::new(LocalOptions::new(data_dir, hand_command))))
}
