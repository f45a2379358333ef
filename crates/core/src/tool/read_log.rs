//! `read_log`: the agent looks up in its own log what its context holds no more.

use std::fmt::Write;

use serde::Deserialize;
use serde_json::Value;

use super::{Builtin, EffectClass, Outcome};
use crate::limits::{LOG_ENTRY_CHARS_MAX, LOG_PAGE_CHARS_MAX, LOG_RECORDS_MAX};
use crate::record::{Kind, Record, timestamp};

/// The tool, as it is offered once a summary stands for part of the conversation.
pub const READ_LOG: Builtin = Builtin {
    name: "read_log",
    description: "Reads this conversation's own log, which keeps everything, also what is no longer before you. \
                  Returns messages, calls and results from a position on, oldest first, and says where the next \
                  page begins. Long entries are cut short; ask for one position alone to read it whole.",
    class: EffectClass::Read,
    schema: r#"{"type":"object","properties":{"from":{"type":"integer","minimum":1,"description":"Position to start at; 1 by default."},"to":{"type":"integer","minimum":1,"description":"Last position; the end of the log by default."},"search":{"type":"string","description":"Only entries that contain this text, in any case."},"offset":{"type":"integer","minimum":0,"description":"With one position alone: characters to skip."}}}"#,
};

/// What a call of `read_log` asks for.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogQuery {
    /// The first position.
    #[serde(default = "first")]
    pub from: u64,
    /// The last position.
    #[serde(default = "last")]
    pub to: u64,
    /// Text that an entry must have, in any case.
    #[serde(default)]
    pub search: Option<String>,
    /// Characters to skip of an entry that is asked for alone.
    #[serde(default)]
    pub offset: usize,
}

fn first() -> u64 {
    1
}

fn last() -> u64 {
    u64::MAX
}

impl LogQuery {
    /// What the model passed.
    ///
    /// # Errors
    /// The outcome that tells it what is wrong.
    pub fn parse(input: &Value) -> Result<Self, Outcome> {
        let query: Self = serde_json::from_value(input.clone())
            .map_err(|error| Outcome::error(format!("read_log was not understood: {error}")))?;
        if query.from == 0 || query.to < query.from {
            return Err(Outcome::error(
                "read_log: positions start at 1, and `to` is not below `from`",
            ));
        }
        Ok(query)
    }

    /// The last position that one call looks at.
    pub fn end(&self) -> u64 {
        self.to.min(self.from.saturating_add(LOG_RECORDS_MAX - 1))
    }
}

/// A page of the log, in the making.
#[derive(Debug)]
pub struct LogPage<'q> {
    query: &'q LogQuery,
    text: String,
    chars: usize,
    next: Option<u64>,
    seen: u64,
}

/// Begins a page. Feed it the records from `query.from` to `query.end()`.
pub fn log_page(query: &LogQuery) -> LogPage<'_> {
    LogPage { query, text: String::new(), chars: 0, next: None, seen: query.from - 1 }
}

impl LogPage<'_> {
    /// Adds a record; false when the page is full.
    pub fn push(&mut self, record: &Record) -> bool {
        if record.seq > self.query.end() || self.next.is_some() {
            self.next.get_or_insert(record.seq);
            return false;
        }
        if let Some(said) = said(record)
            && self.query.search.as_ref().is_none_or(|text| contains(&said, text))
        {
            let entry = self.entry(record, &said);
            let chars = entry.chars().count();
            if self.chars > 0 && self.chars + chars > LOG_PAGE_CHARS_MAX {
                self.next = Some(record.seq);
                return false;
            }
            self.chars += chars;
            self.text.push_str(&entry);
        }
        self.seen = record.seq;
        true
    }

    fn entry(&self, record: &Record, said: &str) -> String {
        let alone = self.query.from == self.query.to;
        let (skip, most) = match alone {
            true => (self.query.offset, LOG_PAGE_CHARS_MAX),
            false => (0, LOG_ENTRY_CHARS_MAX),
        };
        let mut entry =
            format!("#{} {} {}\n", record.seq, timestamp(record.at_us), record.kind.name());
        entry.extend(said.chars().skip(skip).take(most));
        let left = said.chars().count().saturating_sub(skip.saturating_add(most));
        if left > 0 {
            let seq = record.seq;
            let next = skip.saturating_add(most);
            write!(
                entry,
                "\n[{left} more characters: read_log with from {seq}, to {seq}, offset {next}]"
            )
            .expect("a string takes all");
        }
        entry.push_str("\n\n");
        entry
    }

    /// The page. `head` is the last position of the log.
    pub fn finish(mut self, head: u64) -> Outcome {
        if self.chars == 0 {
            self.text.push_str("Nothing was said there.\n\n");
        }
        let next = self.next.unwrap_or(self.seen + 1);
        let (from, upto) = (self.query.from, next - 1);
        let more = next <= head.min(self.query.to);
        let rest = if more { format!("; the next page is from {next} on") } else { String::new() };
        write!(self.text, "[Positions {from} to {upto} of {head}{rest}]")
            .expect("a string takes all");
        Outcome::text(self.text)
    }
}

fn contains(said: &str, text: &str) -> bool {
    said.to_lowercase().contains(&text.to_lowercase())
}

/// What a record says, as text; `None` if it is no part of the conversation.
fn said(record: &Record) -> Option<String> {
    let body = || record.parse::<Value>().ok();
    match record.kind {
        Kind::UserMessage | Kind::SystemMessage | Kind::AgentMessage => Some(texts(&body()?)),
        Kind::AgentToolUse | Kind::AgentCustomToolUse => {
            let body = body()?;
            Some(format!("{} {}", body["name"].as_str().unwrap_or("?"), body["input"]))
        }
        Kind::AgentToolResult | Kind::UserCustomToolResult => {
            let body = body()?;
            let failed = if body["is_error"] == true { "failed: " } else { "" };
            Some(format!("{failed}{}", texts(&body)))
        }
        Kind::CallClosed => Some(body()?["text"].as_str()?.to_owned()),
        Kind::Compacted => Some(body()?["summary"].as_str()?.to_owned()),
        Kind::SessionError => Some(body()?["error"]["message"].as_str()?.to_owned()),
        _ => None,
    }
}

/// The texts of a body's content, and notes in the place of what is no text.
fn texts(body: &Value) -> String {
    let blocks = body["content"].as_array().into_iter().flatten();
    let text = |block: &Value| match block["text"].as_str() {
        Some(text) => text.to_owned(),
        None => format!("[{}]", block["type"].as_str().unwrap_or("?")),
    };
    blocks.map(text).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::id::EventId;
    use crate::record::to_payload;

    fn record(seq: u64, kind: Kind, payload: Value) -> Record {
        let payload = to_payload(&payload);
        Record { seq, id: EventId(u128::from(seq)), at_us: 0, kind, thread: 0, epoch: 1, payload }
    }

    fn says(seq: u64, text: &str) -> Record {
        let content = json!({ "content": [{ "type": "text", "text": text }] });
        record(seq, Kind::UserMessage, content)
    }

    fn read(input: Value, log: &[Record]) -> String {
        let query = LogQuery::parse(&input).unwrap();
        let mut page = log_page(&query);
        let from = usize::try_from(query.from - 1).unwrap();
        let _ = log.iter().skip(from).all(|record| page.push(record));
        page.finish(log.len() as u64).content[0]["text"].as_str().unwrap().to_owned()
    }

    #[test]
    fn a_page_shows_what_was_said_and_where_it_ends() {
        let log = [
            record(1, Kind::Genesis, json!({})),
            says(2, "hello"),
            record(3, Kind::AgentToolUse, json!({ "name": "bash", "input": { "command": "ls" } })),
        ];
        let page = read(json!({}), &log);
        assert!(page.contains("#2 1970-01-01T00:00:00.000000Z user.message\nhello\n"), "{page}");
        assert!(page.contains("bash {\"command\":\"ls\"}"), "{page}");
        assert!(page.ends_with("[Positions 1 to 3 of 3]"), "{page}");
    }

    #[test]
    fn a_long_log_is_paged_without_a_gap() {
        let log: Vec<Record> = (1..=100).map(|seq| says(seq, &"x".repeat(1_500))).collect();
        let (mut from, mut seen) = (1, 0);
        loop {
            let page = read(json!({ "from": from }), &log);
            assert!(page.chars().count() < LOG_PAGE_CHARS_MAX + 200);
            seen += page.matches("user.message").count();
            let Some((_, next)) = page.split_once("next page is from ") else { break };
            from = next.split_once(' ').unwrap().0.parse::<u64>().unwrap();
        }
        assert_eq!(seen, 100);
    }

    #[test]
    fn a_long_entry_is_cut_short_and_can_be_read_whole_alone() {
        let text: String = ('a'..='z').cycle().take(70_000).collect();
        let log = [says(1, &text)];
        assert!(
            read(json!({}), &log)
                .contains("68000 more characters: read_log with from 1, to 1, offset 2000")
        );
        let mut whole = String::new();
        for offset in [0, 30_000, 60_000] {
            let page = read(json!({ "from": 1, "to": 1, "offset": offset }), &log);
            let entry = page.split_once('\n').unwrap().1;
            whole.extend(entry.lines().next());
        }
        assert_eq!(whole, text);
    }

    #[test]
    fn a_search_shows_only_what_has_the_text_in_any_case() {
        let log = [says(1, "The Number is 7"), says(2, "nothing")];
        let page = read(json!({ "search": "number" }), &log);
        assert!(page.contains("is 7") && !page.contains("nothing"), "{page}");
        assert!(read(json!({ "search": "else" }), &log).starts_with("Nothing was said there."));
    }

    #[test]
    fn input_that_makes_no_sense_is_told_to_the_model() {
        for bad in [json!({ "from": 0 }), json!({ "from": 3, "to": 2 }), json!({ "form": 1 })] {
            assert!(LogQuery::parse(&bad).unwrap_err().is_error, "{bad}");
        }
    }

    #[test]
    fn an_offset_without_bounds_is_the_models_mistake() {
        let log = [says(1, "hello")];
        for offset in [usize::MAX, usize::MAX - 10] {
            let page = read(json!({ "from": 1, "to": 1, "offset": offset }), &log);
            assert!(!page.contains("more characters"), "{page}");
        }
    }
}
