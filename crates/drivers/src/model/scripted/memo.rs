//! What the scripted model writes when it is asked to sum up: where in the script it is.

use std::collections::BTreeMap;
use std::time::Duration;

use planaria_core::context::{COMPACT_PROMPT, SUMMARY_START};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::replay::Spoken;

const START: &str = "The script stands here: ";

/// A place in a script, as a summary has it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Memo {
    pub step: usize,
    pub names: BTreeMap<String, String>,
    /// The user's turn that is to be judged there.
    pub results: String,
}

impl Memo {
    /// The place that the summary names with which this turn begins, if one does.
    pub fn of(content: &[Value]) -> Option<Self> {
        let text = content.first()?.get("text")?.as_str()?;
        let (_, json) = text.strip_prefix(SUMMARY_START)?.split_once(START)?;
        serde_json::from_str(json).ok()
    }

    pub fn spoken(&self) -> Spoken {
        let json = serde_json::to_string(self).expect("strings are JSON");
        let say = Some(format!("{START}{json}"));
        Spoken { think: None, say, calls: Vec::new(), pause: Duration::ZERO }
    }
}

/// Whether this turn ends with the request for a summary.
pub(super) fn wants_summary(content: &[Value]) -> bool {
    content.last().is_some_and(is_prompt)
}

pub(super) fn is_prompt(block: &Value) -> bool {
    block.get("text").is_some_and(|text| text == COMPACT_PROMPT)
}
