//! What the hands were seen to do, and what the logs make of it.

use std::collections::BTreeMap;

use planaria_core::id::EventId;
use planaria_core::record::payload::{Dispatch, HandBound, ToolResult};
use planaria_core::session::{INTERRUPTED, OUTCOME_UNKNOWN};
use planaria_core::tool::{EffectClass, builtin};
use planaria_core::{Kind, Record};

use super::{Findings, time};
use crate::sandbox::{Cause, Run};
use crate::world::past::Past;
use crate::world::verdict::{call_text, result_text};

/// Calls run when they may, on a hand that is known, and as often as they may.
pub(super) fn runs(past: &Past, findings: &mut Findings) {
    let mut counts: BTreeMap<_, u64> = BTreeMap::new();
    for run in &past.runs {
        let Run { session, call, tool, key, generation, .. } = run;
        let Some(log) = past.logs.get(session) else { continue };
        let before = |record: &&Record| time(record) <= run.at.as_micros();
        let dispatched = log.iter().filter(before).any(|record| {
            record.kind == Kind::Dispatch
                && record.parse::<Dispatch>().is_ok_and(|d| d.tool_use_id == *call)
        });
        let bound =
            log.iter().filter(before).filter_map(hand).any(|h| h.locator.generation == *generation);
        if !dispatched || !bound {
            let what =
                if dispatched { "on a hand that is not bound" } else { "without a dispatch" };
            let problem = format!("{tool} {key} ({call}) was run {what} by hand {generation}");
            findings.add("dispatched", *session, log.len() as u64, problem);
        }
        let count = counts.entry((*session, *call)).or_default();
        *count += 1;
        let class = builtin(tool).map_or(EffectClass::AtMostOnce, |tool| tool.class);
        if *count > 1 && class == EffectClass::AtMostOnce {
            let problem = format!("{tool} {key} ({call}) was run {count} times");
            findings.add("at-most-once", *session, log.len() as u64, problem);
        }
    }
}

/// What results say agrees with what was seen.
pub(super) fn results(past: &Past, findings: &mut Findings) {
    for (session, log) in &past.logs {
        let excused = log.iter().any(|r| matches!(r.kind, Kind::Parked | Kind::UserInterrupt));
        for record in log.iter().filter(|record| record.kind == Kind::AgentToolResult) {
            let Ok(ToolResult { tool_use_id, is_error, .. }) = record.parse() else { continue };
            let ours = |run: &&Run| run.session == *session && run.call == tool_use_id;
            let runs: Vec<&Run> = past.runs.iter().filter(ours).collect();
            let text = result_text(record);
            let mut broken = |invariant, problem: &str| {
                let problem = format!("{}: {problem}", used(log, tool_use_id));
                findings.add(invariant, *session, record.seq, problem);
            };
            if !is_error && runs.is_empty() {
                broken("ran", "it has a good result and never ran");
            }
            if text.contains(INTERRUPTED) && !runs.is_empty() {
                broken("sealed", "it was interrupted before it began, and ran");
            }
            if !text.contains(OUTCOME_UNKNOWN) || excused {
                continue;
            }
            let ended = past.hands.journaled(*session, tool_use_id);
            if let Some(planaria_core::port::sandbox::Ended::Outcome(outcome)) = ended {
                broken(
                    "honest",
                    &format!("its outcome is unknown, and its hand knows {outcome:?}"),
                );
            }
            let died = |run: &&Run| {
                let of = |death: &&crate::sandbox::Death| {
                    death.session == *session && death.generation == run.generation
                };
                past.deaths.iter().any(|death| of(&death))
            };
            if runs.iter().any(|run| !died(run)) {
                broken("honest", "its outcome is unknown, and the hand that ran it lives");
            }
        }
    }
}

/// Hands follow each other, one at a time.
pub(super) fn hands(past: &Past, findings: &mut Findings) {
    for (session, log) in &past.logs {
        let end = log.len() as u64;
        let living = past.hands.living(*session);
        if !living.is_empty() && past.unfinished.is_none() {
            findings.add("left", *session, end, format!("hands {living:?} live"));
        }
        let replaced = |death: &&crate::sandbox::Death| {
            death.session == *session && death.cause == Cause::Replaced && death.runs > 0
        };
        for death in past.deaths.iter().filter(replaced) {
            let (generation, runs) = (death.generation, death.runs);
            let problem = format!("hand {generation} lived, with {runs} runs, and was replaced");
            findings.add("replaced", *session, end, problem);
        }
    }
}

fn hand(record: &Record) -> Option<HandBound> {
    (record.kind == Kind::HandBound).then(|| record.parse().ok()).flatten()
}

fn used(log: &[Record], call: EventId) -> String {
    let used = log.iter().find(|record| record.id == call);
    used.map_or_else(|| call.to_string(), |record| format!("{} ({call})", call_text(record)))
}
