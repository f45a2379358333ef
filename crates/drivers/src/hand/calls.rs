//! The table of calls: each starts at most once, whoever asks and how often.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use planaria_core::EventId;
use planaria_core::limits::CALL_DEADLINE_MAX;
use planaria_core::port::sandbox::Ended;
use planaria_core::tool::Outcome;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::error::Error;
use super::index::{Index, State};
use super::journal::Entry;
use super::limits::{RESULT_BYTES_MAX, RETIRE_WAIT, RUNNING_MAX};
use super::tools::{Job, Tools};
use super::wire::{Body, WireCall};

/// All calls of the hand. A failed sync ends the hand: nothing is accepted after it.
pub(super) struct Calls {
    index: RefCell<Index>,
    running: RefCell<BTreeMap<EventId, Running>>,
    tools: Tools,
    retiring: Cell<bool>,
    failed: mpsc::UnboundedSender<Error>,
}

/// A call between its acceptance and its end.
#[derive(Debug, Clone)]
struct Running {
    stop: CancellationToken,
    /// Closed at the end.
    done: watch::Receiver<()>,
}

/// Takes the call out of the table, also if its task panics.
struct Entered {
    calls: Rc<Calls>,
    call: EventId,
    _done: watch::Sender<()>,
}

impl Drop for Entered {
    fn drop(&mut self) {
        self.calls.running.borrow_mut().remove(&self.call);
    }
}

impl Calls {
    /// `failed` is told of the error that ends the hand. At most one per call comes.
    pub fn new(index: Index, tools: Tools, failed: mpsc::UnboundedSender<Error>) -> Rc<Self> {
        Rc::new(Self {
            index: RefCell::new(index),
            running: RefCell::default(),
            tools,
            retiring: Cell::new(false),
            failed,
        })
    }

    /// Starts the call, or joins it, or collects its end.
    pub async fn ensure(self: &Rc<Self>, call: WireCall) -> Body {
        loop {
            let running = self.running.borrow().get(&call.id).cloned();
            if let Some(mut running) = running {
                let _ = running.done.changed().await;
                continue;
            }
            let state = self.index.borrow().state(call.id);
            match state {
                Some(State::Ended(span) | State::Answered(span)) => {
                    let outcome = self.index.borrow().outcome(span);
                    return Body::Ended(Ended::Outcome(self.survives(outcome).await));
                }
                Some(State::Sealed) => return Body::Ended(Ended::Sealed),
                Some(State::Lost) => return Body::Ended(Ended::Lost),
                Some(State::Started) if !call.rerun => self.append(&Entry::Lost(call.id)).await,
                Some(State::Started) | None => {
                    if let Err(refusal) = self.start(&call) {
                        return refusal;
                    }
                }
            }
        }
    }

    /// Stops a call that runs; seals one that never started.
    pub async fn cancel(&self, call: EventId) -> Body {
        if let Some(running) = self.running.borrow().get(&call) {
            running.stop.cancel();
            return Body::Done;
        }
        self.seal(call).await
    }

    /// Seals a call that does not run. One that an earlier hand lost is not run again either.
    pub async fn seal(&self, call: EventId) -> Body {
        if self.running.borrow().contains_key(&call) {
            return Body::Refused(format!("the call {call} is running; cancel it instead"));
        }
        let state = self.index.borrow().state(call);
        match state {
            None => self.append(&Entry::Sealed(call)).await,
            Some(State::Started) => self.append(&Entry::Lost(call)).await,
            Some(State::Ended(_) | State::Answered(_) | State::Sealed | State::Lost) => {}
        }
        Body::Done
    }

    /// Notes that a call's end was answered over a connection.
    pub async fn answered(&self, call: EventId) {
        let noted = self.index.borrow_mut().answered(call);
        self.survives(noted).await;
    }

    /// Notes that a server of a higher epoch took over.
    pub async fn own(&self, generation: u64, epoch: u64) {
        self.append(&Entry::Owner { generation, epoch }).await;
    }

    /// Accepts no more calls.
    pub fn refuse(&self) {
        self.retiring.set(true);
    }

    /// Accepts no more calls, stops those that run, and waits a while until they have ended.
    pub async fn retire(&self) {
        self.refuse();
        let running: Vec<Running> = self.running.borrow().values().cloned().collect();
        running.iter().for_each(|running| running.stop.cancel());
        let ended = async {
            for mut running in running {
                let _ = running.done.changed().await;
            }
        };
        let _ = tokio::time::timeout(RETIRE_WAIT, ended).await;
    }

    fn start(self: &Rc<Self>, call: &WireCall) -> Result<(), Body> {
        if self.retiring.get() {
            return Err(Body::Later("the hand is ending".to_owned()));
        }
        if self.running.borrow().len() >= RUNNING_MAX {
            return Err(Body::Later(format!("{RUNNING_MAX} calls are under way")));
        }
        if self.index.borrow().is_full() {
            let problem = "the session has made as many calls as a hand can remember; start \
                           another session";
            return Err(Body::Refused(problem.to_owned()));
        }
        let (done, end) = watch::channel(());
        let stop = CancellationToken::new();
        let running = Running { stop: stop.clone(), done: end };
        self.running.borrow_mut().insert(call.id, running);
        let entered = Entered { calls: self.clone(), call: call.id, _done: done };
        let limit = Duration::from_micros(call.deadline.min(CALL_DEADLINE_MAX));
        let job = Job {
            call: call.id,
            name: call.name.clone(),
            input: call.input.clone(),
            limit,
            deadline: Instant::now() + limit,
            stop,
        };
        tokio::task::spawn_local(self.clone().run(job, entered));
        Ok(())
    }

    /// From acceptance to the journaled end.
    async fn run(self: Rc<Self>, job: Job, entered: Entered) {
        // What belongs to the shell waits for its turn; only then does it start.
        let turn = tokio::select! { biased;
            () = job.stop.cancelled() => {
                // Not started by this hand. An earlier one may have: then it stays unknown.
                let state = self.index.borrow().state(job.call);
                let started = state == Some(State::Started);
                let seal = if started { Entry::Lost(job.call) } else { Entry::Sealed(job.call) };
                return self.append(&seal).await;
            }
            turn = self.tools.turn(&job.name) => turn,
            () = tokio::time::sleep_until(job.deadline) => {
                let outcome = Outcome::error(format!(
                    "{0}: timed out after {1:?} of waiting for another {0} call to end. It did \
                     not run.",
                    job.name, job.limit
                ));
                return self.append(&Entry::Ended(job.call, outcome)).await;
            }
        };
        self.append(&Entry::Intent(job.call)).await;
        let outcome = bounded(self.tools.run(turn, &job).await);
        self.append(&Entry::Ended(job.call, outcome)).await;
        drop(entered);
    }

    async fn append(&self, entry: &Entry) {
        let appended = self.index.borrow_mut().append(entry);
        self.survives(appended).await;
    }

    /// The value; with an error the hand ends instead, and nobody is answered.
    async fn survives<T>(&self, result: Result<T, Error>) -> T {
        match result {
            Ok(value) => value,
            Err(error) => {
                let _ = self.failed.send(error);
                std::future::pending().await
            }
        }
    }
}

/// A result that is too large for a record of the log becomes an error that says so.
fn bounded(outcome: Outcome) -> Outcome {
    let bytes = serde_json::to_string(&outcome).expect("an outcome is plain data").len();
    if bytes <= RESULT_BYTES_MAX {
        return outcome;
    }
    Outcome::error(format!(
        "The call ended, and its result of {bytes} bytes is too large; at most {RESULT_BYTES_MAX} \
         are allowed."
    ))
}
