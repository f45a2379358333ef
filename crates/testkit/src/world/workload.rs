//! What the clients of a world do.

use std::time::Duration;

use planaria_core::SessionId;
use planaria_core::agent::{Agent, AgentParams};
use planaria_core::record::payload::Genesis;
use serde_json::json;

use super::limits::{
    JOBS_MAX, MEET_SLEEP_MAX, MEET_SLEEP_MS, MEET_SLEEP_PERCENT, MEET_SLEEP_STEPS, SESSIONS_MAX,
};
use crate::provider::ASK_USER;
use crate::rng::Rng;

/// One session and its client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Script {
    /// The session.
    pub session: SessionId,
    /// Its name in traces.
    pub name: String,
    /// What its client says, one after the other, each when the session is idle.
    pub says: Vec<Say>,
}

/// A message, and what its client does while it is worked on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Say {
    /// The text; no other message of the world has it.
    pub text: String,
    /// What the client waits before it says it.
    pub after: Duration,
    /// How many steps of the scheduler more.
    pub steps: u64,
    /// What it does while the session works.
    pub race: Option<Race>,
}

/// Something that a client does without waiting for the session to be idle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Race {
    /// So long after the message before was accepted.
    pub after: Duration,
    /// Another message; an interrupt if there is none.
    pub text: Option<String>,
}

impl Script {
    /// Whether the client races with its session, so that the history depends on who is faster.
    pub fn races(&self) -> bool {
        self.says.iter().any(|say| say.race.is_some())
    }

    /// The session's first record.
    pub(super) fn genesis(&self) -> Genesis {
        Genesis {
            session: self.session,
            workspace: "world".to_owned(),
            agent: agent(),
            environment: "sim".to_owned(),
            title: Some(self.name.clone()),
            metadata: [("name".to_owned(), self.name.clone())].into(),
        }
    }
}

/// Draws the sessions of a world; `timing` decides how fast their clients are.
pub(super) fn scripts(rng: &mut Rng, timing: &mut Rng) -> Vec<Script> {
    let sessions = 1 + rng.below(SESSIONS_MAX);
    (1..=sessions).map(|number| script(rng, timing, number)).collect()
}

/// Lets messages come in the moment in which their session is put to sleep.
pub(super) fn meet_sleep(scripts: &mut [Script], after: Duration, sleep: &mut Rng) {
    for say in scripts.iter_mut().flat_map(|script| &mut script.says) {
        let meets = after <= MEET_SLEEP_MAX && sleep.chance(MEET_SLEEP_PERCENT);
        let around = Duration::from_millis(sleep.below(MEET_SLEEP_MS));
        let steps = sleep.below(MEET_SLEEP_STEPS);
        if meets {
            say.steps = steps;
            say.after = (after + around).saturating_sub(Duration::from_millis(MEET_SLEEP_MS / 2));
        }
    }
}

fn script(rng: &mut Rng, timing: &mut Rng, number: u64) -> Script {
    let session = SessionId(u128::from(rng.next_u64()) << 64 | u128::from(number));
    let name = format!("s{number}");
    let races = rng.chance(35);
    let says = (1..=1 + rng.below(JOBS_MAX)).map(|job| {
        let race = (races && rng.chance(60)).then(|| Race {
            after: Duration::from_millis(timing.below(4_000)),
            text: rng.chance(50).then(|| format!("{name} aside {job}")),
        });
        // Refusals end a turn in their own way; one message in twenty asks for one.
        let what = if rng.chance(5) { "refuse" } else { "job" };
        let after = Duration::from_millis(timing.below(1_500));
        Say { text: format!("{what} {name}-{job}"), after, steps: 0, race }
    });
    let says = says.collect();
    Script { session, name, says }
}

/// Every session's agent: one tool that asks, one that the client runs.
fn agent() -> Agent {
    let params: AgentParams = serde_json::from_value(json!({
        "name": "worker",
        "model": "sim-1",
        "system": "You work through what you are given.",
        "tools": [
            {
                "type": "agent_toolset_20260401",
                "configs": [{ "name": "edit", "permission_policy": { "type": "always_ask" } }],
            },
            {
                "type": "custom",
                "name": ASK_USER,
                "description": "Asks the user.",
                "input_schema": { "type": "object" },
            },
        ],
    }))
    .expect("the agent is well-formed");
    params.materialise().expect("the agent keeps the contract")
}
