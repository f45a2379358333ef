//! What `up` says at the end.

use planaria_core::SessionId;
use serde_json::json;

use super::chaos::Faults;
use super::progress::Line;
use super::verdict::Verdict;
use super::work::Fleet;
use crate::data;
use crate::exit::Code;
use crate::output;
use crate::terminal::tame;

/// What a standing session says instead of an answer.
const READY: &str = "It stands ready for messages.";

/// How one session ended.
pub struct Outcome {
    /// Its name in the fleet.
    pub name: String,
    /// Its id, if it was started.
    pub id: Option<SessionId>,
    /// How it ended.
    pub verdict: Verdict,
    /// Its last line of progress.
    pub line: Line,
}

impl Outcome {
    /// Whether it did what it was asked to.
    pub fn is_done(&self) -> bool {
        matches!(self.verdict, Verdict::Done(_) | Verdict::Ready)
    }
}

/// For people: answers to stdout.
pub fn human(
    fleet: &Fleet,
    outcomes: &[Outcome],
    logs: &[String],
    faults: Option<&Faults>,
) -> anyhow::Result<()> {
    let ready = READY.to_owned();
    for (index, (outcome, log)) in outcomes.iter().zip(logs).enumerate() {
        let (word, text) = match &outcome.verdict {
            Verdict::Done(answer) => ("done", answer),
            Verdict::Waiting(what) => ("waits for", what),
            Verdict::Failed(why) => ("failed", why),
            Verdict::Ready => ("ready", &ready),
        };
        if index > 0 {
            output::data("")?;
        }
        output::data(&format!("== {}: {word}", outcome.name))?;
        // What a model says must not speak to the terminal.
        for line in text.trim_end().lines() {
            let cells: Vec<String> = line.split('\t').map(tame).collect();
            output::data(&cells.join("\t"))?;
        }
        if let Some(id) = outcome.id {
            let workspace = data::workspace(&fleet.data_dir, id);
            let dir = output::shell_word(&fleet.data_dir.display().to_string());
            output::data(&format!("   workspace  {}", workspace.display()))?;
            output::data(&format!("   log        planaria events {log} --data-dir {dir}"))?;
        }
    }
    if let Some(faults) = faults {
        faults.human()?;
    }
    Ok(())
}

/// For programs: one document.
pub fn json(fleet: &Fleet, outcomes: &[Outcome], faults: Option<&Faults>) -> anyhow::Result<()> {
    let nothing = String::new();
    let sessions: Vec<_> = outcomes
        .iter()
        .map(|outcome| {
            let (state, text) = match &outcome.verdict {
                Verdict::Done(answer) => ("done", answer),
                Verdict::Waiting(what) => ("waiting", what),
                Verdict::Failed(why) => ("failed", why),
                Verdict::Ready => ("ready", &nothing),
            };
            json!({
                "name": outcome.name,
                "id": outcome.id,
                "state": state,
                "text": text,
                "steps": outcome.line.step,
                "tokens": outcome.line.tokens,
                "restarts": outcome.line.restarts,
                "workspace": outcome.id.map(|id| data::workspace(&fleet.data_dir, id)),
            })
        })
        .collect();
    let document = json!({
        "fleet": fleet.plan.fleet,
        "sessions": sessions,
        "chaos": faults.map(Faults::json),
    });
    output::data(&serde_json::to_string_pretty(&document)?)
}

/// 1 if a session failed, 4 if one waits, else 0.
pub fn code(outcomes: &[Outcome]) -> Code {
    let any = |test: fn(&Verdict) -> bool| outcomes.iter().any(|o| test(&o.verdict));
    if any(|v| matches!(v, Verdict::Failed(_))) {
        Code::Failed
    } else if any(|v| matches!(v, Verdict::Waiting(_))) {
        Code::NotReady
    } else {
        Code::Ok
    }
}
