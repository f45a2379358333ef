//! Says something exactly once, to a server that may die at any moment.

use planaria_core::event::ClientEvent;
use planaria_core::record::payload::{Accepted, Content};
use planaria_core::{Kind, Record};
use planaria_runtime::Error;

use super::{Client, Heard};
use crate::world::limits::CLIENT_TRIES;

/// Records that a client reads at a time.
const PAGE: usize = 200;

impl Client {
    /// Says something, once.
    pub(super) async fn say(&self, text: &str) -> Result<Heard, String> {
        for _ in 0..CLIENT_TRIES {
            if self.memory().doubt {
                match self.find(text).await {
                    Ok(found) => {
                        self.memory().doubt = false;
                        if found {
                            self.memory().recorded.push(text.to_owned());
                            return Ok(Heard::Yes);
                        }
                    }
                    Err(error) => {
                        self.bear(&error).await?;
                        continue;
                    }
                }
            }
            self.memory().doubt = true;
            let message = vec![ClientEvent::message(text)];
            match self.runtime.send(self.script.session, message).await {
                Ok(sent) => {
                    self.memory().doubt = false;
                    self.memory().recorded.push(text.to_owned());
                    self.told(&sent);
                    return Ok(Heard::Yes);
                }
                Err(Error::Rejected(rejection)) => {
                    self.memory().doubt = false;
                    self.note(&format!("is refused: {rejection}"));
                    return Ok(Heard::Refused(rejection.to_string()));
                }
                Err(error) => self.bear(&error).await?,
            }
        }
        Err(format!("`{text}` could not be said"))
    }

    /// Whether a text is in the log.
    async fn find(&self, text: &str) -> Result<bool, Error> {
        let mut from = 1;
        loop {
            let page = self.runtime.read(self.script.session, from, PAGE).await?;
            let Some(last) = page.last() else { return Ok(false) };
            from = last.seq + 1;
            if page.iter().any(|record| message(record).is_some_and(|found| found == text)) {
                return Ok(true);
            }
        }
    }
}

/// The text of a user message, waiting or taken up.
pub(in crate::world) fn message(record: &Record) -> Option<String> {
    let content = match record.kind {
        Kind::UserMessage => record.parse::<Content>().ok()?.content,
        Kind::Accepted => {
            let accepted = record.parse::<Accepted>().ok()?;
            serde_json::from_str::<Content>(accepted.event.get()).ok()?.content
        }
        _ => return None,
    };
    content.first()?["text"].as_str().map(str::to_owned)
}
