//! What `up` would do: a pure function of what a data directory knows and what the files say.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

use crate::fleet::{Fleet, Session, Workspace};

/// What a data directory knows of a fleet's sessions, by their names.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Current {
    /// The latest session of each name.
    pub sessions: BTreeMap<String, Known>,
}

/// A session that exists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Known {
    /// Its id, as the API shows it.
    pub id: String,
    /// Which session of its name it is, from 1.
    pub run: u64,
    /// Whether it has been told anything yet.
    pub begun: bool,
    /// What it was begun with; `None` of a session that an older version made.
    pub inputs: Option<Inputs>,
    /// Where it stands, in a word for people.
    pub state: String,
}

/// What a session is begun with, as digests: two that are equal were begun with the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Inputs {
    agent: u64,
    environment: u64,
    workspace: u64,
    /// 0 of a session without one.
    prompt: u64,
}

/// What would happen to the sessions of a fleet, in the order of the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Plan {
    /// The fleet's name.
    pub fleet: String,
    /// One for each session that there is or should be; those to be removed come last.
    pub steps: Vec<Step>,
}

/// What would happen to one session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Step {
    /// The session's name.
    pub name: String,
    /// What would happen.
    pub change: Change,
    /// Why, in words for people; empty where nothing is to be said.
    pub why: String,
    /// The session that exists under this name, if any.
    pub known: Option<Known>,
}

/// What may happen to a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Change {
    /// There is none of that name: it is created.
    Create,
    /// What it was begun with has changed: a new one is begun under its name. The log of the old
    /// one is kept and found by its id.
    Rerun,
    /// It goes on, or repeats its answer.
    Unchanged,
    /// It has changed in the file, and keeps what it was begun with.
    Keep,
    /// It is no longer in the file, and is left asleep.
    Remove,
}

impl Plan {
    /// Whether `up` would begin anything.
    pub fn has_changes(&self) -> bool {
        self.count(Change::Create) + self.count(Change::Rerun) > 0
    }

    /// How many sessions a change happens to.
    pub fn count(&self, change: Change) -> usize {
        self.steps.iter().filter(|step| step.change == change).count()
    }
}

impl fmt::Display for Plan {
    /// One line that sums it up.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [
            (self.count(Change::Create), "to create"),
            (self.count(Change::Rerun), "to run anew"),
            (self.count(Change::Unchanged), "unchanged"),
            (self.count(Change::Keep), "kept as begun"),
            (self.count(Change::Remove), "no longer in the file"),
        ];
        let parts = parts.iter().filter(|(count, _)| *count > 0);
        let parts: Vec<String> = parts.map(|(count, what)| format!("{count} {what}")).collect();
        write!(f, "{}: {}", self.fleet, parts.join(", "))
    }
}

/// What would happen. `asked` are names that are to be run anew whatever they were begun with.
///
/// A session with a prompt is begun anew when its agent, environment, workspace or prompt has
/// changed, and when one that it waits for is. A standing session keeps what it was begun with: it
/// has a conversation that nobody else could repeat.
pub fn plan(current: &Current, desired: &Fleet, asked: &BTreeSet<String>) -> Plan {
    let mut steps: BTreeMap<&str, Step> = BTreeMap::new();
    // Whoever comes after others is looked at after them; `after` has no cycles.
    let mut waiting: Vec<&Session> = desired.sessions.iter().collect();
    while !waiting.is_empty() {
        let (ready, later): (Vec<&Session>, Vec<&Session>) = waiting
            .iter()
            .partition(|session| session.after.iter().all(|name| steps.contains_key(&**name)));
        assert!(!ready.is_empty(), "a checked fleet has no cycles");
        for session in ready {
            let known = current.sessions.get(&session.name).cloned();
            let (change, why) = judge(desired, session, known.as_ref(), asked, &steps);
            let name = session.name.clone();
            steps.insert(&session.name, Step { name, change, why, known });
        }
        waiting = later;
    }
    let in_order = desired.sessions.iter().filter_map(|session| steps.remove(&*session.name));
    let mut in_order: Vec<Step> = in_order.collect();
    for (name, known) in &current.sessions {
        if desired.sessions.iter().all(|session| session.name != *name) {
            let why = format!("no longer in the file; {} is left asleep", known.id);
            let (name, known) = (name.clone(), Some(known.clone()));
            in_order.push(Step { name, change: Change::Remove, why, known });
        }
    }
    Plan { fleet: desired.name.clone(), steps: in_order }
}

fn judge(
    fleet: &Fleet,
    session: &Session,
    known: Option<&Known>,
    asked: &BTreeSet<String>,
    steps: &BTreeMap<&str, Step>,
) -> (Change, String) {
    let Some(known) = known else { return (Change::Create, String::new()) };
    if asked.contains(&session.name) || asked.contains(session.entry()) {
        return (Change::Rerun, "asked for".to_owned());
    }
    let desired = Inputs::of(fleet, session);
    let changed = known.inputs.map_or_else(Vec::new, |begun| begun.differences(&desired));
    let stood = known.inputs.is_some_and(|begun| begun.prompt == 0);
    if !known.begun {
        // The prompt is said only now, so a new one is no change yet.
        let changed: Vec<&str> = changed.into_iter().filter(|what| *what != "prompt").collect();
        return match changed.as_slice() {
            [] => (Change::Unchanged, known.state.clone()),
            some => (Change::Rerun, format!("{} changed, and it has not begun", some.join(", "))),
        };
    }
    if session.prompt.is_none() && stood && !changed.is_empty() {
        let why = format!(
            "{} changed; it keeps what it began with until `up --recreate {}`",
            changed.join(", "),
            session.name
        );
        return (Change::Keep, why);
    }
    let rerun = |name: &&String| steps.get(&***name).is_some_and(|s| s.change == Change::Rerun);
    match (changed.as_slice(), session.after.iter().find(rerun)) {
        ([], None) => (Change::Unchanged, known.state.clone()),
        ([], Some(before)) => (Change::Rerun, format!("`{before}` is run anew")),
        (some, _) => (Change::Rerun, format!("{} changed", some.join(", "))),
    }
}

impl Inputs {
    /// Those that the files say. What lies in a workspace's directory is not looked at, and a
    /// check judges whatever is there each time.
    pub fn of(fleet: &Fleet, session: &Session) -> Self {
        let agent = serde_json::to_vec(&fleet.agents.get(&session.agent));
        let agent = agent.expect("an agent has nothing that JSON has not");
        // However somebody names the fleet's directory, it is the same one.
        let inside = |path: &Path| path.strip_prefix(&fleet.dir).unwrap_or(path).to_owned();
        let workspace = match &session.workspace {
            None => String::new(),
            Some(Workspace::Copy(path)) => format!("copy {}", inside(path).display()),
            Some(Workspace::Repository(path)) => format!("repository {}", inside(path).display()),
        };
        Self {
            agent: xxh3_64(&agent),
            environment: xxh3_64(session.environment.as_bytes()),
            workspace: xxh3_64(workspace.as_bytes()),
            // No text has the digest of none.
            prompt: session.prompt.as_ref().map_or(0, |text| xxh3_64(text.as_bytes()).max(1)),
        }
    }

    /// The names of what differs.
    fn differences(&self, other: &Self) -> Vec<&'static str> {
        let parts = [
            ("agent", self.agent, other.agent),
            ("environment", self.environment, other.environment),
            ("workspace", self.workspace, other.workspace),
            ("prompt", self.prompt, other.prompt),
        ];
        parts.iter().filter(|(_, ours, theirs)| ours != theirs).map(|(name, ..)| *name).collect()
    }
}

/// Four numbers of 16 hexadecimal digits.
impl fmt::Display for Inputs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { agent, environment, workspace, prompt } = self;
        write!(f, "{agent:016x} {environment:016x} {workspace:016x} {prompt:016x}")
    }
}

/// A text that is none of ours.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not the digests of a session's inputs: {0}")]
pub struct NoInputs(String);

impl FromStr for Inputs {
    type Err = NoInputs;

    fn from_str(text: &str) -> Result<Self, NoInputs> {
        let numbers: Result<Vec<u64>, _> =
            text.split(' ').map(|number| u64::from_str_radix(number, 16)).collect();
        match numbers.as_deref() {
            Ok([agent, environment, workspace, prompt]) => Ok(Self {
                agent: *agent,
                environment: *environment,
                workspace: *workspace,
                prompt: *prompt,
            }),
            _ => Err(NoInputs(text.to_owned())),
        }
    }
}

impl Serialize for Inputs {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Inputs {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}
