//! Whole stories: what the model says, and what the client does when.

use std::rc::Rc;

use planaria_core::event::ClientEvent;
use planaria_core::limits::SECOND;
use planaria_core::model::{Answer, Role, StopReason};

use crate::world::*;

pub enum Step {
    /// The client sends what it makes of the session.
    Send(fn(&World) -> Vec<ClientEvent>),
    /// Everything that can end ends.
    Run,
    /// The same, but calls of this tool go on running.
    Until(&'static str),
}

pub struct Scenario {
    pub name: &'static str,
    pub model: Model,
    pub steps: Vec<Step>,
    /// Of the effects that may end, the youngest does.
    pub lifo: bool,
}

impl Scenario {
    fn new(name: &'static str, answers: Vec<Answer>, steps: Vec<Step>) -> Self {
        Self { name, model: script(answers, |_, _| None), steps, lifo: false }
    }

    pub fn holds(&self) -> bool {
        self.steps.iter().any(|step| matches!(step, Step::Until(_)))
    }
}

/// A model whose next answer is a function of the request: one per message of the user that follows
/// the answers so far. Empty answers leave no trace in a request, so no script has one.
fn script(
    answers: Vec<Answer>,
    fails: impl Fn(usize, u32) -> Option<planaria_core::session::ModelFailure> + 'static,
) -> Model {
    Rc::new(move |request, failures| {
        let said = request.messages.iter().filter(|m| m.role == Role::Assistant).count();
        if let Some(failure) = fails(said, failures) {
            return Err(failure);
        }
        Ok(answers.get(said).cloned().unwrap_or_else(|| says([text("That is all.")])))
    })
}

fn hello() -> Step {
    Step::Send(|_| vec![message("hello")])
}

fn calls_script() -> Vec<Answer> {
    vec![
        says([thinking(), text("Let me see."), call("bash")]),
        says([call("read"), call("write"), call("bash")]),
        says([text("Done.")]),
        says([call("bash")]),
    ]
}

pub fn calls() -> Scenario {
    let again = Step::Send(|_| vec![message("again")]);
    Scenario::new("calls", calls_script(), vec![hello(), Step::Run, again, Step::Run])
}

pub fn calls_backwards() -> Scenario {
    Scenario { lifo: true, name: "calls backwards", ..calls() }
}

pub fn questions() -> Scenario {
    let answers = vec![
        says([call("lookup"), call("edit"), call("bash"), call("grep")]),
        says([text("Done.")]),
    ];
    let steps = vec![
        hello(),
        Step::Run,
        Step::Send(|w| vec![custom(w.call("lookup"), "42")]),
        Step::Run,
        Step::Send(|w| vec![allow(w.call("edit"))]),
        Step::Send(|w| vec![deny(w.call("grep"), "No.")]),
        Step::Run,
    ];
    Scenario::new("questions", answers, steps)
}

pub fn interrupted_answer() -> Scenario {
    let answers = vec![says([call("bash")]), says([text("Done.")])];
    let redirect = Step::Send(|_| vec![interrupt(), message("rather this")]);
    Scenario::new("interrupted answer", answers, vec![hello(), redirect, Step::Run])
}

pub fn interrupted_call() -> Scenario {
    let answers = vec![says([call("bash"), call("edit"), call("write")]), says([text("Done.")])];
    let redirect = Step::Send(|_| vec![interrupt(), message("rather this")]);
    let steps = vec![hello(), Step::Until("bash"), redirect, Step::Run];
    Scenario::new("interrupted call", answers, steps)
}

pub fn steered() -> Scenario {
    let more = Step::Send(|_| vec![message("and this"), system("Be brief.")]);
    let steps = vec![hello(), Step::Until("bash"), more, Step::Run];
    Scenario::new("steered", calls_script(), steps)
}

pub fn retries() -> Scenario {
    let fails = |said: usize, failures: u32| match (said, failures) {
        (0, 0..2) | (1, 0) => Some(overloaded()),
        (1, 1) => Some(retry_after(5 * SECOND)),
        _ => None,
    };
    let model = script(calls_script(), fails);
    Scenario { name: "retries", model, steps: vec![hello(), Step::Run], lifo: false }
}

pub fn exhausted() -> Scenario {
    let fails = |said: usize, failures: u32| match said {
        1 if failures < 3 => Some(overloaded()),
        1 => Some(refused()),
        _ => None,
    };
    let model = script(calls_script(), fails);
    let more = Step::Send(|_| vec![message("and this")]);
    let steps = vec![hello(), Step::Until("bash"), more, Step::Run];
    Scenario { name: "exhausted", model, steps, lifo: false }
}

pub fn oddities() -> Scenario {
    let refusal = StopReason::Refusal { category: None, explanation: None };
    let answers = vec![
        says([call("rm"), malformed("bash", "{"), call("read")]),
        stops([text("Still at it.")], StopReason::PauseTurn),
        stops([text("No.")], refusal),
    ];
    Scenario::new("oddities", answers, vec![hello(), Step::Run])
}
