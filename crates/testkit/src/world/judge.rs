//! Judges a world from outside: it trusts what was seen, and nothing that a server says of itself.

mod effects;
mod promises;
mod sameness;

use planaria_core::SessionId;
use planaria_core::record::payload::StopReason;
use planaria_core::session::{SessionState, Status, fold};
use planaria_core::{Kind, Record};

use super::past::Past;
use crate::check::{self, Violation};

/// The invariants of a world, beside [`check::INVARIANTS`] of each of its logs.
pub const INVARIANTS: &[(&str, &str)] = &[
    ("acknowledged", "what a store acknowledged is in the log, unchanged"),
    ("sent", "what was acknowledged to a client is in the log once, what was refused is not"),
    ("followed", "a follower sees every record once, in order, across servers"),
    ("dispatched", "a call runs only after its dispatch and its hand are durable"),
    ("at-most-once", "a call that must not run twice does not"),
    ("ran", "a call whose result is good has run"),
    ("sealed", "a call whose result says that it was interrupted before it began has not run"),
    ("honest", "an outcome is unknown only if the hand that ran the call has died"),
    // A hand that lives when the next one starts is replaced there and then, so two are never seen.
    ("replaced", "a hand that has run something is replaced only when it is dead"),
    ("left", "when a server has ended in good order, no hand is left"),
    ("undisturbed", "without faults every client is told what became of its request"),
    ("shown", "what a server says of a session is what its log folds to"),
    ("rests", "a session with nothing to do goes to sleep"),
    ("folds", "every log folds"),
    ("alive", "when faults stop, every session comes to rest"),
    ("place", "the model finds no step lost, doubled or swapped"),
    ("spend", "a request is repeated only if something happened to it"),
    ("transcript", "the conversation is the one of the world without faults, if all was known"),
    ("bystander", "a session that nothing was aimed at has the events of the world without faults"),
];

/// Collects what is found.
pub(super) struct Findings(Vec<Violation>);

impl Findings {
    fn add(&mut self, invariant: &'static str, session: SessionId, seq: u64, problem: String) {
        self.0.push(Violation { invariant, session, seq, problem });
    }
}

/// Judges a world, by itself and beside the world without faults.
pub(super) fn judge(past: &Past, calm: &Past) -> Vec<Violation> {
    let mut findings = Findings(Vec::new());
    for world in [past, calm] {
        logs(world, &mut findings);
        ends(world, &mut findings);
        rests(world, &mut findings);
        promises::acknowledged(world, &mut findings);
        promises::sent(world, &mut findings);
        promises::followed(world, &mut findings);
        effects::runs(world, &mut findings);
        effects::results(world, &mut findings);
        effects::hands(world, &mut findings);
        spend(world, &mut findings);
    }
    promises::undisturbed(calm, &mut findings);
    sameness::transcripts(past, calm, &mut findings);
    sameness::bystanders(past, calm, &mut findings);
    let damaged = past.damaged();
    findings.0.retain(|found| !damaged.contains(&found.session));
    findings.0
}

fn logs(past: &Past, findings: &mut Findings) {
    for (session, records) in &past.logs {
        let mut state = SessionState::default();
        if let Err(error) = fold(&mut state, records) {
            findings.add("folds", *session, state.seq, error.to_string());
            continue;
        }
        let asks = matches!(state.status, Status::Idle(StopReason::RequiresAction { .. }));
        let finished = state.is_idle() && !asks;
        findings.0.extend(check::log(*session, records, finished));
    }
}

/// What the last server said of its sessions, and whether it let go of them.
fn rests(past: &Past, findings: &mut Findings) {
    if past.unfinished.is_some() {
        return;
    }
    for (session, shown) in &past.shown {
        let Some(log) = past.logs.get(session) else { continue };
        let mut state = SessionState::default();
        // A log that does not fold is found elsewhere.
        if fold(&mut state, log).is_ok() && state != **shown {
            let problem = format!("it is {state:?} and was said to be {shown:?}");
            findings.add("shown", *session, state.seq, problem);
        }
    }
    if past.slept == Some(false) {
        let problem = "when everybody is done some session still has an actor".to_owned();
        findings.add("rests", SessionId(0), 0, problem);
    }
}

fn ends(past: &Past, findings: &mut Findings) {
    let nobody = SessionId(0);
    if let Some(problem) = &past.unfinished {
        findings.add("alive", nobody, 0, problem.clone());
    }
    for (session, problem) in &past.unreadable {
        findings.add("folds", *session, 0, problem.clone());
    }
    for problem in &past.complaints {
        findings.add("place", nobody, 0, problem.clone());
    }
    for (script, client) in past.options.scripts.iter().zip(&past.clients) {
        let end = past.logs.get(&script.session).map_or(0, |log| log.len() as u64);
        for problem in &client.complaints {
            findings.add("alive", script.session, end, problem.clone());
        }
        if !client.done {
            let (said, says) = (client.said, script.says.len());
            let problem = format!("its client has got through {said} of {says} messages");
            findings.add("alive", script.session, end, problem);
        }
    }
}

/// Requests beyond one per answer need a reason: a failure of the model, or a part that was killed.
fn spend(past: &Past, findings: &mut Findings) {
    for (index, script) in past.options.scripts.iter().enumerate() {
        let Some(log) = past.logs.get(&script.session) else { continue };
        let of = |kind: Kind| log.iter().filter(|record| record.kind == kind).count();
        let ours = past.requests.iter().filter(|asked| asked.session == script.session);
        let failed = ours.clone().filter(|asked| asked.fault.is_some()).count();
        let kills = past.fired.iter().filter(|fault| fault.what.target() == Some(index)).count();
        let (requests, answers) = (ours.count(), of(Kind::Answer) + of(Kind::Compacted));
        // A killed session may leave an append behind that costs its successor a life as well.
        let reasons = failed + 2 * kills + 2 * (past.lives - 1) + of(Kind::UserInterrupt);
        if requests > answers + reasons {
            let problem = format!("{requests} requests for {answers} answers, {reasons} reasons");
            findings.add("spend", script.session, log.len() as u64, problem);
        }
    }
}

/// A record's time since the world began, in microseconds.
fn time(record: &Record) -> u128 {
    u128::from(record.at_us.saturating_sub(crate::env::EPOCH))
}
