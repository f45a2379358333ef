//! Histories without what may differ between two worlds of one seed: ids and times.

use std::collections::BTreeMap;

use planaria_core::context::Context;
use planaria_core::{EventId, Kind, Record};
use serde_json::Value;

/// What the model has been told and has said: the conversation, ids replaced by numbers.
pub(super) fn transcript(records: &[Record]) -> Vec<String> {
    let mut context = Context::default();
    // When the model's window is full depends on what was broken; what was said does not.
    let mut records = records.iter().filter(|record| record.kind != Kind::Compacted);
    if records.any(|record| context.push(record).is_err()) {
        return vec!["the log cannot be read".to_owned()];
    }
    let request = context.request();
    let mut names = Names::default();
    let blocks = request.iter().flat_map(|request| &request.messages).flat_map(|message| {
        message.content.iter().map(|block| (message.role, without_notice(block.clone())))
    });
    blocks.map(|(role, block)| format!("{role:?} {}", names.replace(&block.to_string()))).collect()
}

/// Takes out what a result says about its sandbox instead of its call.
fn without_notice(mut block: Value) -> Value {
    if let Some(content) = block.get_mut("content").and_then(Value::as_array_mut) {
        content.retain(|part| {
            let text = part["text"].as_str().unwrap_or_default();
            !text.starts_with("[The sandbox was replaced before this call.")
        });
    }
    block
}

/// The events of a session as its clients see them, ids replaced by numbers, times left out.
pub(super) fn events(records: &[Record]) -> Vec<String> {
    let mut names = Names::default();
    let shows = |r: &&Record| r.kind.is_public() && r.kind != Kind::ThreadContextCompacted;
    let public = records.iter().filter(shows);
    public
        .map(|record| {
            let mut payload: Value = record.parse().unwrap_or_default();
            if record.kind == Kind::SessionUsage
                && let Some(usage) = payload.get_mut("usage").and_then(Value::as_object_mut)
            {
                usage.remove("active_seconds");
            }
            let id = names.name(&record.id.to_string());
            format!("{} {id} {}", record.kind.name(), names.replace(&payload.to_string()))
        })
        .collect()
}

/// Numbers in place of event ids, in the order in which they turn up.
#[derive(Default)]
struct Names(BTreeMap<String, usize>);

impl Names {
    fn name(&mut self, id: &str) -> String {
        let next = self.0.len();
        format!("#{}", self.0.entry(id.to_owned()).or_insert(next))
    }

    fn replace(&mut self, text: &str) -> String {
        let length = EventId(0).to_string().len();
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(start) = rest.find(EventId::PREFIX) {
            let (before, from) = rest.split_at(start);
            out.push_str(before);
            let end = length.min(from.len());
            match from.get(..end).filter(|id| id.parse::<EventId>().is_ok()) {
                Some(id) => out.push_str(&self.name(id)),
                None => out.push_str(&from[..EventId::PREFIX.len()]),
            }
            rest = match from.get(..end).filter(|id| id.parse::<EventId>().is_ok()) {
                Some(_) => &from[end..],
                None => &from[EventId::PREFIX.len()..],
            };
        }
        out.push_str(rest);
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_become_numbers_and_everything_else_stays() {
        let (one, two) = (EventId(1), EventId(2));
        let text = format!("{one} {two} sevt_ {one}");
        assert_eq!(Names::default().replace(&text), "#0 #1 sevt_ #0");
    }
}
