//! Logs with everything in them that a session can say.

use planaria_core::agent::{Agent, AgentParams};
use planaria_core::event::ClientEvent;
use planaria_core::id::derive;
use planaria_core::model::{Answer, Block, StopReason, ToolInput, Usage};
use planaria_core::port::sandbox::Ended;
use planaria_core::record::payload::{CustomToolResult, Genesis};
use planaria_core::session::{Command, Effect, SessionState, Stamp, decide, effects, evolve};
use planaria_core::tool::{Outcome, text_block};
use planaria_core::{Record, SessionId};
use serde_json::json;

/// Turns of the long log, and characters of each of its results.
const TURNS: usize = 6;
const RESULT_CHARS: usize = 3_000;

/// The logs, by what is special about them.
pub(super) fn all() -> Vec<(&'static str, Vec<Record>)> {
    vec![("talk", talk()), ("calls", calls()), ("odd answers", odd()), ("a long one", long())]
}

/// A session that is told everything at once.
struct Session {
    state: SessionState,
    log: Vec<Record>,
}

impl Session {
    fn new() -> Self {
        let mut session = Self { state: SessionState::default(), log: Vec::new() };
        let genesis = Genesis::new(SessionId(1), agent());
        session.command(Command::Create(Box::new(genesis)));
        session
    }

    fn command(&mut self, command: Command) {
        let now = 1_790_000_000_000_000 + self.state.seq * 1_000;
        let id_seed = derive(1, b"suite", self.state.seq);
        let records = decide(&self.state, command, &Stamp { now, id_seed, jitter: 0 });
        for record in records.expect("the suite's commands are accepted") {
            evolve(&mut self.state, &record);
            self.log.push(record);
        }
    }

    fn say(&mut self, text: &str) -> &mut Self {
        self.command(Command::Send(vec![ClientEvent::message(text)]));
        self
    }

    fn answer(&mut self, blocks: Vec<Block>, stop: StopReason) -> &mut Self {
        let effect = effects(&self.state).first().map(Effect::id).expect("a request is open");
        let usage = Usage { input_tokens: 10, output_tokens: 1, ..Usage::default() };
        let answer = Answer { model: "any".to_owned(), blocks, stop, usage };
        self.command(Command::ModelAnswered {
            effect,
            attempt: self.state.attempt,
            digest: String::new(),
            harness: ("suite".to_owned(), 1),
            answer: Box::new(answer),
        });
        self
    }

    /// Ends every running call, the last one first, and answers those that are the client's.
    fn results(&mut self, outcome: &Outcome) -> &mut Self {
        for effect in effects(&self.state).into_iter().rev() {
            if let Effect::Tool { id, .. } = effect {
                let (attempt, ended) = (self.state.attempt, Ended::Outcome(outcome.clone()));
                self.command(Command::ToolEnded { effect: id, attempt, ended });
            }
        }
        let waiting: Vec<_> = self.state.pending().map(|call| call.id).collect();
        for custom_tool_use_id in waiting {
            let content = outcome.content.clone();
            let is_error = outcome.is_error;
            let result = CustomToolResult { custom_tool_use_id, content, is_error };
            self.command(Command::Send(vec![ClientEvent::CustomToolResult(result)]));
        }
        self
    }
}

fn agent() -> Agent {
    let params = json!({
        "name": "suite", "model": "any", "system": "Be brief.",
        "tools": [
            { "type": "agent_toolset_20260401" },
            {
                "type": "custom", "name": "lookup", "description": "The client's.",
                "input_schema": { "type": "object" },
            },
        ],
    });
    let params: AgentParams = serde_json::from_value(params).expect("the suite's agent");
    params.materialise().expect("the suite's agent")
}

fn text(text: &str) -> Block {
    Block::Text(text.to_owned())
}

fn call(name: &str) -> Block {
    Block::ToolUse { name: name.to_owned(), input: ToolInput::Object(json!({ "of": name })) }
}

fn talk() -> Vec<Record> {
    let mut session = Session::new();
    let system = ClientEvent::System { content: vec![text_block("Answer in verse.")] };
    session.command(Command::Send(vec![ClientEvent::message("hello"), system]));
    session.answer(vec![text("Hello.")], StopReason::EndTurn).say("and again");
    session.answer(Vec::new(), StopReason::EndTurn).say("you said nothing");
    session.answer(vec![text("Well.")], StopReason::EndTurn);
    session.log
}

fn calls() -> Vec<Record> {
    let mut session = Session::new();
    let image = json!({
        "type": "image",
        "source": { "type": "base64", "media_type": "image/png", "data": "AA==" },
    });
    let several = || vec![text("Let me see."), call("bash"), call("read"), call("lookup")];
    session.say("look").answer(several(), StopReason::ToolUse).results(&Outcome::text("seen"));
    let shown = Outcome { content: vec![text_block("here"), image], is_error: false };
    session.answer(several(), StopReason::ToolUse).results(&shown);
    let failed = Outcome { is_error: true, ..shown };
    session.answer(several(), StopReason::ToolUse).results(&failed);
    session.answer(vec![call("bash"), call("nobody")], StopReason::ToolUse);
    let claim = Command::Claim { harness: "suite".to_owned(), version: 1 };
    session.command(claim);
    session.results(&Outcome::error("")).answer(vec![text("Done.")], StopReason::EndTurn);
    session.log
}

fn odd() -> Vec<Record> {
    let mut session = Session::new();
    let thought = |signature: &str| {
        Block::Thinking(json!({ "type": "thinking", "thinking": "Hm.", "signature": signature }))
    };
    let malformed =
        Block::ToolUse { name: "bash".to_owned(), input: ToolInput::Malformed("{".to_owned()) };
    session.say("go").answer(vec![thought("c2ln"), text("One."), text(" ")], StopReason::PauseTurn);
    session.answer(vec![thought(""), malformed, call("read")], StopReason::ToolUse);
    session.results(&Outcome::text("")).answer(vec![thought("c2ln")], StopReason::MaxTokens);
    session.say("go on").answer(vec![text("Two.")], StopReason::EndTurn).say("more");
    session.command(Command::Send(vec![ClientEvent::Interrupt { session_thread_id: None }]));
    session.say("rather this").answer(vec![text("Three.")], StopReason::EndTurn);
    session.log
}

fn long() -> Vec<Record> {
    let mut session = Session::new();
    for turn in 0..TURNS {
        session.say(&format!("turn {turn}")).answer(vec![call("bash")], StopReason::ToolUse);
        session.results(&Outcome::text("x".repeat(RESULT_CHARS)));
        session.answer(vec![text("Done.")], StopReason::EndTurn);
    }
    session.log
}
