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

/// Characters of an event that a human line shows.
const LINE_CHARS_MAX: usize = 120;

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
    for line in lines {
        match args.output {
            Format::Json => output::data(&line)?,
            Format::Human => output::data(&human(&serde_json::from_str(&line)?))?,
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

/// Time, type, and what matters of the rest, on one line.
fn human(event: &Value) -> String {
    let text = |key: &str| event.get(key).and_then(Value::as_str).unwrap_or("-").to_owned();
    let time = text("processed_at");
    let time = time.get(11..23).unwrap_or(&time);
    let mut rest = event.clone();
    if let Some(map) = rest.as_object_mut() {
        for key in ["type", "id", "processed_at"] {
            map.remove(key);
        }
    }
    let rest = match rest.pointer("/content/0/text").and_then(Value::as_str) {
        Some(text) => text.replace('\n', " "),
        None if rest.as_object().is_some_and(serde_json::Map::is_empty) => String::new(),
        None => rest.to_string(),
    };
    let rest: String = rest.chars().take(LINE_CHARS_MAX).collect();
    format!("{time}  {:<32} {rest}", text("type")).trim_end().to_owned()
}
