//! A model whose answer is a function of its seed and of the messages, and which fails by plan.
//!
//! Every user message is a job. The model derives the job's steps from its text, calls tools for
//! them, several at a time, and ends with a message that names what it has finished. Where it
//! stands it reads from the messages alone, and while reading it checks them: an answer that it
//! would not have given, a missing or doubled result, or the result of another call is a complaint.
//! Its summaries leave nothing out, so what is checked is checked across them too.

mod fault;
mod job;
mod mind;
mod stream;
mod summary;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use planaria_core::SessionId;
use planaria_core::model::{Answer, Block, Request, StopReason, Usage};
use planaria_core::port::BoxStream;
use planaria_core::port::provider::{Delta, Error, Provider};

pub use fault::ModelFault;
pub use job::{ASK_USER, REFUSE};
use mind::Mind;

/// The endpoint. Outlives the servers that ask it. Clones are the same endpoint.
#[derive(Clone)]
pub struct SimModel {
    endpoint: Arc<Endpoint>,
}

struct Endpoint {
    seed: u64,
    /// Of a hundred places in conversations, so many meet failures before the answer.
    percent: u64,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// How often each place was asked about. Failures depend on it, answers never.
    asked: BTreeMap<(SessionId, u64), u64>,
    requests: Vec<Asked>,
    complaints: Vec<String>,
}

/// A request, as the endpoint has seen it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    /// Whose.
    pub session: SessionId,
    /// Answers and user messages that came before.
    pub place: u64,
    /// What went wrong with it.
    pub fault: Option<ModelFault>,
}

impl SimModel {
    /// A model that fails at `percent` of 100 places, some times, before it answers.
    pub fn new(seed: u64, percent: u64) -> Self {
        let endpoint = Endpoint { seed, percent, state: Mutex::default() };
        Self { endpoint: Arc::new(endpoint) }
    }

    /// The way to the endpoint for one session.
    pub fn provider(&self, session: SessionId) -> Arc<dyn Provider> {
        Arc::new(Line { endpoint: self.endpoint.clone(), session })
    }

    /// Every request so far, in order.
    pub fn requests(&self) -> Vec<Asked> {
        self.endpoint.state().requests.clone()
    }

    /// What was wrong with requests: lost or doubled steps, results of other calls.
    pub fn complaints(&self) -> Vec<String> {
        self.endpoint.state().complaints.clone()
    }
}

impl Endpoint {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn think(&self, session: SessionId, request: &Request) -> Vec<stream::Piece> {
        let read = summary::unfold(&request.messages);
        let read = read.and_then(|told| Mind::read(self.seed, &told.messages).map(|m| (told, m)));
        let (told, mind) = match read {
            Ok(read) => read,
            Err(problem) => {
                let message = format!("{session}: {problem}");
                self.state().complaints.push(message.clone());
                return vec![stream::at_once(Err(Error::Rejected { message }))];
            }
        };
        // Failures of a summary and of the answer at the same place are drawn apart.
        let place = mind.place() << 1 | u64::from(told.wants_summary);
        let mut state = self.state();
        let asked = state.asked.entry((session, place)).or_default();
        let mut fault = fault::draw(self.seed, self.percent, session, place, *asked);
        if told.is_whole
            && *asked == 0
            && fault::draw_too_long(self.seed, self.percent, session, place)
        {
            fault = Some(ModelFault::TooLong);
        }
        *asked += 1;
        state.requests.push(Asked { session, place, fault });
        let answer = match told.wants_summary {
            true => (vec![Block::Text(summary::fold(&told.messages))], StopReason::EndTurn),
            false => mind.answer(),
        };
        stream::plan(self.seed, session, place, self.answer(answer, request), fault)
    }

    fn answer(&self, said: (Vec<Block>, StopReason), request: &Request) -> Answer {
        let (blocks, stop) = said;
        let chars = |value: &[u8]| (value.len() as u64 / 4).max(1);
        let asked = serde_json::to_vec(&request.messages).expect("messages are JSON");
        let said = serde_json::to_vec(&blocks).expect("blocks are JSON");
        let usage =
            Usage { input_tokens: chars(&asked), output_tokens: chars(&said), ..Usage::default() };
        Answer { model: request.model.clone(), blocks, stop, usage }
    }
}

/// One session's way to the endpoint.
struct Line {
    endpoint: Arc<Endpoint>,
    session: SessionId,
}

impl Provider for Line {
    fn name(&self) -> &str {
        "sim"
    }

    fn answer(&self, request: Arc<Request>) -> BoxStream<'static, Result<Delta, Error>> {
        stream::play(self.endpoint.think(self.session, &request))
    }
}
