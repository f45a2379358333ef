//! The same story, told twice: without what must differ after a death.

use planaria_core::record::event_json;
use planaria_core::record::payload::ModelRequestEnd;
use planaria_core::session::OUTCOME_UNKNOWN;
use planaria_core::{EventId, Kind, Record};
use serde_json::Value;

use crate::world::World;

/// The public records, without the spans of requests that died with their harness: those that a
/// claim closed and asked anew.
fn public(world: &World) -> Vec<&Record> {
    let closed = world.log.windows(2).filter_map(|pair| {
        let by_claim = pair[0].kind == Kind::Claim && pair[1].kind == Kind::ModelRequestEnd;
        by_claim.then(|| (pair[1].id, pair[1].parse::<ModelRequestEnd>().unwrap()))
    });
    let dead: Vec<EventId> =
        closed.flat_map(|(id, end)| [id, end.model_request_start_id]).collect();
    world.log.iter().filter(|r| r.kind.is_public() && !dead.contains(&r.id)).collect()
}

/// Replaces ids by the order in which the public records have them.
fn without_ids(world: &World, lines: Vec<String>) -> Vec<String> {
    let ids: Vec<String> = public(world).iter().map(|record| record.id.to_string()).collect();
    let name = |line: String| {
        let named = ids.iter().enumerate().fold(line, |line, (index, id)| {
            if line.contains(id.as_str()) { line.replace(id, &format!("#{index}")) } else { line }
        });
        assert!(!named.contains("sevt_"), "an id that no event has: {named}");
        named
    };
    lines.into_iter().map(name).collect()
}

/// The public events without times.
pub fn as_the_client_sees_it(world: &World) -> Vec<String> {
    let lines = public(world).into_iter().map(|record| {
        let mut event: Value = serde_json::from_str(&event_json(record).unwrap()).unwrap();
        event.as_object_mut().unwrap().remove("processed_at");
        if let Some(usage) = event.get_mut("usage").and_then(Value::as_object_mut) {
            usage.remove("active_seconds");
        }
        event.to_string()
    });
    without_ids(world, lines.collect())
}

/// The conversation as the next request would have it.
pub fn as_the_model_sees_it(world: &World) -> Vec<String> {
    let mut lines = Vec::new();
    for message in world.context.request().unwrap().messages {
        for mut block in message.content {
            if let Some(content) = block.get_mut("content").and_then(Value::as_array_mut) {
                content.retain(|part| {
                    let text = part["text"].as_str().unwrap_or_default();
                    !text.starts_with("[The sandbox was replaced")
                });
            }
            lines.push(format!("{:?} {block}", message.role));
        }
    }
    without_ids(world, lines)
}

/// The same lines, but for results that say openly that nobody knows.
pub fn same(expected: &[String], got: &[String], what: &str) {
    let unknown = serde_json::to_string(OUTCOME_UNKNOWN).unwrap();
    let differs = expected.len() != got.len()
        || expected.iter().zip(got).any(|(e, g)| {
            let explicit = g.contains(&unknown) && g.contains("tool_result");
            e != g && !explicit
        });
    assert!(!differs, "{what}\nexpected:\n{}\ngot:\n{}", expected.join("\n"), got.join("\n"));
}
