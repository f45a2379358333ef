//! Answers what a session asks: whether calls may run, and the calls that its client runs.

use std::time::Duration;

use planaria_core::event::ClientEvent;
use planaria_core::record::payload::{Confirmation, CustomToolResult, Verdict};
use planaria_core::session::{Call, Phase, SessionState};
use planaria_core::tool::text_block;
use planaria_runtime::Error;
use serde_json::Value;

use super::Client;
use crate::rng::Rng;
use crate::world::limits::CLIENT_RETRY;

/// Of a hundred questions whether a call may run, so many are answered with no.
const DENIED_PERCENT: u64 = 25;

impl Client {
    /// Answers what the session waits for: all at once, or one after the other.
    pub(super) async fn reply(&self, state: &SessionState) -> Result<(), String> {
        let mut events = Vec::new();
        for call in state.pending() {
            match self.answer(call).await {
                Ok(event) => events.push(event),
                Err(error) => return self.bear(&error).await,
            }
        }
        let mut pace =
            Rng::of(self.seed, &format!("replies of {} at {}", self.script.name, state.seq));
        if pace.chance(50) {
            events.truncate(1);
        }
        tokio::time::sleep(Duration::from_millis(pace.below(900))).await;
        match self.runtime.send(self.script.session, events).await {
            Ok(sent) => self.told(&sent),
            // Somebody was faster, or this client was, and did not hear of it.
            Err(Error::Rejected(rejection)) => {
                self.note(&format!("is refused: {rejection}"));
                tokio::time::sleep(CLIENT_RETRY).await;
            }
            Err(error) => self.bear(&error).await?,
        }
        Ok(())
    }

    async fn answer(&self, call: &Call) -> Result<ClientEvent, Error> {
        let page = self.runtime.read(self.script.session, call.use_seq, 1).await?;
        let asked =
            page.first().and_then(|record| record.parse::<Value>().ok()).unwrap_or_default();
        let field = |name: &str| asked["input"][name].as_str();
        let key = field("question").or(field("file_path")).unwrap_or_default();
        Ok(match call.phase {
            Phase::Client => ClientEvent::CustomToolResult(CustomToolResult {
                custom_tool_use_id: call.id,
                content: vec![text_block(&format!("The answer to {key} is yes."))],
                is_error: false,
            }),
            _ => {
                let denied = Rng::of(self.seed, &format!("leave for {key}")).chance(DENIED_PERCENT);
                let result = if denied { Verdict::Deny } else { Verdict::Allow };
                let deny_message = denied.then(|| "Not that one.".to_owned());
                ClientEvent::Confirmation(Confirmation {
                    tool_use_id: call.id,
                    result,
                    deny_message,
                })
            }
        })
    }
}
