//! Works through a fleet: starts each session when what it waits for has ended, follows it to its
//! end.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context;
use planaria_core::SessionId;
use planaria_core::event::ClientEvent;
use planaria_core::id::derive;
use planaria_core::port::store::Store;
use planaria_core::record::Kind;
use planaria_core::record::payload::{ErrorBody, Genesis, SessionError, StopReason};
use planaria_core::session::{SessionState, Status};
use planaria_runtime::{Condition, Runtime};
use tokio::sync::{mpsc, watch};

use super::job::{Job, Plan, Verdict, fill};
use super::progress::Line;
use super::seed;
use crate::{answer, data};

/// The metadata key that names a session's fleet.
pub const FLEET: &str = "planaria.fleet";
/// The metadata key that names a session in its fleet.
pub const NAME: &str = "planaria.session";

/// Says of a session, by its labels, whether it is one of this plan. A data directory may hold
/// other fleets, which are not ours to wake.
pub fn of_plan(plan: &Plan) -> impl Fn(&BTreeMap<String, String>) -> bool + Send + Sync + use<> {
    let fleet = plan.fleet.clone();
    let names: Vec<String> = plan.jobs.iter().map(|job| job.name.clone()).collect();
    move |labels| {
        let of_fleet = labels.get(FLEET) == Some(&fleet);
        of_fleet && labels.get(NAME).is_some_and(|name| names.contains(name))
    }
}

/// News of one session.
pub struct News {
    /// Its place in the plan.
    pub job: usize,
    /// Its id, once it has one.
    pub id: Option<SessionId>,
    /// Its line of progress.
    pub line: Line,
    /// How it ended.
    pub verdict: Option<Verdict>,
}

/// A fleet at work.
pub struct Fleet {
    pub plan: Plan,
    pub runtime: Runtime,
    pub data_dir: PathBuf,
}

impl Fleet {
    /// Starts one task per session; the news end when all have ended.
    pub fn work(self: &Arc<Self>) -> mpsc::Receiver<News> {
        let (news, receiver) = mpsc::channel(64);
        let verdicts: Vec<watch::Sender<Option<Verdict>>> =
            self.plan.jobs.iter().map(|_| watch::Sender::new(None)).collect();
        let verdicts = Arc::new(verdicts);
        for index in 0..self.plan.jobs.len() {
            let (fleet, news, verdicts) = (self.clone(), news.clone(), verdicts.clone());
            tokio::spawn(async move {
                let result = fleet.job(index, &verdicts, &news).await;
                let verdict = result.unwrap_or_else(|e| Verdict::Failed(format!("{e:#}")));
                verdicts[index].send_replace(Some(verdict.clone()));
                let line = Line { state: word(&verdict).to_owned(), ..Line::default() };
                let _ =
                    news.send(News { job: index, id: None, line, verdict: Some(verdict) }).await;
            });
        }
        receiver
    }

    async fn job(
        &self,
        index: usize,
        verdicts: &[watch::Sender<Option<Verdict>>],
        news: &mpsc::Sender<News>,
    ) -> anyhow::Result<Verdict> {
        let job = &self.plan.jobs[index];
        let store = self.runtime.store();
        let known = data::find(store.as_ref(), &self.plan.fleet, &job.name).await?;
        let id = match known {
            Some(id) if self.runtime.state(id).await?.status != Status::New => id,
            known => {
                let prompt = match self.prompt(job, verdicts).await? {
                    Ok(prompt) => prompt,
                    Err(verdict) => return Ok(verdict),
                };
                self.start(job, known, prompt).await?
            }
        };
        self.follow(index, id, news).await
    }

    /// Waits for the sessions that come before, and fills in their answers.
    async fn prompt(
        &self,
        job: &Job,
        verdicts: &[watch::Sender<Option<Verdict>>],
    ) -> anyhow::Result<Result<String, Verdict>> {
        let mut answers = Vec::new();
        for name in &job.after {
            let index = self.plan.jobs.iter().position(|j| j.name == *name);
            let index = index.with_context(|| format!("there is no session `{name}`"))?;
            let mut verdict = verdicts[index].subscribe();
            let verdict = verdict.wait_for(Option::is_some).await?.clone();
            match verdict.expect("waited for") {
                Verdict::Done(answer) => answers.push((name.clone(), answer)),
                Verdict::Waiting(why) | Verdict::Failed(why) => {
                    return Ok(Err(Verdict::Failed(format!("{name} did not end its turn: {why}"))));
                }
            }
        }
        let find = |name: &str| answers.iter().find(|(n, _)| n == name).map(|(_, a)| a.clone());
        fill(&job.prompt, find).map(Ok).map_err(|problem| anyhow::anyhow!("prompt: {problem}"))
    }

    async fn start(
        &self,
        job: &Job,
        known: Option<SessionId>,
        prompt: String,
    ) -> anyhow::Result<SessionId> {
        let fleet = &self.plan.fleet;
        let id = known.unwrap_or_else(|| self.new_id(&job.name));
        let workspace = data::workspace(&self.data_dir, id);
        let seed = job.seed.clone();
        tokio::task::spawn_blocking(move || seed::plant(&workspace, seed.as_ref())).await??;
        if known.is_none() {
            let labels = [(FLEET, fleet.as_str()), (NAME, job.name.as_str())];
            let genesis = Genesis {
                session: id,
                workspace: "local".to_owned(),
                agent: job.agent.clone(),
                environment: job.environment.clone(),
                title: Some(job.name.clone()),
                metadata: labels.map(|(k, v)| (k.to_owned(), v.to_owned())).into(),
            };
            let entry = data::name_entry(fleet, &job.name, id);
            let key = entry.key.clone();
            self.runtime.create(genesis, vec![entry], vec![key]).await?;
        }
        self.runtime.send(id, vec![ClientEvent::message(&prompt)]).await?;
        Ok(id)
    }

    /// Ids of a fleet's sessions differ from data directory to data directory, so that their hands
    /// do.
    pub fn new_id(&self, name: &str) -> SessionId {
        let dir = std::fs::canonicalize(&self.data_dir).unwrap_or_else(|_| self.data_dir.clone());
        let text = format!("{}\0{}\0{name}", dir.display(), self.plan.fleet);
        SessionId(derive(0, text.as_bytes(), 0))
    }

    /// Follows a session until nothing will happen any more without somebody's help.
    async fn follow(
        &self,
        job: usize,
        id: SessionId,
        news: &mpsc::Sender<News>,
    ) -> anyhow::Result<Verdict> {
        let mut view = self.runtime.watch(id);
        loop {
            let now = view.borrow_and_update().clone();
            if let Condition::Unreadable(problem) = &now.condition {
                return Ok(Verdict::Failed(problem.clone()));
            }
            let state = match now.condition {
                Condition::Awake => now.state,
                _ => self.runtime.state(id).await?,
            };
            let line = self.line(id, &state);
            let _ = news.send(News { job, id: Some(id), line, verdict: None }).await;
            if let Some(verdict) = self.verdict(id, &state).await? {
                return Ok(verdict);
            }
            view.changed().await?;
        }
    }

    fn line(&self, id: SessionId, state: &SessionState) -> Line {
        let id = id.to_string();
        let nodes = self.runtime.tree();
        let restarts = nodes.iter().filter(|n| n.path.contains(&id)).map(|n| n.restarts).sum();
        let state_word = match &state.status {
            Status::New => "new",
            Status::Running => "running",
            Status::Rescheduling { .. } => "retrying",
            Status::Idle(_) => "idle",
            Status::Terminated => "terminated",
        };
        Line {
            state: state_word.to_owned(),
            step: state.steps,
            tokens: state.usage.total(),
            restarts,
        }
    }

    async fn verdict(
        &self,
        id: SessionId,
        state: &SessionState,
    ) -> anyhow::Result<Option<Verdict>> {
        let store = self.runtime.store();
        let store: &dyn Store = store.as_ref();
        Ok(Some(match &state.status {
            Status::Idle(StopReason::EndTurn) if state.queue.is_empty() => {
                Verdict::Done(answer::of(store, id, state).await?)
            }
            Status::Idle(StopReason::RequiresAction { event_ids }) => {
                let calls: Vec<String> = state
                    .calls
                    .iter()
                    .filter(|c| event_ids.contains(&c.id))
                    .map(|c| format!("{} ({})", c.name, c.id))
                    .collect();
                Verdict::Waiting(format!("answers to {}", calls.join(", ")))
            }
            Status::Idle(StopReason::EndTurn) | Status::New | Status::Running => return Ok(None),
            Status::Rescheduling { .. } => return Ok(None),
            Status::Idle(_) => Verdict::Failed(last_error(store, id, state).await?),
            Status::Terminated => Verdict::Failed("the session is terminated".to_owned()),
        }))
    }
}

fn word(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Done(_) => "done",
        Verdict::Waiting(_) => "waiting",
        Verdict::Failed(_) => "failed",
    }
}

/// The words of the last `session.error`.
async fn last_error(
    store: &dyn Store,
    id: SessionId,
    state: &SessionState,
) -> anyhow::Result<String> {
    /// An error stands right before the idle statuses; what was flushed in between is bounded.
    const TAIL: u64 = 128;
    let from = state.seq.saturating_sub(TAIL).max(1);
    let page = store.read(id, from, TAIL as usize + 1).await?;
    let error = page.iter().rev().find(|r| r.kind == Kind::SessionError);
    let body = error.and_then(|r| r.parse::<SessionError>().ok()).map(|e| e.error);
    Ok(match body {
        Some(ErrorBody { message, .. }) => message,
        None => "the turn ended without an answer".to_owned(),
    })
}
