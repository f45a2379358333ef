//! A session's answer: the text of its last message.

use planaria_core::SessionId;
use planaria_core::port::store::Store;
use planaria_core::record::payload::Content;
use planaria_core::session::SessionState;
use serde_json::Value;

/// The text of the last `agent.message`; empty if the agent has said nothing.
pub async fn of(store: &dyn Store, id: SessionId, state: &SessionState) -> anyhow::Result<String> {
    let Some(seq) = state.last_message else { return Ok(String::new()) };
    let page = store.read(id, seq, 1).await?;
    let Some(record) = page.first() else { return Ok(String::new()) };
    let texts = record.parse::<Content>()?.content;
    let texts = texts.iter().filter_map(|b| b.get("text").and_then(Value::as_str));
    Ok(texts.collect::<Vec<_>>().join("\n"))
}
