//! The world with faults beside the one without.

use super::Findings;
use crate::world::normal;
use crate::world::past::Past;
use crate::world::verdict::is_disturbed;

/// Where no outcome was unknown and no client raced, faults leave no mark on the conversation.
pub(super) fn transcripts(past: &Past, calm: &Past, findings: &mut Findings) {
    for script in past.options.scripts.iter().filter(|script| !script.races()) {
        let Some(logs) = past.logs.get(&script.session).zip(calm.logs.get(&script.session)) else {
            continue;
        };
        if is_disturbed(logs.0) || is_disturbed(logs.1) {
            continue;
        }
        let (with, without) = (normal::transcript(logs.0), normal::transcript(logs.1));
        if let Some(problem) = difference(&with, &without) {
            findings.add("transcript", script.session, logs.0.len() as u64, problem);
        }
    }
}

/// A session that nothing was aimed at does not notice what happens to others.
pub(super) fn bystanders(past: &Past, calm: &Past, findings: &mut Findings) {
    if past.fired.iter().any(|fault| fault.what.is_general()) {
        return;
    }
    for (index, script) in past.options.scripts.iter().enumerate() {
        if script.races() || past.options.plan.targets(index) {
            continue;
        }
        let logs = past.logs.get(&script.session).zip(calm.logs.get(&script.session));
        let Some((with, without)) = logs else { continue };
        if let Some(problem) = difference(&normal::events(with), &normal::events(without)) {
            findings.add("bystander", script.session, with.len() as u64, problem);
        }
    }
}

fn difference(with: &[String], without: &[String]) -> Option<String> {
    if with == without {
        return None;
    }
    let same = with.iter().zip(without).take_while(|(with, without)| with == without).count();
    let nothing = "nothing".to_owned();
    let (is, was) = (with.get(same).unwrap_or(&nothing), without.get(same).unwrap_or(&nothing));
    Some(format!("line {same} is {is}, without faults it was {was}"))
}
