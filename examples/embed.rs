//! An agent inside your own program: a tool of yours, a model and a store that you choose, no HTTP.
//!
//! `cargo run --example embed -p planaria`

use std::sync::Arc;
use std::time::Duration;

use planaria::Runtime;
use planaria::agent::Agent;
use planaria::drivers::env::SystemEnv;
use planaria::drivers::model::{Script, Scripted};
use planaria::drivers::store::{FjallStore, Options};
use planaria::event::ClientEvent;
use planaria::port::tool::tool_fn;
use planaria::tool::{EffectClass, Outcome, ToolSpec};
use serde_json::json;

const SCRIPT: &str = r#"
steps:
  - call: { stock: { item: lamps } }
  - expect: '(\d+) lamps'
    say: "There are ${1} lamps, so the order can go out."
"#;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let schema = json!({ "type": "object", "properties": { "item": { "type": "string" } } });
    let spec = ToolSpec::new("stock", "Says how many of an item are in stock.", schema);
    let stock = tool_fn(spec, EffectClass::Read, |call| async move {
        Outcome::text(format!("12 {}", call.input["item"].as_str().unwrap_or("things")))
    });
    let data = tempfile::tempdir()?;
    let runtime = Runtime::builder()
        .store(FjallStore::open(data.path(), Options::default())?)
        .env(SystemEnv::new())
        .provider(Scripted::new(Arc::new(Script::parse("embed", SCRIPT)?)))
        .tool(stock.clone())
        .start()
        .await?;
    let session = runtime.create_session(Agent::new("clerk", "any").with_tool(&stock)).await?;
    runtime.send(session, vec![ClientEvent::message("Can the order go out?")]).await?;
    runtime.idle(session).await?;
    println!("{}", runtime.answer(session).await?.unwrap_or_default());
    runtime.shutdown(Duration::from_secs(5)).await;
    Ok(())
}
