//! Clients, models, tools and deaths that do anything.

use std::rc::Rc;

use planaria_core::event::ClientEvent;
use planaria_core::id::{EventId, derive};
use planaria_core::limits::SECOND;
use planaria_core::model::{Answer, Block, Request, StopReason};
use planaria_core::port::sandbox::Ended;
use planaria_core::session::{Call, Command, Effect, ModelFailure, Phase, effects};
use proptest::prelude::*;

use super::audit;
use crate::world::*;

/// Something that happens.
#[derive(Debug, Clone, Copy)]
pub enum Op {
    Say(u8),
    /// The client shows images and documents.
    Show(u8),
    System,
    SayWithSystem,
    Interrupt,
    Redirect,
    /// The client answers one of the calls that wait for it.
    Answer {
        which: u8,
        how: u8,
    },
    AnswerAll,
    /// The client answers something that nobody asked.
    Nonsense,
    /// One of the effects in flight ends.
    End(u8),
    Die {
        moment: Moment,
        hands_die: bool,
    },
    Park,
    /// The clock goes on, or back.
    Clock(i32),
}

pub fn op() -> impl Strategy<Value = Op> {
    let moment = prop::sample::select(vec![Moment::Durable, Moment::Started, Moment::Ended]);
    prop_oneof![
        6 => (1u8..4).prop_map(Op::Say),
        2 => any::<u8>().prop_map(Op::Show),
        1 => Just(Op::System),
        1 => Just(Op::SayWithSystem),
        2 => Just(Op::Interrupt),
        2 => Just(Op::Redirect),
        4 => (any::<u8>(), any::<u8>()).prop_map(|(which, how)| Op::Answer { which, how }),
        2 => Just(Op::AnswerAll),
        1 => Just(Op::Nonsense),
        30 => any::<u8>().prop_map(Op::End),
        4 => (moment, any::<bool>())
            .prop_map(|(moment, hands_die)| Op::Die { moment, hands_die }),
        1 => Just(Op::Park),
        1 => any::<i32>().prop_map(Op::Clock),
    ]
}

/// A session in the hands of chance.
pub struct Play {
    pub harness: Harness,
    next: Rc<std::cell::Cell<usize>>,
}

impl Play {
    pub fn new(seed: u64) -> Self {
        let next = Rc::new(std::cell::Cell::new(0));
        let chosen = next.clone();
        let model: Model = Rc::new(move |request, failures| answer(seed, request, failures));
        let order: Order = Box::new(move |ready| chosen.get() % ready);
        Self { harness: Harness::new(World::with(agent_with_host()), model).order(order), next }
    }

    fn send(&mut self, events: Vec<ClientEvent>) {
        let blocked = self.harness.world.state.is_blocked();
        let talks =
            |e: &ClientEvent| matches!(e, ClientEvent::Message { .. } | ClientEvent::System { .. });
        let refused = blocked && events.first().is_some_and(talks);
        let sent = self.harness.command(Command::Send(events));
        assert_eq!(sent.is_err(), refused, "{sent:?}");
    }

    pub fn apply(&mut self, op: Op) {
        match op {
            Op::Say(count) => self.send((0..count).map(|_| message("do it")).collect()),
            Op::Show(choice) => self.send(vec![shows(choice)]),
            Op::System => self.send(vec![system("Be brief.")]),
            Op::SayWithSystem => self.send(vec![message("do it"), system("Be brief.")]),
            Op::Interrupt => self.send(vec![interrupt()]),
            Op::Redirect => self.send(vec![interrupt(), message("rather this")]),
            Op::Answer { which, how } => {
                let pending: Vec<Call> = self.harness.world.state.pending().cloned().collect();
                if !pending.is_empty() {
                    let call = &pending[usize::from(which) % pending.len()];
                    self.send(vec![verdict(call, how)]);
                }
            }
            Op::AnswerAll => self.answer_all(),
            Op::Nonsense => {
                let state = self.harness.world.state.clone();
                self.harness.command(Command::Send(vec![allow(EventId(1))])).unwrap_err();
                assert_eq!(self.harness.world.state, state);
            }
            Op::End(which) => {
                self.next.set(usize::from(which));
                self.harness.step();
            }
            Op::Die { moment, hands_die } => self.harness.die(moment, hands_die),
            Op::Park => drop(self.harness.command(Command::Park { reason: "chance".to_owned() })),
            Op::Clock(by) => {
                let now = self.harness.world.now;
                self.harness.world.now = now.saturating_add_signed(i64::from(by) * 10);
            }
        }
        self.harness.reconcile();
    }

    fn answer_all(&mut self) {
        let answer = |call: &Call| match call.phase {
            Phase::Client => any_result(call.id, call.use_seq as u8),
            _ => World::client_answer(call).expect("it waits for the client"),
        };
        let answers: Vec<ClientEvent> = self.harness.world.state.pending().map(answer).collect();
        // One request takes fifty events; the others are answered by the next.
        if !answers.is_empty() {
            self.send(answers.into_iter().take(50).collect());
        }
    }

    /// Everybody does their part until nothing is left to do.
    pub fn settle(&mut self) {
        for _ in 0..1_000 {
            self.harness.run();
            audit::check(&self.harness.world);
            if self.harness.world.state.pending().next().is_none() {
                return;
            }
            self.answer_all();
        }
        panic!("the session asks for ever");
    }

    /// What the harness could report right now.
    pub fn reports(&self) -> Vec<Command> {
        let attempt = self.harness.world.state.attempt;
        let report = |effect: Effect| match effect {
            Effect::Model { id, .. } => {
                Some(Command::ModelFailed { effect: id, attempt, failure: overloaded() })
            }
            Effect::Tool { id, .. } => {
                Some(Command::ToolEnded { effect: id, attempt, ended: Ended::Lost })
            }
            _ => None,
        };
        effects(&self.harness.world.state).into_iter().filter_map(report).collect()
    }
}

fn verdict(call: &Call, how: u8) -> ClientEvent {
    match call.phase {
        Phase::Ask(_) if how % 2 == 1 => deny(call.id, "No."),
        Phase::Client => any_result(call.id, how),
        _ => World::client_answer(call).expect("it waits for the client"),
    }
}

/// A function of the request, as the scripted model must be.
fn answer(seed: u64, request: &Request, failures: u32) -> Result<Answer, ModelFailure> {
    let digest = request.digest();
    let seed = derive(u128::from(seed), digest.as_bytes(), u64::from(failures));
    let mut ordinal = 0;
    let mut draw = |bound: u64| {
        ordinal += 1;
        (derive(seed, b"draw", ordinal) % u128::from(bound)) as u64
    };
    match draw(20) {
        0 => return Err(overloaded()),
        1 => return Err(broke_off()),
        2 => return Err(retry_after(draw(10) * SECOND / 3)),
        3 => return Err(refused()),
        4 => return Err(too_long().having_used(broke_off().usage)),
        _ => {}
    }
    let mut blocks = Vec::new();
    for _ in 0..draw(5) {
        blocks.push(block(draw(17)));
    }
    if draw(40) == 0 {
        blocks.extend((0..70).map(|_| call("read")));
    }
    let stop = match draw(12) {
        0 => StopReason::MaxTokens,
        1 => StopReason::PauseTurn,
        2 => StopReason::Refusal { category: None, explanation: Some("No.".to_owned()) },
        _ => return Ok(says(blocks)),
    };
    Ok(stops(blocks, stop))
}

fn block(choice: u64) -> Block {
    match choice {
        0 => thinking(),
        1 => text(""),
        2 => text("\n"),
        3 => call("bash"),
        4 => call("read"),
        5 => call("write"),
        6 => call("edit"),
        7 => call("grep"),
        8 => call("lookup"),
        9 => call("rm"),
        10 => malformed("bash", "{"),
        11 => unsigned(),
        12 => call("pay"),
        13 => call("peek"),
        14 => call("read_log"),
        _ => text("Well."),
    }
}
