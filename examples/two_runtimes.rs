//! Two runtimes in one process. Nothing is global, so they know nothing of each other.
//!
//! `cargo run --example two_runtimes -p planaria`

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use planaria::agent::Agent;
use planaria::drivers::env::SystemEnv;
use planaria::drivers::model::{Script, Scripted};
use planaria::drivers::store::{FjallStore, Options};
use planaria::event::ClientEvent;
use planaria::{Runtime, SessionId};

type Done<T> = Result<T, Box<dyn std::error::Error>>;

/// A runtime whose agents greet in their own way.
async fn start(data: &Path, greeting: &str) -> Done<Runtime> {
    let script = Script::parse("greeting", &format!("steps: [ {{ say: \"{greeting}\" }} ]"))?;
    let runtime = Runtime::builder()
        .store(FjallStore::open(data, Options::default())?)
        .env(SystemEnv::new())
        .provider(Scripted::new(Arc::new(script)))
        .start()
        .await?;
    Ok(runtime)
}

async fn greet(runtime: &Runtime) -> Done<SessionId> {
    let session = runtime.create_session(Agent::new("greeter", "any")).await?;
    runtime.send(session, vec![ClientEvent::message("Hello?")]).await?;
    runtime.idle(session).await?;
    println!("{}", runtime.answer(session).await?.unwrap_or_default());
    Ok(session)
}

#[tokio::main]
async fn main() -> Done<()> {
    let (here, there) = (tempfile::tempdir()?, tempfile::tempdir()?);
    let (one, two) = (start(here.path(), "Moin!").await?, start(there.path(), "Servus!").await?);
    let session = greet(&one).await?;
    greet(&two).await?;
    println!("the other knows the session: {}", two.state(session).await.is_ok());
    one.shutdown(Duration::from_secs(5)).await;
    println!("the other runs on: {}", two.end().borrow().is_none());
    two.shutdown(Duration::from_secs(5)).await;
    Ok(())
}
