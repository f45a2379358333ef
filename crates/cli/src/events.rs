//! `planaria events`.

use anyhow::Context;
use planaria_core::limits::READ_RECORDS_MAX;
use planaria_core::port::store::Store;
use planaria_core::record::{event_json, timestamp};
use planaria_core::{Record, SessionId};
use serde_json::{Value, json};

use crate::cli;
use crate::control::{Request, ask};
use crate::data;
use crate::exit::Code;
use crate::output::{self, Format};

/// Characters of a human line where there is no terminal to say how many fit.
const LINE_CHARS_MAX: usize = 160;

pub async fn run(args: cli::Events) -> anyhow::Result<Code> {
    let dir = &args.data.data_dir;
    let request = Request::Events { session: args.session.clone(), all: args.all };
    let lines = match ask(dir, &request).await? {
        Some(lines) => lines,
        None => {
            let store = data::open_existing(dir)?;
            let lines = lines(store.as_ref(), &args.session, args.all).await;
            store.close().await;
            lines?
        }
    };
    let columns = output::columns().unwrap_or(LINE_CHARS_MAX);
    for line in lines {
        match args.output {
            Format::Json => output::data(&line)?,
            Format::Human => output::data(&human(&serde_json::from_str(&line)?, columns))?,
        }
    }
    Ok(Code::Ok)
}

/// A session's events as JSON lines.
pub async fn lines(store: &dyn Store, session: &str, all: bool) -> anyhow::Result<Vec<String>> {
    let id = match session.parse::<SessionId>() {
        Ok(id) => id,
        Err(_) => data::by_name(store, session).await?,
    };
    store.head(id).await?.with_context(|| format!("there is no session {id}"))?;
    let (mut lines, mut next) = (Vec::new(), 1);
    loop {
        let page = store.read(id, next, READ_RECORDS_MAX).await?;
        let Some(last) = page.last() else { return Ok(lines) };
        next = last.seq + 1;
        for record in &page {
            match event_json(record) {
                Some(event) => lines.push(event),
                None if all => lines.push(private(record)),
                None => {}
            }
        }
    }
}

fn private(record: &Record) -> String {
    let payload: Value = serde_json::from_slice(&record.payload).unwrap_or(Value::Null);
    json!({
        "type": format!("private.{}", record.kind.name()),
        "id": record.id,
        "seq": record.seq,
        "payload": payload,
        "processed_at": timestamp(record.at_us),
    })
    .to_string()
}

/// Time (UTC), type, and what matters of the rest, on one line.
fn human(event: &Value, columns: usize) -> String {
    let text = |key: &str| event.get(key).and_then(Value::as_str).unwrap_or("-").to_owned();
    let time = text("processed_at");
    let time = time.get(11..23).unwrap_or(&time);
    let line = format!("{time}Z  {:<32} {}", text("type"), gist(event));
    line.chars().take(columns).collect::<String>().trim_end().to_owned()
}

/// What a reader wants of an event before anything else.
fn gist(event: &Value) -> String {
    let said = || {
        let blocks = event["content"].as_array().into_iter().flatten();
        let texts: Vec<&str> = blocks.filter_map(|block| block["text"].as_str()).collect();
        texts.join(" ").replace('\n', " ")
    };
    match event["type"].as_str().unwrap_or_default() {
        "agent.tool_use" | "agent.custom_tool_use" => {
            let asks = if event["evaluated_permission"] == "allow" { "" } else { "(asks) " };
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
        for key in ["type", "id", "processed_at"] {
            map.remove(key);
        }
        if map.is_empty() {
            return String::new();
        }
    }
    rest.to_string()
}
