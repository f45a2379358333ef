//! Another choice of context, swapped in between two requests of one session.
//!
//! What the model sees is chosen by a `ContextPolicy`, a pure function of the log. It can be
//! replaced while sessions run: the log says which one chose each request.
//!
//! `cargo run --example policy -p planaria`

use std::sync::Arc;
use std::time::Duration;

use planaria::agent::Agent;
use planaria::context::{Context, ContextPolicy};
use planaria::drivers::env::SystemEnv;
use planaria::drivers::model::{Script, Scripted};
use planaria::drivers::store::{FjallStore, Options};
use planaria::event::ClientEvent;
use planaria::model::{Request, Role};
use planaria::record::payload::Answer;
use planaria::{Kind, Runtime};

/// Forgets everything but the user's last message.
struct Goldfish;

impl ContextPolicy for Goldfish {
    fn name(&self) -> &str {
        "goldfish"
    }

    fn version(&self) -> u32 {
        1
    }

    fn request(&self, context: &Context) -> Option<Request> {
        let mut request = context.request()?;
        let last = request.messages.iter().rposition(|message| message.role == Role::User)?;
        request.messages.drain(..last);
        Some(request)
    }

    fn is_full(&self, _: &Context) -> bool {
        false
    }
}

const SCRIPT: &str = r#"
steps:
  - expect: 'Ada'
    say: "Hello, Ada."
    else:
      - expect: 'name'
        say: "I do not know your name."
  - expect: 'name'
    say: "Your name is Ada."
"#;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let data = tempfile::tempdir()?;
    let runtime = Runtime::builder()
        .store(FjallStore::open(data.path(), Options::default())?)
        .env(SystemEnv::new())
        .provider(Scripted::new(Arc::new(Script::parse("policy", SCRIPT)?)))
        .start()
        .await?;
    let session = runtime.create_session(Agent::new("host", "any")).await?;
    for (policy, text) in
        [("as it is", "I am Ada."), ("as it is", "My name?"), ("goldfish", "My name?")]
    {
        if policy == "goldfish" {
            runtime.set_context_policy(Goldfish);
        }
        runtime.send(session, vec![ClientEvent::message(text)]).await?;
        runtime.idle(session).await?;
        println!("{text} -> {}", runtime.answer(session).await?.unwrap_or_default());
    }
    for record in runtime.read(session, 1, 1_000).await? {
        if record.kind == Kind::Answer {
            let (policy, version) = record.parse::<Answer>()?.harness;
            println!("record {} was answered to {policy} {version}", record.seq);
        }
    }
    runtime.shutdown(Duration::from_secs(5)).await;
    Ok(())
}
