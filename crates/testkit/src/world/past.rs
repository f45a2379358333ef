//! A world's history, when it is over.

use std::collections::BTreeMap;
use std::sync::Arc;

use planaria_core::session::SessionState;
use planaria_core::{Record, SessionId};
use planaria_runtime::End;

use super::client::Memory;
use super::life::{Ended, Lasting, WrapDriver, WrapStore, tokio};
use super::limits::LIVES_MORE;
use super::options::Options;
use super::plan::{Break, PlannedFault};
use super::trace::Trace;
use crate::provider::Asked;
use crate::sandbox::{Death, Run, SimHands};
use crate::store::{SimStore, whole};

/// What is left of a world.
pub struct Past {
    /// What its seed meant.
    pub options: Options,
    /// What happened.
    pub trace: Trace,
    /// The logs, as the last server left them.
    pub logs: BTreeMap<SessionId, Vec<Record>>,
    /// What the last server said of each session when everybody was done.
    pub shown: BTreeMap<SessionId, Arc<SessionState>>,
    /// Whether every session slept some time after that; `None` where nobody waited for it.
    pub slept: Option<bool>,
    /// Snapshots that servers kept, and snapshots that they found.
    pub snapshots: (u64, u64),
    /// What was acknowledged, by all its stores.
    pub acknowledged: BTreeMap<SessionId, Vec<Record>>,
    /// What each client knows, in the order of the scripts.
    pub clients: Vec<Memory>,
    /// What followers of each log have seen, across all servers, in the order of the scripts.
    pub followed: Vec<Vec<Record>>,
    /// What the hands were seen to run.
    pub runs: Vec<Run>,
    /// Hands that ended.
    pub deaths: Vec<Death>,
    /// The hands that are left.
    pub hands: SimHands,
    /// What the model was asked.
    pub requests: Vec<Asked>,
    /// What the model had to complain about.
    pub complaints: Vec<String>,
    /// The faults that found something to break.
    pub fired: Vec<PlannedFault>,
    /// Server processes.
    pub lives: usize,
    /// What kept the world from coming to its end.
    pub unfinished: Option<String>,
    /// Logs that could not be read, and why.
    pub unreadable: BTreeMap<SessionId, String>,
}

impl Past {
    /// Sessions whose records were damaged on the disk: nothing can be said of them.
    pub fn damaged(&self) -> Vec<SessionId> {
        let bits = self.fired.iter().filter_map(|fault| match fault.what {
            Break::Bit { session, .. } => Some(self.options.scripts[session].session),
            _ => None,
        });
        bits.collect()
    }
}

/// Runs a world: one server process after the other, until everybody is done.
pub(super) fn run(options: Options, wrap_store: &WrapStore, wrap_driver: &WrapDriver) -> Past {
    let world = Lasting::new(options);
    let mut lives = 0;
    let unfinished = loop {
        lives += 1;
        match world.live(lives, wrap_store, wrap_driver) {
            Ended::Done => break None,
            Ended::Killed { down, .. } | Ended::Stopped { down } => world.clock.skip(down),
            // Its host starts it again at once.
            Ended::Itself(End::Store(_)) => {}
            ended => break Some(format!("{ended:?}")),
        }
        if lives > world.options.plan.faults.len() + LIVES_MORE {
            break Some("servers end again and again".to_owned());
        }
    };
    look_back(world, lives, unfinished)
}

fn look_back(world: Lasting, lives: usize, unfinished: Option<String>) -> Past {
    let mut logs = BTreeMap::new();
    let mut unreadable = BTreeMap::new();
    tokio().block_on(async {
        let store = SimStore::open(&world.disk).expect("the last process is gone");
        for script in &world.options.scripts {
            match whole(&store, script.session).await {
                Ok(log) => drop(logs.insert(script.session, log)),
                Err(error) => drop(unreadable.insert(script.session, error.to_string())),
            }
        }
    });
    let plan = &world.options.plan.faults;
    let fired = world.progress.fired().into_iter().map(|index| plan[index].clone()).collect();
    let (runs, deaths) = (world.hands.ledger(), world.hands.deaths());
    for run in &runs {
        world.trace.note(run.at, format!("ran {run:?}"));
    }
    for death in &deaths {
        world.trace.note(death.at, format!("died {death:?}"));
    }
    let requests = world.model.requests();
    for asked in &requests {
        world.trace.note(world.clock.now(), format!("asked {asked:?}"));
    }
    Past {
        clients: world.remembered(),
        followed: world.followed(),
        acknowledged: world.acknowledged.records(),
        snapshots: world.acknowledged.snapshots(),
        shown: world.shown(),
        slept: world.slept(),
        complaints: world.model.complaints(),
        options: world.options,
        trace: world.trace,
        hands: world.hands,
        logs,
        runs,
        deaths,
        requests,
        fired,
        lives,
        unfinished,
        unreadable,
    }
}
