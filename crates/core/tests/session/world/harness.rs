//! A harness without time or tasks: starts what is wanted, lets it end in an order that the test
//! chooses, reports. It can die after any append.

use std::collections::BTreeMap;
use std::rc::Rc;

use planaria_core::context::Compaction;
use planaria_core::id::EventId;
use planaria_core::model::{Answer, Block, Request, Usage};
use planaria_core::port::sandbox::Ended;
use planaria_core::record::payload::Compacted;
use planaria_core::session::{Command, Effect, EffectId, ModelFailure, Status, effects};
use planaria_core::tool::{EffectClass, Outcome, Runner};

use super::{Done, Hands, TOO_LONG, World, overloaded};

/// A scripted model: a function of the request, and of how often it has failed in a row.
pub type Model = Rc<dyn Fn(&Request, u32) -> Result<Answer, ModelFailure>>;
/// Chooses which of so many effects ends next.
pub type Order = Box<dyn FnMut(usize) -> usize>;

/// How far the effects had come when the harness died.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// The append was durable and nothing else had happened.
    Durable,
    /// What it called for was started.
    Started,
    /// Running calls had ended, and their hand had journaled it, but nobody had reported it.
    Ended,
}

/// The death of a harness.
#[derive(Debug, Clone, Copy)]
pub struct Crash {
    /// After which append.
    pub after: usize,
    pub moment: Moment,
    /// Whether the hand dies too.
    pub hands_die: bool,
}

#[derive(Clone)]
enum Task {
    Model {
        request: Box<Request>,
        due: u64,
    },
    /// A summary is written: of what, up to where, at which level.
    Compaction {
        compaction: Box<Compaction>,
        due: u64,
        level: u32,
    },
    /// A call that dies with this harness.
    Server {
        name: String,
        class: EffectClass,
        cancel: bool,
    },
    Tool {
        call: EventId,
        name: String,
        cancel: bool,
    },
    Timer {
        due: u64,
    },
}

pub struct Harness {
    pub world: World,
    pub hands: Hands,
    /// Calls of this tool run until somebody stops them.
    pub hold: Option<&'static str>,
    pub crash: Option<Crash>,
    /// Every request that was made.
    pub requests: Vec<Request>,
    /// What all of them have used, whatever became of them.
    pub used: Usage,
    model: Model,
    order: Order,
    tasks: BTreeMap<(EffectId, u32), Task>,
}

impl Harness {
    pub fn new(world: World, model: Model) -> Self {
        Self {
            world,
            hands: Hands::default(),
            hold: None,
            crash: None,
            requests: Vec::new(),
            used: Usage::default(),
            model,
            order: Box::new(|_| 0),
            tasks: BTreeMap::new(),
        }
    }

    pub fn order(mut self, order: Order) -> Self {
        self.order = order;
        self
    }

    /// Decides and appends, and dies when that is the plan.
    pub fn command(&mut self, command: Command) -> Done {
        let records = self.world.command(command)?;
        if let Some(crash) = self.crash
            && self.world.appends.len() >= crash.after
        {
            self.crash = None;
            self.die(crash.moment, crash.hands_die);
        }
        Ok(records)
    }

    /// The harness dies, and its successor takes over.
    pub fn die(&mut self, moment: Moment, hands_die: bool) {
        if moment != Moment::Durable {
            self.reconcile();
        }
        if moment == Moment::Ended {
            for task in self.tasks.values() {
                if let Task::Tool { call, name, .. } = task {
                    self.hands.finish(*call, outcome(name));
                }
            }
        }
        self.tasks.clear();
        if hands_die {
            self.hands.kill();
        }
        self.world.claim().unwrap();
    }

    /// Starts what is wanted and absent, forgets what is not wanted any more.
    pub fn reconcile(&mut self) {
        'again: loop {
            let (attempt, wanted) = (self.world.state.attempt, effects(&self.world.state));
            self.tasks.retain(|key, _| wanted.iter().any(|e| (e.id(), attempt) == *key));
            for effect in wanted {
                let key = (effect.id(), attempt);
                let task = match effect {
                    Effect::Model { .. } | Effect::Timer { .. }
                        if self.tasks.contains_key(&key) =>
                    {
                        continue;
                    }
                    Effect::Model { due, compact: Some(level), .. } => {
                        let compaction = Box::new(self.world.context.compaction(level).unwrap());
                        self.requests.push(compaction.request.clone());
                        Task::Compaction { compaction, due, level }
                    }
                    Effect::Model { due, .. } => {
                        let request = self.world.context.request().unwrap();
                        self.requests.push(request.clone());
                        Task::Model { request: Box::new(request), due }
                    }
                    Effect::Timer { due, .. } => Task::Timer { due },
                    Effect::Tool {
                        call, name, class, cancel_by, runner: Runner::Server, ..
                    } => {
                        let cancel = cancel_by.is_some();
                        if !cancel && !self.tasks.contains_key(&key) {
                            *self.hands.starts.entry(call).or_default() += 1;
                        }
                        Task::Server { name, class, cancel }
                    }
                    Effect::Tool { call, name, class, cancel_by, .. } => {
                        if self.hands.alive.is_none() {
                            self.start_hand();
                            continue 'again;
                        }
                        if cancel_by.is_some() {
                            // Before `ensure`, so that a call that never started never will.
                            self.hands.cancel(call);
                        }
                        self.hands.ensure(call, class.may_rerun());
                        Task::Tool { call, name, cancel: cancel_by.is_some() }
                    }
                    other => panic!("unknown effect {other:?}"),
                };
                self.tasks.insert(key, task);
            }
            return;
        }
    }

    fn start_hand(&mut self) {
        let generation = self.world.state.hand.as_ref().map_or(0, |hand| hand.generation) + 1;
        self.hands.alive = Some(generation);
        let done = self.world.bind_hand(generation);
        done.expect("the next generation may be bound");
        if let Some(crash) = self.crash
            && self.world.appends.len() >= crash.after
        {
            self.crash = None;
            self.die(crash.moment, crash.hands_die);
        }
    }

    /// Lets effects end, one by one, until nothing can.
    pub fn run(&mut self) {
        for _ in 0..20_000 {
            if !self.step() {
                return;
            }
        }
        panic!("the session does not come to rest: {:?}", self.world.state);
    }

    /// Lets one effect end; `false` if none can.
    pub fn step(&mut self) -> bool {
        self.reconcile();
        let held = |task: &Task| match task {
            Task::Tool { call, name, cancel } => {
                !cancel && Some(name.as_str()) == self.hold && self.hands.end(*call).is_none()
            }
            _ => false,
        };
        let ready: Vec<_> = self.tasks.iter().filter(|(_, t)| !held(t)).map(|(k, _)| *k).collect();
        if ready.is_empty() {
            return false;
        }
        let index = (self.order)(ready.len());
        self.finish(ready[index]);
        true
    }

    fn ask(&mut self, request: &Request) -> Result<Answer, ModelFailure> {
        let said = (self.model)(request, self.world.state.failures);
        self.used.add(said.as_ref().map_or_else(|failure| failure.usage, |a| a.usage));
        said
    }

    fn finish(&mut self, (effect, attempt): (EffectId, u32)) {
        let command = match self.tasks[&(effect, attempt)].clone() {
            Task::Model { request, due } => {
                self.world.now = self.world.now.max(due);
                match self.ask(&request) {
                    Ok(answer) => Command::ModelAnswered {
                        effect,
                        attempt,
                        digest: request.digest(),
                        harness: ("test".to_owned(), 1),
                        answer: Box::new(answer),
                    },
                    Err(failure) => failed(effect, attempt, failure),
                }
            }
            Task::Compaction { compaction, due, level } => {
                self.world.now = self.world.now.max(due);
                match self.ask(&compaction.request) {
                    Ok(answer) => summed_up(effect, attempt, *compaction, level, answer),
                    Err(failure) => failed(effect, attempt, failure),
                }
            }
            Task::Server { name, class, cancel } => {
                let ended = match cancel {
                    false => Ended::Outcome(outcome(&name)),
                    true if class.may_rerun() => Ended::Sealed,
                    true => Ended::Lost,
                };
                Command::ToolEnded { effect, attempt, ended }
            }
            Task::Tool { call, name, .. } => {
                self.hands.finish(call, outcome(&name));
                let ended = self.hands.end(call).expect("a call that was ensured has an end");
                Command::ToolEnded { effect, attempt, ended }
            }
            Task::Timer { due } => {
                assert!(matches!(self.world.state.status, Status::Rescheduling { .. }));
                self.world.now = self.world.now.max(due);
                Command::TimerDue { effect }
            }
        };
        self.command(command).expect("a report about an open effect is accepted");
    }
}

fn failed(effect: EffectId, attempt: u32, failure: ModelFailure) -> Command {
    if failure.kind == TOO_LONG {
        return Command::ContextFull { effect, attempt, usage: failure.usage };
    }
    Command::ModelFailed { effect, attempt, failure }
}

/// A summary, or an answer that is none.
fn summed_up(
    effect: EffectId,
    attempt: u32,
    compaction: Compaction,
    level: u32,
    answer: Answer,
) -> Command {
    let Answer { model, usage, blocks, .. } = answer;
    let text = |block: &Block| match block {
        Block::Text(text) if !text.trim().is_empty() => Some(text.clone()),
        _ => None,
    };
    let Some(summary) = blocks.iter().find_map(text) else {
        let failure = overloaded().having_used(usage);
        return Command::ModelFailed { effect, attempt, failure };
    };
    let (digest, harness) = (compaction.request.digest(), ("test".to_owned(), 1));
    let upto = compaction.upto;
    let compacted = Box::new(Compacted { upto, summary, level, digest, harness, model, usage });
    Command::Compacted { effect, attempt, compacted }
}

fn outcome(tool: &str) -> Outcome {
    Outcome::text(format!("{tool} done"))
}
