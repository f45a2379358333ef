//! What was seen, and what children are to do when they are started.
//!
//! Waits here are virtual: the tests run under paused time (`start_paused`).

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use planaria_supervisor::{
    BoxFuture, ChildSpec, Context, ExitReason, Info, Options, Report, ReportContext, StartError,
    StartResult, Started, worker,
};
use ractor::{ActorCell, ActorId, ActorRef};

use super::dead;
use super::parts::{Do, Manners, Part, spawn_raw};

/// What a child does when it is started.
#[derive(Clone)]
pub enum Act {
    Run,
    /// Runs as a plain ractor actor.
    Raw(Manners),
    /// Runs as an actor that is not linked to its supervisor.
    Unlinked,
    /// Runs, and has something to pass on.
    Info(u32),
    Ignore,
    Fail,
    Panic,
    /// Never returns.
    Hang,
    /// Returns after this time.
    Late(std::time::Duration),
    /// Spawns a task and an actor, then fails.
    Litter,
}

type Script = Arc<dyn Fn(u32) -> Act + Send + Sync>;

#[derive(Default)]
struct Seen {
    log: Vec<String>,
    starts: BTreeMap<String, u32>,
    scripts: BTreeMap<String, Script>,
    actors: BTreeMap<String, ActorRef<Do>>,
    contexts: BTreeMap<String, Context>,
    reports: Vec<Report>,
    overlaps: Vec<String>,
}

/// Cheap to clone.
#[derive(Clone, Default)]
pub struct Lab(Arc<Mutex<Seen>>);

impl Lab {
    pub fn new() -> Self {
        Self::default()
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Options that keep every report.
    pub fn options(&self) -> Options {
        let lab = self.clone();
        Options::default().reports(move |report| lab.seen().reports.push(report.clone()))
    }

    pub fn say(&self, line: impl Into<String>) {
        self.seen().log.push(line.into());
    }

    /// What was said since it was last asked for.
    pub fn log(&self) -> Vec<String> {
        std::mem::take(&mut self.seen().log)
    }

    /// Reports other than of starts since they were last asked for: `context child`.
    pub fn complaints(&self) -> Vec<String> {
        self.reports()
            .into_iter()
            .filter(|r| r.context != ReportContext::Started)
            .map(|r| format!("{:?} {}", r.context, r.child))
            .collect()
    }

    pub fn reports(&self) -> Vec<Report> {
        std::mem::take(&mut self.seen().reports)
    }

    /// What the child of this id does at its n-th start, from 1.
    pub fn script(&self, id: &str, script: impl Fn(u32) -> Act + Send + Sync + 'static) {
        self.seen().scripts.insert(id.to_owned(), Arc::new(script));
    }

    /// Children that were started while the run before was alive.
    pub fn overlaps(&self) -> Vec<String> {
        self.seen().overlaps.clone()
    }

    /// The last run of every child that has been started.
    pub fn cells(&self) -> Vec<ActorCell> {
        self.seen().actors.values().map(ActorRef::get_cell).collect()
    }

    /// Whether there is such a child to be told something.
    pub fn knows(&self, id: &str) -> bool {
        self.seen().actors.contains_key(id)
    }

    pub fn starts(&self, id: &str) -> u32 {
        self.seen().starts.get(id).copied().unwrap_or(0)
    }

    pub fn actor(&self, id: &str) -> ActorRef<Do> {
        self.seen().actors.get(id).expect("it has been started").clone()
    }

    pub fn context(&self, id: &str) -> Context {
        self.seen().contexts.get(id).expect("it has been started").clone()
    }

    pub fn cell(&self, id: &str) -> ActorCell {
        self.actor(id).get_cell()
    }

    pub fn pid(&self, id: &str) -> ActorId {
        self.actor(id).get_id()
    }

    /// Tells a child to do something; one that is dead does not hear it.
    pub fn tell(&self, id: &str, what: Do) {
        let _ = self.actor(id).cast(what);
    }

    pub fn exit(&self, id: &str, reason: ExitReason) {
        self.tell(id, Do::Exit(reason));
    }

    pub fn crash(&self, id: &str) {
        self.tell(id, Do::Fail("crash".to_owned()));
    }

    pub(super) fn runs(&self, id: &str, actor: ActorRef<Do>) {
        self.say(format!("start {id}"));
        let mut seen = self.seen();
        if seen.actors.insert(id.to_owned(), actor).is_some_and(|old| !dead(&old.get_cell())) {
            seen.overlaps.push(id.to_owned());
        }
    }

    /// A permanent worker that does as it is told.
    pub fn child(&self, id: &str) -> ChildSpec {
        let (lab, name) = (self.clone(), id.to_owned());
        ChildSpec::worker(id, move |context| lab.launch(context, name.clone()))
    }

    /// A start function, also for templates.
    pub fn launch(&self, context: Context, id: String) -> BoxFuture<'static, StartResult> {
        let lab = self.clone();
        Box::pin(async move {
            let act = lab.act(&context, &id);
            lab.start(context, id, act).await
        })
    }

    fn act(&self, context: &Context, id: &str) -> Act {
        let mut seen = self.seen();
        let starts = seen.starts.entry(id.to_owned()).or_default();
        *starts += 1;
        let starts = *starts;
        seen.contexts.insert(id.to_owned(), context.clone());
        let script = seen.scripts.get(id).cloned();
        drop(seen);
        script.map_or(Act::Run, |script| script(starts))
    }

    async fn start(self, context: Context, id: String, act: Act) -> StartResult {
        match act {
            Act::Run => self.part(context, id).await,
            Act::Raw(manners) => {
                let supervisor = context.supervisor();
                Ok(Started::running(spawn_raw(self, id, manners, supervisor).await))
            }
            Act::Unlinked => {
                Ok(Started::running(spawn_raw(self, id, Manners::default(), None).await))
            }
            Act::Info(info) => {
                let Started::Running { cell, .. } = self.part(context, id).await? else {
                    unreachable!("a part runs")
                };
                let info: Info = Arc::new(info);
                Ok(Started::with_info(cell, info))
            }
            Act::Ignore => Ok(Started::Ignore),
            Act::Fail => Err(StartError::Failed("no".to_owned())),
            Act::Panic => panic!("no start"),
            Act::Hang => std::future::pending().await,
            Act::Late(wait) => {
                tokio::time::sleep(wait).await;
                self.part(context, id).await
            }
            Act::Litter => {
                let said = Said(self.clone(), "litter dropped");
                context.scope().spawn(async move {
                    let _said = said;
                    std::future::pending().await
                });
                let supervisor = context.supervisor();
                spawn_raw(self, id, Manners::default(), supervisor).await;
                Err(StartError::Failed("litter".to_owned()))
            }
        }
    }

    async fn part(self, context: Context, id: String) -> StartResult {
        worker(context, move |me, context| {
            self.runs(&id, me.clone());
            Ok(Part { lab: self, id, scope: context.scope().clone() })
        })
        .await
    }
}

/// Says something when it is dropped.
pub struct Said(pub Lab, pub &'static str);

impl Drop for Said {
    fn drop(&mut self) {
        self.0.say(self.1);
    }
}
