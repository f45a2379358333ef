//! What calls do: a small world of keys that can be written and read.

use std::time::Duration;

use planaria_core::port::sandbox::Call;
use planaria_core::tool::Outcome;
use serde_json::Value;

use super::fault::CallFault;
use crate::rng::Rng;

/// Times between which calls take, in milliseconds, unless their input has `sleep_ms`, or
/// `until_released`.
const TAKES_MS: std::ops::Range<u64> = 5..400;
/// The tool that answers what was left under its key, and nothing else.
pub(super) const CAT: &str = "cat";
/// How many times longer a slow call takes.
const SLOW: u32 = 100;
/// Of a hundred calls that change something, so many fail, in a way that their hand knows.
const FAIL_PERCENT: u64 = 8;

/// What happens in the course of a run, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Moment {
    /// The world outside changes.
    Effect,
    /// The connections to the hand break.
    Cut,
    /// The hand dies.
    Death,
    /// It is over.
    End,
    /// Its time is over.
    Deadline,
}

/// A run, planned through when it starts.
#[derive(Debug)]
pub(super) struct Work {
    pub key: String,
    /// What happens, in order.
    pub moments: Vec<(Duration, Moment)>,
    pub changes: Changes,
    /// What it leaves under its key.
    pub content: String,
    pub fails: bool,
}

/// What a tool does to its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Changes {
    /// Nothing.
    Nothing,
    /// It is there afterwards, once.
    Sets,
    /// It is there once more.
    Adds,
}

/// The key that a call works on: its command, path, pattern or question.
pub(super) fn key(call: &Call) -> String {
    let field = |name| call.input.get(name).and_then(Value::as_str);
    let fields = ["command", "file_path", "pattern", "question"];
    fields.into_iter().find_map(field).unwrap_or(&call.name).to_owned()
}

/// Plans a run that starts at `now`.
pub(super) fn plan(
    call: &Call,
    key: String,
    fault: Option<CallFault>,
    rng: &mut Rng,
    now: Duration,
) -> Work {
    let asked = call.input.get("sleep_ms").and_then(Value::as_u64);
    let drawn = TAKES_MS.start + rng.below(TAKES_MS.end - TAKES_MS.start);
    let mut takes = Duration::from_millis(asked.unwrap_or(drawn));
    if fault == Some(CallFault::Slow) {
        takes *= SLOW;
    }
    let changes = match call.name.as_str() {
        "read" | "glob" | "grep" | CAT => Changes::Nothing,
        "write" => Changes::Sets,
        _ => Changes::Adds,
    };
    let fails = asked.is_none() && changes != Changes::Nothing && rng.chance(FAIL_PERCENT);
    let (early, effect, late) = (takes / 3, takes * 2 / 3, takes * 5 / 6);
    let mut moments = match fault {
        Some(CallFault::DiesBefore) => vec![(early, Moment::Death)],
        Some(CallFault::DiesAfter) => vec![(effect, Moment::Effect), (late, Moment::Death)],
        Some(CallFault::CutAfter) => {
            vec![(effect, Moment::Effect), (late, Moment::Cut), (takes, Moment::End)]
        }
        Some(CallFault::CutBefore | CallFault::Slow) | None => {
            vec![(effect, Moment::Effect), (takes, Moment::End)]
        }
    };
    let deadline = Duration::from_micros(call.deadline);
    if call.input.get("until_released") == Some(&Value::Bool(true)) {
        moments = vec![(Duration::ZERO, Moment::Effect)];
        takes = Duration::MAX;
    }
    moments.retain(|(at, _)| *at <= deadline);
    if takes > deadline {
        moments.push((deadline, Moment::Deadline));
    }
    moments.iter_mut().for_each(|(at, _)| *at += now);
    let content = call.input.get("content").and_then(Value::as_str).unwrap_or_default().to_owned();
    Work { key, moments, changes, content, fails }
}

/// The outcome of a run that came to its own end. It says what was asked, so that one that turns up
/// at another call is recognised, and nothing that differs between two worlds of one seed.
pub(super) fn outcome(tool: &str, work: &Work, written: u64, content: &str) -> Outcome {
    let key = &work.key;
    match work.changes {
        Changes::Nothing if tool == CAT => Outcome::text(content),
        Changes::Nothing => Outcome::text(format!("{key}: written {written} times")),
        _ if work.fails => Outcome::error(format!("failed: {tool} {key}")),
        _ => Outcome::text(format!("did: {tool} {key}")),
    }
}

/// The outcome of a run that was stopped.
pub(super) fn stopped(why: &str, tool: &str, key: &str) -> Outcome {
    Outcome::error(format!("{why}: {tool} {key}"))
}
