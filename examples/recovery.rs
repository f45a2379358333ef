//! A program is killed with `kill -9` in the middle of a tool call, and started again.
//!
//! The program starts itself: once as the service that will be killed, once as its successor, and,
//! for the sandbox, as the hand that runs the command and outlives both. The command writes a line
//! when it begins and one when it ends; there is one of each.
//!
//! `cargo run --example recovery -p planaria`

#![allow(clippy::disallowed_methods, reason = "a program of its own, with a clock of its own")]

use std::ffi::OsString;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use planaria::agent::Agent;
use planaria::drivers::env::SystemEnv;
use planaria::drivers::model::{Script, Scripted};
use planaria::drivers::sandbox::{LocalDriver, LocalOptions};
use planaria::drivers::store::{FjallStore, Options};
use planaria::event::ClientEvent;
use planaria::{Runtime, SessionId, drivers};
use tokio::process::{Child, Command};

type Done<T> = Result<T, Box<dyn std::error::Error>>;

/// The one session, so that the successor knows whom to wait for.
const SESSION: SessionId = SessionId(1);

/// A named pipe holds the command back until somebody opens it.
const SCRIPT: &str = r#"
steps:
  - call: { bash: { command: "echo begun >> ledger; cat gate > /dev/null; echo ended >> ledger; echo paid" } }
  - expect: 'paid'
    say: "The bill is paid, once."
"#;

async fn serve(data: &Path) -> Done<()> {
    let hand = vec![std::env::current_exe()?.into_os_string(), "hand".into()];
    let runtime = Runtime::builder()
        .store(FjallStore::open(&data.join("journal"), Options::default())?)
        .env(SystemEnv::new())
        .sandbox(LocalDriver::new(LocalOptions::new(data.to_owned(), hand)))
        .provider(Scripted::new(Arc::new(Script::parse("recovery", SCRIPT)?)))
        .start()
        .await?;
    // The first life begins the session; whatever is open is gone on with without being asked.
    if runtime.state(SESSION).await.is_err() {
        let agent = Agent::new("clerk", "any").with_toolset();
        let genesis = planaria::record::payload::Genesis::new(SESSION, agent);
        runtime.create(genesis, Vec::new(), Vec::new()).await?;
        runtime.send(SESSION, vec![ClientEvent::message("Pay the bill.")]).await?;
    }
    runtime.idle(SESSION).await?;
    println!("{}", runtime.answer(SESSION).await?.unwrap_or_default());
    runtime.retire_hands().await;
    runtime.shutdown(Duration::from_secs(5)).await;
    Ok(())
}

fn service(data: &Path) -> Done<Child> {
    let program = std::env::current_exe()?;
    Ok(Command::new(program).arg("serve").arg(data).kill_on_drop(true).spawn()?)
}

/// Waits until the ledger in the session's workspace has a line, looking now and then.
async fn begun(ledger: &Path) -> Done<()> {
    while !std::fs::read_to_string(ledger).is_ok_and(|text| text.contains("begun")) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    Ok(())
}

async fn demonstrate() -> Done<()> {
    let data = tempfile::tempdir()?;
    let workspace = data.path().join("workspaces").join(SESSION.to_string());
    std::fs::create_dir_all(&workspace)?;
    let (gate, ledger) = (workspace.join("gate"), workspace.join("ledger"));
    let mode = rustix::fs::Mode::from_raw_mode(0o600);
    rustix::fs::mknodat(rustix::fs::CWD, &gate, rustix::fs::FileType::Fifo, mode, 0)?;

    let mut first = service(data.path())?;
    begun(&ledger).await?;
    first.kill().await?;
    println!("killed the service in the middle of its command");

    let start = Instant::now();
    let mut second = service(data.path())?;
    // Opening the pipe lets the command end, which nobody has started again.
    tokio::fs::write(&gate, "go").await?;
    let done = second.wait().await?;
    println!("its successor was done after {} ms: {done}", start.elapsed().as_millis());
    let ledger = std::fs::read_to_string(ledger)?;
    println!("the command's own ledger: {}", ledger.lines().collect::<Vec<_>>().join(", "));
    Ok(())
}

fn main() -> Done<()> {
    let args: Vec<OsString> = std::env::args_os().skip(1).collect();
    match args.first().and_then(|verb| verb.to_str()) {
        // The driver passes words of its own behind `hand`.
        Some("hand") => Ok(drivers::hand::main(&args[1..])?),
        Some("serve") => tokio::runtime::Runtime::new()?.block_on(serve(Path::new(&args[1]))),
        _ => tokio::runtime::Runtime::new()?.block_on(demonstrate()),
    }
}
