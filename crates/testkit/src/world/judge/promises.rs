//! What was promised to writers and to clients.

use planaria_core::{Kind, Record};

use super::Findings;
use crate::world::client::message;
use crate::world::past::Past;

/// What a store acknowledged is in the log, unchanged.
pub(super) fn acknowledged(past: &Past, findings: &mut Findings) {
    for (session, promised) in &past.acknowledged {
        let log = past.logs.get(session).map(Vec::as_slice).unwrap_or_default();
        for record in promised {
            let position = usize::try_from(record.seq).unwrap_or(usize::MAX).wrapping_sub(1);
            let problem = match log.get(position) {
                Some(found) if found == record => continue,
                Some(found) => format!("it was {record:?} and is {found:?}"),
                None => format!("a {} was acknowledged and is gone", record.kind.name()),
            };
            findings.add("acknowledged", *session, record.seq, problem);
        }
    }
}

/// What a client was told, or found out, holds.
pub(super) fn sent(past: &Past, findings: &mut Findings) {
    for (script, client) in past.options.scripts.iter().zip(&past.clients) {
        let Some(log) = past.logs.get(&script.session) else { continue };
        let mut broken = |problem: String| {
            findings.add("sent", script.session, log.len() as u64, problem);
        };
        for id in &client.acknowledged {
            let there = log.iter().filter(|r| r.id == *id && r.kind.is_public()).count();
            if there != 1 {
                broken(format!("{id} was acknowledged, and {there} events have that id"));
            }
        }
        for text in &client.recorded {
            let there = said(log, text);
            if there != 1 {
                broken(format!("`{text}` was accepted once and said {there} times"));
            }
        }
        for text in &client.refused {
            let there = said(log, text);
            if there != 0 {
                broken(format!("`{text}` was refused and said {there} times"));
            }
        }
    }
}

/// In a world in which nothing is broken from outside, going to sleep and waking are nothing that a
/// client could notice.
pub(super) fn undisturbed(calm: &Past, findings: &mut Findings) {
    for (script, client) in calm.options.scripts.iter().zip(&calm.clients) {
        if client.interrupted > 0 {
            let problem = format!("its client was left without an answer {}x", client.interrupted);
            findings.add("undisturbed", script.session, 0, problem);
        }
    }
}

/// What followers have seen is the log, and all of it when everybody is done.
pub(super) fn followed(past: &Past, findings: &mut Findings) {
    for (script, seen) in past.options.scripts.iter().zip(&past.followed) {
        let Some(log) = past.logs.get(&script.session) else { continue };
        let same = seen.iter().zip(log).take_while(|(seen, log)| seen == log).count();
        let all = seen.len() == log.len() || past.unfinished.is_some();
        if same < seen.len() || !all {
            let (seen, log) = (seen.len(), log.len());
            let problem =
                format!("of {log} records {seen} were seen, the first {same} as they are");
            findings.add("followed", script.session, same as u64, problem);
        }
    }
}

fn said(log: &[Record], text: &str) -> usize {
    let said = |r: &&Record| r.kind == Kind::UserMessage && message(r).is_some_and(|m| m == text);
    log.iter().filter(said).count()
}
