//! A simulated client: it lives outside the server, and outlives it.
//!
//! When it is not told what became of a request it reads the log and asks again if the request is
//! not there, as a careful client of the API does.

mod reply;
mod talk;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use planaria_core::EventId;
use planaria_core::event::ClientEvent;
use planaria_core::port::store;
use planaria_core::record::payload::StopReason;
use planaria_core::session::{SessionState, Status};
use planaria_runtime::{Error, Runtime, Sent};

use super::limits::{CLIENT_HEARS, CLIENT_LOOK, CLIENT_RETRY, CLIENT_TRIES};
use super::observed::Acknowledged;
use super::trace::Trace;
use super::workload::{Race, Script};
use crate::env::{SimClock, steps};

pub(super) use talk::message;

/// What a client knows. Survives the servers that it talks to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Memory {
    /// Messages of its script that are known to be in the log.
    pub said: usize,
    /// Things that it did in a race with its session, by the message that they belong to.
    pub raced: usize,
    /// What was sent and not answered yet.
    doubt: bool,
    /// Events that were acknowledged to it.
    pub acknowledged: Vec<EventId>,
    /// Texts that must be in the log, once.
    pub recorded: Vec<String>,
    /// Texts that were refused and must not be there.
    pub refused: Vec<String>,
    /// Whether it has got through its script and its session is at rest.
    pub done: bool,
    /// How often nobody could say what became of its request.
    pub interrupted: u64,
    /// What no client should have to see.
    pub complaints: Vec<String>,
}

/// One client's connection to one server.
pub(super) struct Client {
    pub seed: u64,
    pub script: Script,
    pub memory: Arc<Mutex<Memory>>,
    pub runtime: Runtime,
    pub clock: SimClock,
    pub trace: Trace,
    pub acknowledged: Acknowledged,
}

/// What became of a message.
#[derive(Debug, PartialEq, Eq)]
enum Heard {
    Yes,
    Refused(String),
}

impl Client {
    /// Does what is left of the script.
    pub async fn live(self) {
        if let Err(problem) = self.work().await {
            self.note(&format!("gives up: {problem}"));
            self.memory().complaints.push(problem);
        }
    }

    async fn work(&self) -> Result<(), String> {
        self.create().await?;
        loop {
            let (said, raced) = {
                let memory = self.memory();
                (memory.said, memory.raced)
            };
            if raced < said {
                let race = self.script.says[said - 1].race.clone();
                self.race(race).await?;
                self.memory().raced = said;
            }
            self.rest().await?;
            let Some(say) = self.script.says.get(said) else { break };
            tokio::time::sleep(say.after).await;
            steps(say.steps).await;
            match self.say(&say.text).await? {
                Heard::Yes => self.memory().said += 1,
                // The session asks something after all.
                Heard::Refused(_) => {}
            }
        }
        self.memory().done = true;
        self.note("is done");
        Ok(())
    }

    async fn create(&self) -> Result<(), String> {
        let name = format!("world/{}", self.script.name).into_bytes();
        for _ in 0..CLIENT_TRIES {
            if self.runtime.state(self.script.session).await.is_ok() {
                return Ok(());
            }
            let genesis = self.script.genesis();
            match self.runtime.create(genesis, Vec::new(), vec![name.clone()]).await {
                Ok(_) => return Ok(()),
                Err(error) => self.bear(&error).await?,
            }
        }
        Err("the session could not be created".to_owned())
    }

    /// Waits until the session is idle, answering what it asks.
    async fn rest(&self) -> Result<(), String> {
        loop {
            let more = self.acknowledged.more();
            match self.runtime.state(self.script.session).await {
                Ok(state) if state.is_blocked() => {
                    self.reply(&state).await?;
                    continue;
                }
                Ok(state) if state.is_idle() => return self.unharmed(&state),
                Ok(_) => {}
                Err(error) => self.bear(&error).await?,
            }
            tokio::select! { biased;
                () = more => {}
                () = tokio::time::sleep(CLIENT_LOOK) => {}
            }
            // The session hears of its append before its clients do.
            tokio::time::sleep(CLIENT_HEARS).await;
        }
    }

    /// A session at rest ended its turn, one way or another.
    fn unharmed(&self, state: &SessionState) -> Result<(), String> {
        match &state.status {
            Status::Idle(StopReason::RequiresAction { .. }) => {
                Err("the session waits for an answer to nothing".to_owned())
            }
            Status::Terminated => Err("the session is terminated".to_owned()),
            _ => Ok(()),
        }
    }

    async fn race(&self, race: Option<Race>) -> Result<(), String> {
        let Some(Race { after, text }) = race else { return Ok(()) };
        tokio::select! { biased;
            rested = self.rest() => rested?,
            () = tokio::time::sleep(after) => {}
        }
        match text {
            Some(text) => {
                if let Heard::Refused(_) = self.say(&text).await? {
                    self.memory().refused.push(text);
                }
            }
            // An interrupt has nothing by which it could be found again: it is sent once.
            None if self.memory().doubt => self.memory().doubt = false,
            None => {
                self.memory().doubt = true;
                let interrupt = ClientEvent::Interrupt { session_thread_id: None };
                let sent = self.runtime.send(self.script.session, vec![interrupt]).await;
                self.memory().doubt = false;
                match sent {
                    Ok(sent) => self.told(&sent),
                    Err(error) => self.bear(&error).await?,
                }
            }
        }
        Ok(())
    }

    fn told(&self, sent: &[Sent]) {
        self.memory().acknowledged.extend(sent.iter().map(|sent| sent.id));
    }

    /// Waits before the next attempt, where another attempt makes sense.
    async fn bear(&self, error: &Error) -> Result<(), String> {
        self.note(&format!("hears: {error}"));
        if let Error::Interrupted { .. } = error {
            self.memory().interrupted += 1;
        }
        if let Error::Unreadable { .. }
        | Error::Payload(_)
        | Error::Store(store::Error::Corrupt { .. }) = error
        {
            return Err(error.to_string());
        }
        tokio::time::sleep(CLIENT_RETRY).await;
        Ok(())
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, what: &str) {
        self.trace.note(self.clock.now(), format!("client of {} {what}", self.script.name));
    }
}
