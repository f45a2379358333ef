//! A fleet that is up: one round of work after the other, until there is nothing to wait for.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::ensure;
use planaria_core::context::WholeLog;
use planaria_core::port::store::Store;
use planaria_runtime::{End, Runtime, Supervision};

use super::answers::Answering;
use super::load::{Loaded, load};
use super::signals::Interrupt;
use super::verdict::Verdict;
use super::watch::Reloads;
use super::work::Fleet;
use super::{Args, chaos, follow, job, known};
use crate::exit::Code;
use crate::output::{error_word, hint_word, say};

/// What the files say, and what is to be done for it in this data directory.
pub struct Planned {
    pub fleet: planaria_fleet::Fleet,
    pub summary: String,
    pub jobs: job::Plan,
}

impl Planned {
    /// Compares the files with the data directory. `asked` are sessions to begin anew.
    pub async fn new(
        fleet: planaria_fleet::Fleet,
        store: &dyn Store,
        dir: &std::path::Path,
        asked: &[String],
    ) -> anyhow::Result<Self> {
        check_asked(&fleet, asked)?;
        let asked: BTreeSet<String> = asked.iter().cloned().collect();
        let current = known::current(store, &fleet.name).await?;
        let plan = planaria_fleet::plan(&current, &fleet, &asked);
        let jobs = job::Plan::new(&fleet, &plan, dir)?;
        Ok(Self { fleet, summary: plan.to_string(), jobs })
    }
}

/// Whether the sessions that are to be begun anew exist.
pub fn check_asked(fleet: &planaria_fleet::Fleet, asked: &[String]) -> anyhow::Result<()> {
    for name in asked {
        let known =
            |session: &planaria_fleet::Session| session.name == *name || session.entry() == name;
        let names: Vec<&str> = fleet.sessions.iter().map(|s| s.name.as_str()).collect();
        ensure!(
            fleet.sessions.iter().any(known),
            "--recreate {name}: there is no such session; this fleet has {}",
            names.join(", ")
        );
    }
    Ok(())
}

/// A fleet that is up.
pub struct Rounds<'a> {
    pub args: &'a Args,
    pub dir: PathBuf,
    pub runtime: Runtime,
    pub answering: Answering,
    pub supervision: Supervision,
    pub interrupt: Interrupt,
    pub reloads: Reloads,
    /// Whether a session of the last round has failed: a reload tries it again.
    pub failed: bool,
}

impl Rounds<'_> {
    /// Works until all is done, or as long as anybody lets it where something stands.
    pub async fn run(&mut self, first: Planned) -> anyhow::Result<Code> {
        let seeding = Arc::default();
        let mut planned = first;
        loop {
            let Planned { fleet: files, jobs, .. } = planned;
            // A chaos run is for its verdict.
            let stays = !self.args.chaos && (self.args.watch || jobs.stands());
            let fleet = Arc::new(Fleet {
                plan: jobs,
                runtime: self.runtime.clone(),
                data_dir: self.dir.clone(),
                stays,
                seeding: Arc::clone(&seeding),
            });
            let left = tokio::select! { biased;
                code = self.interrupt.first() => return Ok(code),
                left = fleet.leave() => left,
            };
            for problem in left {
                say(&format!("{} {problem}", hint_word()));
            }
            match self.round(&fleet, &files, stays).await? {
                Next::End(code) => return Ok(code),
                Next::Round(next) => planned = *next,
            }
        }
    }

    async fn round(
        &mut self,
        fleet: &Arc<Fleet>,
        files: &planaria_fleet::Fleet,
        stays: bool,
    ) -> anyhow::Result<Next> {
        let args = self.args;
        let mut chaos =
            args.chaos.then(|| chaos::Chaos::start(args.seed, super::replay(args), fleet));
        let mut ended = self.runtime.end();
        let mut work = Box::pin(follow::follow(fleet, args));
        let mut works = true;
        loop {
            tokio::select! { biased;
                code = self.interrupt.first() => {
                    say(&follow::left_behind(fleet).await);
                    return Ok(Next::End(code));
                }
                end = ended.wait_for(Option::is_some) => {
                    let end = end.ok().and_then(|end| end.clone()).unwrap_or(End::Shutdown);
                    anyhow::bail!("{end}");
                }
                () = self.reloads.next() => {
                    if let Some(next) = self.reload(files).await {
                        return Ok(Next::Round(Box::new(next)));
                    }
                }
                outcomes = &mut work, if works => {
                    works = false;
                    self.failed = outcomes.iter().any(|o| matches!(o.verdict, Verdict::Failed(_)));
                    let code = follow::report(fleet, args, outcomes, chaos.take()).await?;
                    if !stays {
                        return Ok(Next::End(code));
                    }
                    say(if args.watch {
                        "staying up and watching the fleet's files; Ctrl-C ends it"
                    } else {
                        "staying up for the standing sessions; Ctrl-C ends it"
                    });
                }
            }
        }
    }

    /// Reads the files again. `None` where nothing is to be begun: what is wrong with them is said.
    async fn reload(&mut self, before: &planaria_fleet::Fleet) -> Option<Planned> {
        match self.read_again(before).await {
            Ok(planned) => {
                let unchanged = planned.fleet == *before;
                let again = unchanged && self.failed;
                let what = match (unchanged, again) {
                    (_, true) => "trying again what has failed",
                    (true, false) => "nothing to do",
                    (false, false) => &planned.summary,
                };
                say(&format!("reloaded: {what}"));
                (!unchanged || again).then_some(planned)
            }
            Err(error) => {
                say(&format!("{} {error:#}", error_word()));
                say("reload: nothing was changed");
                None
            }
        }
    }

    async fn read_again(&mut self, before: &planaria_fleet::Fleet) -> anyhow::Result<Planned> {
        let Loaded { fleet, answers, supervision, compact_at, hints } = load(self.args)?;
        ensure!(
            fleet.name == before.name,
            "the fleet was `{}` and is `{}` now: end this command and start it again",
            before.name,
            fleet.name
        );
        let store = self.runtime.store();
        let planned = Planned::new(fleet, store.as_ref(), &self.dir, &[]).await?;
        self.reloads.follow(&planned.fleet)?;
        // Nothing is refused from here on: a reload changes everything or nothing.
        self.runtime.set_context_policy(WholeLog { compact_at });
        self.answering.replace(answers);
        for hint in hints {
            say(&format!("{} {hint}", hint_word()));
        }
        if supervision != self.supervision {
            say(&format!("{} another supervision is taken up at the next start", hint_word()));
        }
        Ok(planned)
    }
}

/// What comes after a round.
enum Next {
    End(Code),
    Round(Box<Planned>),
}
