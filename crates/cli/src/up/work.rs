//! Works through a fleet: starts each session when what it waits for has ended, follows it to its
//! end.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context;
use futures_util::FutureExt;
use planaria_core::SessionId;
use planaria_core::event::ClientEvent;
use planaria_core::id::derive;
use planaria_core::port::store::Put;
use planaria_core::record::payload::{Genesis, StopReason};
use planaria_core::session::{SessionState, Status};
use planaria_runtime::{Condition, Error, Runtime};
use tokio::sync::{mpsc, watch};

use super::check;
use super::job::{Job, Plan, fill};
use super::progress::Line;
use super::seed::{self, Planted};
use super::verdict::{self, Verdict};
use crate::data;

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
    /// Something that its user should know.
    pub note: Option<String>,
}

impl News {
    fn of(job: usize, line: Line) -> Self {
        Self { job, id: None, line, verdict: None, note: None }
    }
}

/// What a session is told whose turn an error had ended.
const AGAIN: &str =
    "Your last turn was cut short by an error that was not yours. Go on with your task.";

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
                let job = AssertUnwindSafe(fleet.job(index, &verdicts, &news)).catch_unwind();
                let verdict = match job.await {
                    Ok(result) => result.unwrap_or_else(|e| Verdict::Failed(format!("{e:#}"))),
                    Err(_) => Verdict::Failed("a bug in planaria; its panic is above".to_owned()),
                };
                // Who comes after goes on with the answer; the check is for the report.
                verdicts[index].send_replace(Some(verdict.clone()));
                let verdict = fleet.checked(index, verdict, &news).await;
                let line = Line::of(verdict.word());
                let _ = news.send(News { verdict: Some(verdict), ..News::of(index, line) }).await;
            });
        }
        receiver
    }

    /// A session that has ended its turn and does not pass its own check has failed.
    async fn checked(&self, index: usize, verdict: Verdict, news: &mpsc::Sender<News>) -> Verdict {
        let job = &self.plan.jobs[index];
        let (Some(check), Verdict::Done(_)) = (&job.check, &verdict) else { return verdict };
        let _ = news.send(News::of(index, Line::of("checking"))).await;
        let store = self.runtime.store();
        let known = data::find(store.as_ref(), &self.plan.fleet, &job.name).await;
        let id = match known {
            Ok(id) => id.unwrap_or_else(|| self.new_id(&job.name)),
            Err(error) => return Verdict::Failed(format!("{error:#}")),
        };
        let workspace = data::workspace(&self.data_dir, id);
        match check::run(check, &workspace).await {
            Ok(()) => verdict,
            Err(problem) => Verdict::Failed(problem),
        }
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
        if let Some(id) = known {
            let state = self.runtime.state(id).await?;
            if state.status != Status::New {
                self.go_on(index, id, &state, news).await?;
                return self.follow(index, id, news).await;
            }
        }
        let prompt = match self.prompt(job, verdicts).await? {
            Ok(prompt) => prompt,
            Err(verdict) => return Ok(verdict),
        };
        let id = self.start(job, known, prompt, index, news).await?;
        self.follow(index, id, news).await
    }

    /// A session of an earlier run goes on by itself, unless an error ended its turn: then whoever
    /// types the command again wants it tried again.
    async fn go_on(
        &self,
        index: usize,
        id: SessionId,
        state: &SessionState,
        news: &mpsc::Sender<News>,
    ) -> anyhow::Result<()> {
        let job = &self.plan.jobs[index];
        let mut notes = Vec::new();
        if state.agent.as_deref() != Some(&job.agent) {
            notes.push(format!(
                "{}: its agent's file has changed since it began; it keeps the agent it began with",
                job.name
            ));
        }
        if state.status == Status::Idle(StopReason::RetriesExhausted) {
            let why = verdict::last_error(self.runtime.store().as_ref(), id, state).await?;
            notes.push(format!("{}: trying its turn again, which ended with: {why}", job.name));
        }
        for note in notes {
            let news_of_it = News::of(index, Line::of("going on"));
            let _ = news.send(News { note: Some(note), ..news_of_it }).await;
        }
        if state.status == Status::Idle(StopReason::RetriesExhausted) {
            self.runtime.send(id, vec![ClientEvent::message(AGAIN)]).await?;
        }
        Ok(())
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
        index: usize,
        news: &mpsc::Sender<News>,
    ) -> anyhow::Result<SessionId> {
        let fleet = &self.plan.fleet;
        let id = known.unwrap_or_else(|| self.new_id(&job.name));
        let workspace = data::workspace(&self.data_dir, id);
        let (seed, data_dir) = (job.seed.clone(), self.data_dir.clone());
        let planted =
            tokio::task::spawn_blocking(move || seed::plant(&workspace, seed.as_ref(), &data_dir));
        if let Planted::WithoutGit(root) = planted.await?? {
            let note = format!(
                "{}: git tracks nothing in {}, so everything below it was copied",
                job.name,
                root.display()
            );
            let news_of_it = News::of(index, Line::of("starting"));
            let _ = news.send(News { note: Some(note), ..news_of_it }).await;
        }
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
            self.create(genesis, entry, key).await?;
        }
        self.begin(id, &prompt).await?;
        Ok(id)
    }

    /// Creates a session, also when its actor dies before it can say that it did.
    async fn create(&self, genesis: Genesis, entry: Put, key: Vec<u8>) -> anyhow::Result<()> {
        let id = genesis.session;
        loop {
            let (entry, key) = (entry.clone(), key.clone());
            match self.runtime.create(genesis.clone(), vec![entry], vec![key]).await {
                Ok(_) => return Ok(()),
                Err(Error::Interrupted { .. }) if self.runtime.settled(id).await?.seq > 0 => {
                    return Ok(());
                }
                Err(Error::Interrupted { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Says the prompt once, also when the session's actor dies before it can say that it heard it.
    async fn begin(&self, id: SessionId, prompt: &str) -> anyhow::Result<()> {
        loop {
            match self.runtime.send(id, vec![ClientEvent::message(prompt)]).await {
                Ok(_) => return Ok(()),
                Err(Error::Interrupted { .. }) => {
                    if self.runtime.settled(id).await?.status != Status::New {
                        return Ok(());
                    }
                }
                Err(error) => return Err(error.into()),
            }
        }
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
            let _ = news.send(News { id: Some(id), ..News::of(job, line) }).await;
            if let Some(verdict) = verdict::of(self.runtime.store().as_ref(), id, &state).await? {
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
}
