//! Chaos beside `up`: breaks parts of the fleet by a seeded plan while it works, then checks the
//! logs.

mod plan;
mod report;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use planaria_core::limits::READ_RECORDS_MAX;
use planaria_core::record::Kind;
use planaria_core::{Record, SessionId};
use planaria_runtime::Follower;
use planaria_testkit::check::{self, Violation};
use tokio::task::JoinSet;

use super::report::Outcome;
use super::work::Fleet;
use plan::{Planned, Step};
pub use report::Faults;

/// A plan at work.
pub struct Chaos {
    seed: u64,
    replay: String,
    planned: usize,
    fired: Arc<Mutex<Vec<Fired>>>,
    tasks: JoinSet<()>,
}

/// A fault that was injected.
#[derive(Debug, Clone)]
pub struct Fired {
    /// What was planned.
    pub planned: Planned,
    /// Whether there was something to break.
    pub hit: bool,
    /// From the fault to the next record of its session's log.
    pub recovered: Option<Duration>,
}

impl Chaos {
    /// Starts one task per session. `replay` is the command that repeats this run.
    pub fn start(seed: u64, replay: String, fleet: &Arc<Fleet>) -> Self {
        let plan = plan::plan(seed, fleet.plan.jobs.len());
        let planned = plan.len();
        let (mut tasks, fired) = (JoinSet::new(), Arc::default());
        for job in 0..fleet.plan.jobs.len() {
            let mine: Vec<Planned> = plan.iter().filter(|p| p.job == job).cloned().collect();
            let id = fleet.plan.jobs[job].id;
            tasks.spawn(Attack::new(fleet.clone(), id, mine, &fired).run());
        }
        Self { seed, replay, planned, fired, tasks }
    }

    /// Ends the plan and checks every log.
    pub async fn finish(mut self, fleet: &Fleet, outcomes: &[Outcome]) -> anyhow::Result<Faults> {
        // A session that was never started has a task that waits for it still.
        self.tasks.shutdown().await;
        let fired = std::mem::take(&mut *lock(&self.fired));
        let mut violations: Vec<Violation> = Vec::new();
        for id in outcomes.iter().filter_map(|outcome| outcome.id) {
            let (records, finished) = whole_log(fleet, id).await?;
            violations.extend(check::log(id, &records, finished));
        }
        let all_done = outcomes.iter().all(Outcome::is_done);
        let names = fleet.plan.jobs.iter().map(|job| job.name.clone()).collect();
        let Self { seed, replay, planned, .. } = self;
        Ok(Faults { seed, replay, names, planned, fired, violations, all_done })
    }
}

async fn whole_log(fleet: &Fleet, id: SessionId) -> anyhow::Result<(Vec<Record>, bool)> {
    let finished = fleet.runtime.state(id).await?.is_idle();
    let mut records: Vec<Record> = Vec::new();
    loop {
        let next = records.last().map_or(1, |r| r.seq + 1);
        let page = fleet.runtime.read(id, next, READ_RECORDS_MAX).await?;
        if page.is_empty() {
            return Ok((records, finished));
        }
        records.extend(page);
    }
}

fn lock(fired: &Mutex<Vec<Fired>>) -> MutexGuard<'_, Vec<Fired>> {
    fired.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The faults of one session.
struct Attack {
    fleet: Arc<Fleet>,
    id: SessionId,
    waiting: Vec<Planned>,
    /// Of all sessions together.
    fired: Arc<Mutex<Vec<Fired>>>,
    /// Faults that were injected and not recovered from yet: place in `fired`, when, where.
    open: Vec<(usize, Instant, u64)>,
    model_requests: u64,
    tool_calls: u64,
}

impl Attack {
    fn new(
        fleet: Arc<Fleet>,
        id: SessionId,
        waiting: Vec<Planned>,
        fired: &Arc<Mutex<Vec<Fired>>>,
    ) -> Self {
        let (fired, open) = (fired.clone(), Vec::new());
        Self { fleet, id, waiting, fired, open, model_requests: 0, tool_calls: 0 }
    }

    /// Follows the log until the session's turn has ended.
    async fn run(mut self) {
        let mut follower: Follower = self.fleet.runtime.follow(self.id, 1);
        while let Ok(records) = follower.next(READ_RECORDS_MAX).await {
            for record in &records {
                self.recovered(record);
                if record.kind == Kind::SessionStatusIdle {
                    return;
                }
                if let Some(step) = self.step(record) {
                    self.strike(step).await;
                }
            }
        }
    }

    fn step(&mut self, record: &Record) -> Option<Step> {
        match record.kind {
            Kind::ModelRequestStart => {
                self.model_requests += 1;
                Some(Step::ModelRequest(self.model_requests))
            }
            Kind::Dispatch => {
                self.tool_calls += 1;
                Some(Step::ToolCall(self.tool_calls))
            }
            _ => None,
        }
    }

    async fn strike(&mut self, step: Step) {
        let (now, later) =
            std::mem::take(&mut self.waiting).into_iter().partition(|p| p.step == step);
        self.waiting = later;
        let now: Vec<Planned> = now;
        for planned in now {
            tokio::time::sleep(Duration::from_millis(planned.delay_ms)).await;
            let state = self.fleet.runtime.watch(self.id).borrow().state.clone();
            let (at, seq) = (Instant::now(), state.seq);
            // A session that has nothing to do any more has nothing to recover.
            let hit = !state.is_idle() && self.fleet.runtime.inject(self.id, planned.fault).await;
            let mut fired = lock(&self.fired);
            if hit {
                self.open.push((fired.len(), at, seq));
            }
            fired.push(Fired { planned, hit, recovered: None });
        }
    }

    /// A new harness says so by its claim; where nothing was in flight, or a sandbox was hit, any
    /// later record shows that the session goes on.
    fn recovered(&mut self, record: &Record) {
        let mut fired = lock(&self.fired);
        self.open.retain(|(index, at, seq)| {
            if record.seq <= *seq {
                return true;
            }
            fired[*index].recovered = Some(at.elapsed());
            false
        });
    }
}
