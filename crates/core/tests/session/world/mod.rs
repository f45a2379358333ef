//! A session in memory: commands in, records appended, state folded. No time but what a test says.

mod agents;
mod answers;
mod check;
mod hands;
mod harness;
mod render;

use planaria_core::context::{Context, HARNESS, HARNESS_VERSION};
use planaria_core::event::ClientEvent;
use planaria_core::id::{EventId, SessionId, derive};
use planaria_core::limits::MS;
use planaria_core::model::{Answer, Usage};
use planaria_core::port::sandbox::{Ended, Isolation, Locator};
use planaria_core::record::payload::{Compacted, Genesis};
use planaria_core::session::{
    Call, Command, Effect, EffectId, ModelFailure, Phase, Rejection, SessionState, Stamp, Status,
    decide, effects, evolve,
};
use planaria_core::tool::Outcome;
use planaria_core::{Kind, Record};

pub use agents::{agent, agent_with, agent_with_host};
pub use answers::*;
pub use check::check;
pub use hands::{Hands, may_run_twice};
pub use harness::{Crash, Harness, Model, Moment, Order};
pub use render::{name_ids, records};

pub const SESSION: SessionId = SessionId(7);
pub type Done = Result<Vec<Record>, Rejection>;

/// A log, and everything that was folded from it on the way.
#[derive(Clone)]
pub struct World {
    pub log: Vec<Record>,
    pub state: SessionState,
    pub context: Context,
    pub now: u64,
    /// The log's length after each append.
    pub appends: Vec<usize>,
    stamps: u64,
}

impl World {
    pub fn new() -> Self {
        Self::with(agent())
    }

    pub fn with(agent: planaria_core::agent::Agent) -> Self {
        let mut world = Self {
            log: Vec::new(),
            state: SessionState::default(),
            context: Context::default(),
            now: 1_790_000_000_000_000,
            appends: Vec::new(),
            stamps: 0,
        };
        let genesis = Genesis {
            session: SESSION,
            workspace: "default".to_owned(),
            agent,
            environment: "local".to_owned(),
            title: None,
            metadata: Default::default(),
        };
        world.command(Command::Create(Box::new(genesis))).unwrap();
        world
    }

    /// Decides and appends. Decides twice, in fact: the same question must get the same answer
    /// (I7).
    pub fn command(&mut self, command: Command) -> Done {
        self.now += MS;
        self.stamps += 1;
        let id_seed = derive(7, b"stamp", self.stamps);
        let stamp = Stamp { now: self.now, id_seed, jitter: 0 };
        let records = decide(&self.state, command.clone(), &stamp);
        assert_eq!(records, decide(&self.state, command, &stamp), "I7: decided differently");
        let records = records?;
        for record in &records {
            evolve(&mut self.state, record);
            self.context.push(record).unwrap();
        }
        self.log.extend(records.iter().cloned());
        if !records.is_empty() {
            self.appends.push(self.log.len());
        }
        Ok(records)
    }

    pub fn send(&mut self, events: impl IntoIterator<Item = ClientEvent>) -> Done {
        self.command(Command::Send(events.into_iter().collect()))
    }

    /// The open model request answers.
    pub fn answer(&mut self, answer: Answer) -> Done {
        let effect = self.model_effect();
        let digest = self.context.request().unwrap().digest();
        self.command(Command::ModelAnswered {
            effect,
            attempt: self.state.attempt,
            digest,
            harness: (HARNESS.to_owned(), HARNESS_VERSION),
            answer: Box::new(answer),
        })
    }

    /// The open model request fails.
    pub fn fail(&mut self, failure: ModelFailure) -> Done {
        let effect = self.model_effect();
        self.command(Command::ModelFailed { effect, attempt: self.state.attempt, failure })
    }

    /// The open model request shows that the context is full.
    pub fn full(&mut self) -> Done {
        let effect = self.model_effect();
        let (attempt, usage) = (self.state.attempt, Usage::default());
        self.command(Command::ContextFull { effect, attempt, usage })
    }

    /// The summary that was asked for comes.
    pub fn summary(&mut self, summary: &str) -> Done {
        let level = self.state.model.and_then(|model| model.compact).expect("a summary is wanted");
        let compaction = self.context.compaction(level).expect("there is something to sum up");
        let effect = self.model_effect();
        let compacted = Compacted {
            upto: compaction.upto,
            summary: summary.to_owned(),
            level,
            digest: compaction.request.digest(),
            harness: (HARNESS.to_owned(), HARNESS_VERSION),
            model: "test-model".to_owned(),
            usage: Usage { input_tokens: 10, output_tokens: 1, ..Usage::default() },
        };
        let compacted = Box::new(compacted);
        self.command(Command::Compacted { effect, attempt: self.state.attempt, compacted })
    }

    /// The oldest running call of that tool ends.
    pub fn ends(&mut self, tool: &str, ended: Ended) -> Done {
        let effect = self.tool_effect(tool);
        self.command(Command::ToolEnded { effect, attempt: self.state.attempt, ended })
    }

    /// The oldest running call of that tool ends well.
    pub fn result(&mut self, tool: &str, text: &str) -> Done {
        self.ends(tool, Ended::Outcome(Outcome::text(text)))
    }

    /// The open timer's time comes.
    pub fn timer(&mut self) -> Done {
        let Status::Rescheduling { effect, due } = self.state.status else { panic!("no timer") };
        self.now = self.now.max(due);
        self.command(Command::TimerDue { effect })
    }

    pub fn claim(&mut self) -> Done {
        let harness = HARNESS.to_owned();
        self.command(Command::Claim { harness, version: HARNESS_VERSION })
    }

    pub fn bind_hand(&mut self, generation: u64) -> Done {
        let address = format!("hand-{generation}");
        let locator = Locator { driver: "test".to_owned(), generation, session: SESSION, address };
        let isolation = Isolation { level: "none".to_owned(), summary: "A test.".to_owned() };
        self.command(Command::BindHand { locator, isolation })
    }

    pub fn park(&mut self, reason: &str) -> Done {
        self.command(Command::Park { reason: reason.to_owned() })
    }

    pub fn model_effect(&self) -> EffectId {
        let effects = effects(&self.state);
        let model = effects.iter().find(|e| matches!(e, Effect::Model { .. }));
        model.expect("a model request is open").id()
    }

    pub fn tool_effect(&self, tool: &str) -> EffectId {
        let effects = effects(&self.state);
        let call = effects.iter().find(|e| matches!(e, Effect::Tool { name, .. } if name == tool));
        call.unwrap_or_else(|| panic!("no call of {tool} runs")).id()
    }

    /// The open call of that tool, whatever it waits for.
    pub fn call(&self, tool: &str) -> EventId {
        let call = self.state.calls.iter().find(|c| c.name == tool);
        call.unwrap_or_else(|| panic!("no call of {tool} is open")).id
    }

    /// What a client answers to a call that waits for it.
    pub fn client_answer(call: &Call) -> Option<ClientEvent> {
        match call.phase {
            Phase::Ask(_) => Some(allow(call.id)),
            Phase::Client => Some(custom(call.id, "42")),
            _ => None,
        }
    }

    pub fn count(&self, kind: Kind) -> usize {
        self.log.iter().filter(|r| r.kind == kind).count()
    }
}
