//! Folding logs, and the logs that are folded, woken and started with.

use std::time::Instant;

use planaria_core::agent::AgentParams;
use planaria_core::event::ClientEvent;
use planaria_core::model::{Answer, Block, StopReason, ToolInput, Usage};
use planaria_core::port::sandbox::Ended;
use planaria_core::record::payload::Genesis;
use planaria_core::session::{Command, Effect, SessionState, Stamp, decide, effects, evolve, fold};
use planaria_core::tool::Outcome;
use planaria_core::{Record, SessionId};
use serde_json::json;

use super::setting::Setting;
use super::{Figure, Group};

pub const GROUP: Group = Group { name: "fold", about: ABOUT, slow: false, measure };

const ABOUT: &str = "\
What a session adds up to, from records in memory: logs of 82 records of about 1.4 KB. And a session of
10 000 records that sleeps in the embedded store, from a message to its acknowledgement, with the page
cache warm: with the snapshot that was kept when it went to sleep, and without any.";

fn measure(_: &Setting) -> Vec<Figure> {
    let mut figures = typical_logs();
    figures.extend(super::sleep::wake());
    figures
}

/// Records of a typical log.
const TYPICAL: usize = 82;
/// Logs that are folded one after the other: more than the processor's caches hold.
const LOGS: u128 = 200;
const ROUNDS: usize = 15;
/// Text of a tool's result: with it the records of a typical log are 1.4 KB on average.
const RESULT_BYTES: usize = 9_200;

/// Typical logs, 82 records of 1.4 KB on average: microseconds per record, at most one.
pub fn typical_logs() -> Vec<Figure> {
    let logs: Vec<Vec<Record>> = (1..=LOGS).map(|id| log(SessionId(id), TYPICAL)).collect();
    let records: usize = logs.iter().map(Vec::len).sum();
    let bytes: usize = logs.iter().flatten().map(|record| record.payload.len()).sum();
    let mut rounds: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let began = Instant::now();
            for log in &logs {
                let mut state = SessionState::default();
                fold(&mut state, log).expect("these records are ours");
                assert_eq!(state.seq, log.len() as u64);
            }
            began.elapsed().as_secs_f64() * 1e6 / records as f64
        })
        .collect();
    rounds.sort_unstable_by(f64::total_cmp);
    let (best, median, worst) = (rounds[0], rounds[ROUNDS / 2], rounds[ROUNDS - 1]);
    vec![Figure {
        group: "fold".to_owned(),
        name: "one record of a typical log".to_owned(),
        value: median,
        unit: "us",
        floor: None,
        goal: Some(1.0),
        note: format!(
            "{:.2} million records per second; {LOGS} logs of {} records, {} bytes each on \
             average; {ROUNDS} rounds, {best:.2} to {worst:.2} us",
            1.0 / median,
            records / logs.len(),
            bytes / records,
        ),
    }]
}

/// The log of a session that has worked and is idle: a message, requests, calls and their results,
/// at least `records` of them.
pub fn log(session: SessionId, records: usize) -> Vec<Record> {
    let mut talk = Talk { state: SessionState::default(), log: Vec::new(), calls: 0 };
    talk.command(Command::Create(Box::new(genesis(session))));
    while talk.log.len() < records {
        talk.command(Command::Send(vec![ClientEvent::message("Go on with the next part.")]));
        // The last answer of a turn ends it: 7 records.
        while let Some(effect) = effects(&talk.state).into_iter().next() {
            let last = talk.log.len() + 7 >= records || talk.calls % 12 == 11;
            let command = talk.report(effect, last);
            talk.command(command);
        }
        talk.calls += 1;
    }
    talk.log
}

/// A new session.
pub fn genesis(session: SessionId) -> Genesis {
    let params = json!({
        "name": "worker", "model": "any", "system": "You work through what you are given.",
        "tools": [{ "type": "agent_toolset_20260401" }],
    });
    let params: AgentParams = serde_json::from_value(params).expect("these are an agent");
    Genesis {
        session,
        workspace: "local".to_owned(),
        agent: params.materialise().expect("these are allowed"),
        environment: "local".to_owned(),
        title: None,
        metadata: Default::default(),
    }
}

struct Talk {
    state: SessionState,
    log: Vec<Record>,
    calls: usize,
}

impl Talk {
    fn command(&mut self, command: Command) {
        let now = 1_764_000_000_000_000 + self.state.seq * 1_000;
        let stamp = Stamp { now, id_seed: u128::from(now), jitter: 0 };
        for mut record in decide(&self.state, command, &stamp).expect("it is allowed") {
            record.epoch = 1;
            evolve(&mut self.state, &record);
            self.log.push(record);
        }
    }

    fn report(&mut self, effect: Effect, last: bool) -> Command {
        let (id, attempt) = (effect.id(), self.state.attempt);
        match effect {
            Effect::Tool { .. } => {
                self.calls += 1;
                let line = "warning: the 3rd argument of `push` is never used\n";
                let text: String = line.chars().cycle().take(RESULT_BYTES).collect();
                let ended = Ended::Outcome(Outcome::text(text));
                Command::ToolEnded { effect: id, attempt, ended }
            }
            _ => {
                let said = "I look at how the parts hang together, then change one of them. ";
                let mut blocks = vec![Block::Text(said.repeat(6))];
                if !last {
                    let input = json!({ "command": "cargo test -p worker 2>&1 | tail -40" });
                    let input = ToolInput::Object(input);
                    blocks.push(Block::ToolUse { name: "bash".to_owned(), input });
                }
                let answer = Answer {
                    model: "any".to_owned(),
                    stop: if last { StopReason::EndTurn } else { StopReason::ToolUse },
                    usage: Usage { input_tokens: 9_000, output_tokens: 200, ..Usage::default() },
                    blocks,
                };
                Command::ModelAnswered {
                    effect: id,
                    attempt,
                    digest: "0".repeat(32),
                    harness: ("figures".to_owned(), 1),
                    answer: Box::new(answer),
                }
            }
        }
    }
}
