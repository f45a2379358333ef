//! Which step is next: the history, played through the script.

use std::collections::BTreeMap;
use std::time::Duration;

use planaria_core::model::{Message, Role};
use regex::{Captures, Regex};
use serde_json::{Map, Value};

use super::limits::SHOWN_CHARS_MAX;
use super::memo::{Memo, is_prompt, wants_summary};
use super::parse::{Reply, Script};
use super::template::{Template, Values};

/// An answer with everything filled in.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Spoken {
    pub think: Option<String>,
    pub say: Option<String>,
    pub calls: Vec<(String, Value)>,
    pub pause: Duration,
}

/// What the script says to these messages.
///
/// # Errors
/// Says which step does not fit and what was there instead.
pub(super) fn next(script: &Script, messages: &[Message]) -> Result<Spoken, String> {
    let mut place = Place { script, step: 0, names: BTreeMap::new() };
    let mut said: Option<Spoken> = None;
    for (index, message) in messages.iter().enumerate() {
        said = match (message.role, said) {
            (Role::User, None) => {
                let results = place.resume(index, &message.content);
                if index + 1 == messages.len() && wants_summary(&message.content) {
                    return Ok(place.memo(results).spoken());
                }
                Some(place.answer(&results)?)
            }
            (Role::Assistant, Some(said)) => {
                place.compare(&said, &message.content)?;
                None
            }
            (role, _) => {
                return Err(format!(
                    "{} met two messages of one role in a row: {role:?}",
                    script.name
                ));
            }
        };
    }
    said.ok_or_else(|| format!("{}: the request does not end with a user's turn", script.name))
}

/// How far a script has been played.
struct Place<'a> {
    script: &'a Script,
    /// The step that judges the next results.
    step: usize,
    /// Named groups that have matched so far.
    names: BTreeMap<String, String>,
}

impl Place<'_> {
    /// What a user's turn says. Where a summary of ours begins it, goes to where that was made.
    fn resume(&mut self, index: usize, content: &[Value]) -> String {
        let Some(memo) = (index == 0).then(|| Memo::of(content)).flatten() else {
            return text_of(content);
        };
        self.step = memo.step;
        self.names = memo.names;
        let more = text_of(&content[1..]);
        if more.is_empty() { memo.results } else { format!("{}\n{more}", memo.results) }
    }

    fn memo(&self, results: String) -> Memo {
        Memo { step: self.step, names: self.names.clone(), results }
    }

    /// Judges results: the next answer.
    fn answer(&mut self, results: &str) -> Result<Spoken, String> {
        let script = self.script;
        let Some(step) = script.steps.get(self.step) else {
            let (name, steps, got) = (&script.name, script.steps.len(), shown(results));
            return Err(format!("{name} has ended after {steps} steps, but got: {got}"));
        };
        let Some(expect) = &step.expect else {
            let spoken = self.fill(&step.reply, results, Vec::new());
            self.step += 1;
            return spoken;
        };
        if let Some(captures) = expect.captures(results) {
            let groups = self.keep(expect, &captures);
            let spoken = self.fill(&step.reply, results, groups);
            self.step += 1;
            return spoken;
        }
        for (expect, reply) in &step.branches {
            if let Some(captures) = expect.captures(results) {
                let groups = self.keep(expect, &captures);
                return self.fill(reply, results, groups);
            }
        }
        let branches = match step.branches.len() {
            0 => String::new(),
            n => format!(" or one of its {n} else branches"),
        };
        let got = shown(results);
        Err(format!("{} expects /{expect}/{branches} but got: {got}", self.here()))
    }

    fn here(&self) -> String {
        format!("step {} of {}", self.step + 1, self.script.name)
    }

    /// Remembers the named groups and returns all of them by number.
    fn keep<'r>(&mut self, expect: &Regex, captures: &Captures<'r>) -> Vec<&'r str> {
        let text = |group: Option<regex::Match<'r>>| group.map_or("", |g| g.as_str());
        for name in expect.capture_names().flatten() {
            self.names.insert(name.to_owned(), text(captures.name(name)).to_owned());
        }
        captures.iter().map(text).collect()
    }

    fn fill(&self, reply: &Reply, result: &str, groups: Vec<&str>) -> Result<Spoken, String> {
        let values = Values { result, groups, names: &self.names };
        let text = |template: &Option<Template>| {
            template.as_ref().map(|template| template.fill(&values)).transpose()
        };
        let fill = || -> Result<Spoken, String> {
            let calls = reply.calls.iter();
            Ok(Spoken {
                think: text(&reply.think)?,
                // The history has no blank texts, so neither has what is compared with it.
                say: text(&reply.say)?.filter(|say| !say.trim().is_empty()),
                calls: calls
                    .map(|(tool, input)| Ok((tool.clone(), input.fill(&values)?)))
                    .collect::<Result<_, String>>()?,
                pause: reply.pause,
            })
        };
        let spoken = fill().map_err(|problem| format!("{}: {problem}", self.here()))?;
        // An empty answer leaves no trace in the history, and the next replay would go astray.
        if spoken.calls.is_empty() && spoken.say.is_none() {
            return Err(format!("{}: it says nothing and calls nothing", self.here()));
        }
        Ok(spoken)
    }

    /// Whether the history holds what the script says. Thinking is left out: whoever makes the
    /// request may drop it from earlier turns.
    fn compare(&self, said: &Spoken, content: &[Value]) -> Result<(), String> {
        let of_type = |kind: &'static str| {
            content.iter().filter(move |block| block.get("type").is_some_and(|t| t == kind))
        };
        let texts: Vec<&Value> = of_type("text").filter_map(|b| b.get("text")).collect();
        let calls: Vec<(&Value, &Value)> =
            of_type("tool_use").filter_map(|b| b.get("name").zip(b.get("input"))).collect();
        let say: Vec<&String> = said.say.iter().collect();
        if texts == say && calls.len() == said.calls.len() {
            let mut pairs = calls.iter().zip(&said.calls);
            if pairs.all(|((name, input), (tool, wanted))| *name == tool && *input == wanted) {
                return Ok(());
            }
        }
        let held = Value::Array(content.to_vec()).to_string();
        Err(format!(
            "{} has been played with another answer than it gives now (another script or another \
             model?): it says {}, the history holds {}",
            self.script.name,
            shown(&said.to_string()),
            shown(&held)
        ))
    }
}

impl std::fmt::Display for Spoken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let calls = self.calls.iter().map(|(tool, input)| {
            Value::Object(Map::from_iter([(tool.clone(), input.clone())])).to_string()
        });
        let say = self.say.iter().map(|say| format!("{say:?}"));
        f.write_str(&say.chain(calls).collect::<Vec<_>>().join(" "))
    }
}

/// All text of a user's turn: what tools returned and what people said.
fn text_of(content: &[Value]) -> String {
    let mut texts = Vec::new();
    for block in content.iter().filter(|block| !is_prompt(block)) {
        match block.get("type").and_then(Value::as_str) {
            Some("tool_result") => match block.get("content") {
                Some(Value::Array(inner)) => texts.extend(inner.iter().filter_map(text_block)),
                Some(Value::String(text)) => texts.push(text),
                _ => {}
            },
            _ => texts.extend(text_block(block)),
        }
    }
    texts.join("\n")
}

fn text_block(block: &Value) -> Option<&str> {
    block.get("text").and_then(Value::as_str)
}

/// The beginning and the end of a long text.
fn shown(text: &str) -> String {
    let count = text.chars().count();
    if count <= SHOWN_CHARS_MAX {
        return text.to_owned();
    }
    let half = SHOWN_CHARS_MAX / 2;
    let start: String = text.chars().take(half).collect();
    let end: String = text.chars().skip(count - half).collect();
    format!("{start}\n[… {} characters …]\n{end}", count - SHOWN_CHARS_MAX)
}
