//! Works through a fleet: starts each session when what it waits for has ended, follows it to its
//! end.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use futures_util::FutureExt;
use planaria_core::SessionId;
use planaria_core::event::ClientEvent;
use planaria_core::port::store::Put;
use planaria_core::record::payload::{Genesis, StopReason};
use planaria_core::session::{SessionState, Status};
use planaria_runtime::{Condition, Error, Runtime};
use tokio::sync::{Mutex, mpsc, watch};
use tokio::task::JoinSet;

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

/// The metadata key that says which session of its name one is, from 1.
pub const RUN: &str = "planaria.run";
/// The metadata key with the digests of what a session was begun with.
pub const INPUTS: &str = "planaria.inputs";

/// Says of a session, by its labels, whether it is one of this plan. A data directory may hold
/// other fleets, which are not ours to wake.
pub fn of_plan(plan: &Plan) -> impl Fn(&BTreeMap<String, String>) -> bool + Send + Sync + use<> {
    let fleet = plan.fleet.clone();
    let runs: BTreeMap<String, u64> =
        plan.jobs.iter().map(|job| (job.name.clone(), job.run)).collect();
    move |labels| {
        let of_fleet = labels.get(FLEET) == Some(&fleet);
        let run = labels.get(NAME).and_then(|name| runs.get(name));
        of_fleet && run.is_some_and(|run| *run == run_of(labels))
    }
}

/// Which session of its name one is, by its labels: the first one, where they do not say.
pub fn run_of(labels: &BTreeMap<String, String>) -> u64 {
    labels.get(RUN).and_then(|run| run.parse().ok()).unwrap_or(1)
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

/// How long an interrupted session may take to end before its successor begins all the same: a
/// command that does not end by itself is killed long before.
const LEAVE_WAIT: Duration = Duration::from_secs(20);

/// A fleet at work.
pub struct Fleet {
    pub plan: Plan,
    pub runtime: Runtime,
    pub data_dir: PathBuf,
    /// Whether this command stays up, so that whoever is asked something can answer it.
    pub stays: bool,
    /// Whoever fills a workspace holds this, also when nobody waits for it any more: two must not
    /// fill the same one.
    pub seeding: Arc<Mutex<()>>,
}

/// The tasks of a fleet's sessions, which end with this; the sessions go on.
pub struct Work {
    news: mpsc::Receiver<News>,
    _tasks: JoinSet<()>,
}

impl Work {
    /// The next news; `None` when all tasks have ended.
    pub async fn next(&mut self) -> Option<News> {
        self.news.recv().await
    }
}

impl Fleet {
    /// Starts one task per session.
    pub fn work(self: &Arc<Self>) -> Work {
        let (news, receiver) = mpsc::channel(64);
        let mut tasks = JoinSet::new();
        let verdicts: Vec<watch::Sender<Option<Verdict>>> =
            self.plan.jobs.iter().map(|_| watch::Sender::new(None)).collect();
        let verdicts = Arc::new(verdicts);
        for index in 0..self.plan.jobs.len() {
            let (fleet, news, verdicts) = (self.clone(), news.clone(), verdicts.clone());
            tasks.spawn(async move {
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
        Work { news: receiver, _tasks: tasks }
    }

    /// Interrupts what nobody asks for any more, and waits a while for its end: sessions whose
    /// names others take, and those that the file has forgotten while they are awake. Says what
    /// could not be ended.
    pub async fn leave(&self) -> Vec<String> {
        let awake =
            |id: &SessionId| matches!(self.runtime.watch(*id).borrow().condition, Condition::Awake);
        let forgotten = self.plan.forgotten.iter().filter(|id| awake(id));
        let all = self.plan.superseded.iter().chain(forgotten);
        let ends = futures_util::future::join_all(all.map(|id| self.leave_one(*id))).await;
        ends.into_iter().flatten().collect()
    }

    async fn leave_one(&self, id: SessionId) -> Option<String> {
        let state = self.runtime.state(id).await.ok()?;
        if !matches!(state.status, Status::Running | Status::Rescheduling { .. }) {
            return None;
        }
        let stop = ClientEvent::Interrupt { session_thread_id: None };
        if let Err(error) = self.runtime.send(id, vec![stop]).await {
            return Some(format!("{id} could not be interrupted: {error}"));
        }
        let mut view = self.runtime.watch(id);
        let ended = view.wait_for(|view| view.state.is_idle());
        match tokio::time::timeout(LEAVE_WAIT, ended).await {
            Ok(_) => None,
            Err(_) => Some(format!("{id} was interrupted and has not ended yet")),
        }
    }

    /// A session that has ended its turn and does not pass its own check has failed.
    async fn checked(&self, index: usize, verdict: Verdict, news: &mpsc::Sender<News>) -> Verdict {
        let job = &self.plan.jobs[index];
        let (Some(check), Verdict::Done(_)) = (&job.check, &verdict) else { return verdict };
        let _ = news.send(News::of(index, Line::of("checking"))).await;
        let workspace = data::workspace(&self.data_dir, job.id);
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
        let Some(prompt) = &job.prompt else { return self.stand(index, news).await };
        let known = self.known(job).await?;
        if let Some(state) = known.as_ref().filter(|state| state.status != Status::New) {
            self.go_on(index, state, news).await?;
            return self.follow(index, news).await;
        }
        let prompt = match self.prompt(job, prompt, verdicts).await? {
            Ok(prompt) => prompt,
            Err(verdict) => return Ok(verdict),
        };
        if known.is_none() {
            self.create(index, news).await?;
        }
        self.begin(job.id, &prompt).await?;
        self.follow(index, news).await
    }

    /// The session, if it exists: also one that an earlier round of this process has created.
    async fn known(&self, job: &Job) -> anyhow::Result<Option<Arc<SessionState>>> {
        match self.runtime.state(job.id).await {
            Ok(state) => Ok(Some(state)),
            Err(Error::NoSuchSession(_)) if !job.exists => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// A session without a prompt stands ready for whoever sends it messages, and is followed as
    /// long as anybody looks.
    async fn stand(&self, index: usize, news: &mpsc::Sender<News>) -> anyhow::Result<Verdict> {
        let job = &self.plan.jobs[index];
        if self.known(job).await?.is_none() {
            self.create(index, news).await?;
        }
        let ready = News::of(index, Line::of("ready"));
        let _ = news.send(News { id: Some(job.id), verdict: Some(Verdict::Ready), ..ready }).await;
        let mut view = self.runtime.watch(job.id);
        loop {
            let now = view.borrow_and_update().clone();
            if let Condition::Unreadable(problem) = &now.condition {
                return Ok(Verdict::Failed(problem.clone()));
            }
            if matches!(now.condition, Condition::Awake) && now.state.status != Status::New {
                let line = self.line(job.id, &now.state);
                let _ = news.send(News { id: Some(job.id), ..News::of(index, line) }).await;
            }
            view.changed().await?;
        }
    }

    /// A session of an earlier run goes on by itself, unless an error ended its turn: then whoever
    /// types the command again wants it tried again.
    async fn go_on(
        &self,
        index: usize,
        state: &SessionState,
        news: &mpsc::Sender<News>,
    ) -> anyhow::Result<()> {
        let job = &self.plan.jobs[index];
        if state.status == Status::Idle(StopReason::RetriesExhausted) {
            let why = verdict::last_error(self.runtime.store().as_ref(), job.id, state).await?;
            let note = format!("{}: trying its turn again, which ended with: {why}", job.name);
            let news_of_it = News::of(index, Line::of("going on"));
            let _ = news.send(News { note: Some(note), ..news_of_it }).await;
            self.runtime.send(job.id, vec![ClientEvent::message(AGAIN)]).await?;
        }
        Ok(())
    }

    /// Waits for the sessions that come before, and fills in their answers.
    async fn prompt(
        &self,
        job: &Job,
        prompt: &str,
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
                Verdict::Ready => {
                    let why = format!("{name} has no prompt and never ends");
                    return Ok(Err(Verdict::Failed(why)));
                }
            }
        }
        let find = |name: &str| answers.iter().find(|(n, _)| n == name).map(|(_, a)| a.clone());
        fill(prompt, find).map(Ok).map_err(|problem| anyhow::anyhow!("prompt: {problem}"))
    }

    /// Fills the workspace and creates the session, which takes the name from the one before.
    async fn create(&self, index: usize, news: &mpsc::Sender<News>) -> anyhow::Result<()> {
        let (job, fleet) = (&self.plan.jobs[index], &self.plan.fleet);
        let workspace = data::workspace(&self.data_dir, job.id);
        let (seed, data_dir) = (job.seed.clone(), self.data_dir.clone());
        let held = self.seeding.clone().lock_owned().await;
        let planted = tokio::task::spawn_blocking(move || {
            let _held = held;
            seed::plant(&workspace, seed.as_ref(), &data_dir)
        });
        if let Planted::WithoutGit(root) = planted.await?? {
            let note = format!(
                "{}: git tracks nothing in {}, so everything below it was copied",
                job.name,
                root.display()
            );
            let news_of_it = News::of(index, Line::of("starting"));
            let _ = news.send(News { note: Some(note), ..news_of_it }).await;
        }
        let (run, inputs) = (job.run.to_string(), job.inputs.to_string());
        let ours = [(FLEET, fleet), (NAME, &job.name), (RUN, &run), (INPUTS, &inputs)];
        let ours = ours.map(|(key, value)| (key.to_owned(), value.clone()));
        let genesis = Genesis {
            session: job.id,
            workspace: "local".to_owned(),
            agent: job.agent.clone(),
            environment: job.environment.clone(),
            title: Some(job.title.clone().unwrap_or_else(|| job.name.clone())),
            metadata: job.metadata.clone().into_iter().chain(ours).collect(),
        };
        let entry = data::name_entry(fleet, &job.name, job.id);
        self.record(genesis, entry, job.run == 1).await
    }

    /// Records a session, also when its actor dies before it can say that it did.
    async fn record(&self, genesis: Genesis, entry: Put, is_first: bool) -> anyhow::Result<()> {
        let id = genesis.session;
        // Only the first of a name finds it free.
        let absent: Vec<Vec<u8>> = is_first.then(|| entry.key.clone()).into_iter().collect();
        loop {
            match self.runtime.create(genesis.clone(), vec![entry.clone()], absent.clone()).await {
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

    /// Follows a session until nothing will happen any more without somebody's help.
    async fn follow(&self, job: usize, news: &mpsc::Sender<News>) -> anyhow::Result<Verdict> {
        let id = self.plan.jobs[job].id;
        let mut view = self.runtime.watch(id);
        let mut asked = None;
        loop {
            let now = view.borrow_and_update().clone();
            if let Condition::Unreadable(problem) = &now.condition {
                return Ok(Verdict::Failed(problem.clone()));
            }
            let state = match now.condition {
                Condition::Awake => now.state,
                _ => self.runtime.state(id).await?,
            };
            let mut line = self.line(id, &state);
            let mut note = None;
            match verdict::of(self.runtime.store().as_ref(), id, &state).await? {
                Some(Verdict::Waiting(what)) if self.stays => {
                    line.state = Verdict::Waiting(String::new()).word().to_owned();
                    let name = &self.plan.jobs[job].name;
                    note = Some(format!("{name} waits for {what}"));
                    // Said once for each question.
                    note = note.filter(|note| asked.replace(note.clone()).as_ref() != Some(note));
                }
                Some(verdict) => {
                    let _ = news.send(News { id: Some(id), ..News::of(job, line) }).await;
                    return Ok(verdict);
                }
                None if matches!(state.status, Status::Rescheduling { .. }) => {
                    let store = self.runtime.store();
                    let why = verdict::last_error(store.as_ref(), id, &state).await?;
                    note = Some(format!("{}: asking again: {why}", self.plan.jobs[job].name));
                    note = note.filter(|note| asked.replace(note.clone()).as_ref() != Some(note));
                }
                None => {}
            }
            let _ = news.send(News { id: Some(id), note, ..News::of(job, line) }).await;
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
