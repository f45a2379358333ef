//! An event on one line, for people.

use serde_json::Value;

use crate::terminal::tame;

/// Position, time (UTC), type, and what matters of the rest, in at most so many columns.
pub fn line(event: &Value, columns: usize) -> String {
    let text = |key: &str| event.get(key).and_then(Value::as_str).unwrap_or("-").to_owned();
    let (time, seq) = (text("processed_at"), event["seq"].as_u64().unwrap_or_default());
    let time = time.get(5..23).map_or(time.clone(), |short| short.replace('T', " "));
    let line = format!("{seq:>5}  {time}Z  {:<32} {}", text("type"), tame(&gist(event)));
    line.chars().take(columns).collect::<String>().trim_end().to_owned()
}

/// What a reader wants of an event before anything else.
fn gist(event: &Value) -> String {
    let said = || {
        let blocks = event["content"].as_array().into_iter().flatten();
        let texts: Vec<&str> = blocks.filter_map(|block| block["text"].as_str()).collect();
        texts.join(" ")
    };
    match event["type"].as_str().unwrap_or_default() {
        "agent.tool_use" | "agent.custom_tool_use" => {
            // Whoever answers it needs its id.
            let id = event["id"].as_str().unwrap_or("?");
            let asks = match event["evaluated_permission"].as_str() {
                Some("ask") => format!("(asks, {id}) "),
                None => format!("(wants a result, {id}) "),
                _ => String::new(),
            };
            format!("{asks}{} {}", event["name"].as_str().unwrap_or("?"), event["input"])
        }
        "agent.tool_result" if event["is_error"] == true => format!("error: {}", said()),
        "agent.tool_result" | "agent.message" | "user.message" | "system.message" => said(),
        "session.error" => event["error"]["message"].as_str().unwrap_or("?").to_owned(),
        "span.model_request_end" => {
            let usage = &event["model_usage"];
            let failed = if event["is_error"] == true { "  no answer" } else { "" };
            format!("{} in, {} out{failed}", usage["input_tokens"], usage["output_tokens"])
        }
        "session.status_idle" | "session.thread_status_idle" => {
            event["stop_reason"]["type"].as_str().unwrap_or("?").to_owned()
        }
        _ => rest(event),
    }
}

/// Everything but what stands elsewhere on the line.
fn rest(event: &Value) -> String {
    let mut rest = event.clone();
    if let Some(map) = rest.as_object_mut() {
        for key in ["seq", "type", "id", "processed_at"] {
            map.remove(key);
        }
        if map.is_empty() {
            return String::new();
        }
    }
    rest.to_string()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_event_is_one_line_of_at_most_so_many_columns_whatever_it_holds() {
        let event = json!({
            "seq": 3, "type": "agent.message", "processed_at": "2026-07-06T11:17:50.967906Z",
            "content": [{ "type": "text", "text": "two\nlines and \u{1b}[31mred" }],
        });
        let shown = line(&event, 100);
        let expected =
            "    3  07-06 11:17:50.967Z  agent.message                    two lines and  [31mred";
        assert_eq!(shown, expected);
        assert_eq!(line(&event, 20).chars().count(), 20);
    }

    #[test]
    fn a_call_that_waits_for_a_person_shows_the_id_that_answers_it() {
        let event = json!({
            "type": "agent.tool_use", "id": "sevt_x", "name": "bash", "input": {},
            "evaluated_permission": "ask",
        });
        assert!(line(&event, 200).contains("(asks, sevt_x) bash {}"));
        let event = json!({
            "type": "agent.custom_tool_use", "id": "sevt_y", "name": "stock", "input": {},
        });
        assert!(line(&event, 200).contains("(wants a result, sevt_y) stock {}"));
    }
}
