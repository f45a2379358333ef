//! Texts of a script with places for what a step has matched.

use std::collections::{BTreeMap, BTreeSet};

use planaria_core::limits::ANSWER_BYTES_MAX;
use regex::Regex;
use serde_json::{Map, Value};

/// What templates of a step may name.
#[derive(Debug, Clone, Default)]
pub(super) struct Known {
    /// Groups of the step's own expression, group 0 included; 0 without an expression.
    groups: usize,
    /// Named groups of this expression and of those before it.
    names: BTreeSet<String>,
}

impl Known {
    /// The same names, and the groups of this expression.
    pub fn with(&self, expect: Option<&Regex>) -> Self {
        let mut known = Self { groups: 0, names: self.names.clone() };
        if let Some(regex) = expect {
            known.groups = regex.captures_len();
            known.names.extend(regex.capture_names().flatten().map(str::to_owned));
        }
        known
    }
}

/// What templates are filled with.
#[derive(Debug)]
pub(super) struct Values<'a> {
    /// The whole last results.
    pub result: &'a str,
    /// The groups of this match; a group that took no part is empty.
    pub groups: Vec<&'a str>,
    /// Named groups of this match and of those before it.
    pub names: &'a BTreeMap<String, String>,
}

/// A text with places.
#[derive(Debug, Clone)]
pub(super) struct Template(Vec<Part>);

#[derive(Debug, Clone)]
enum Part {
    Text(String),
    Result,
    Group(usize),
    Name(String),
}

impl Template {
    /// # Errors
    /// When a place names nothing that can have been matched.
    pub fn parse(text: &str, known: &Known) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some(start) = rest.find("${") {
            let (before, tail) = (&rest[..start], &rest[start + 2..]);
            if let Some(escaped) = before.strip_suffix('$') {
                parts.push(Part::Text(format!("{escaped}${{")));
                rest = tail;
                continue;
            }
            parts.push(Part::Text(before.to_owned()));
            let end = tail.find('}').ok_or("`${` without `}`; write `$${` for the text itself")?;
            parts.push(Part::parse(&tail[..end], known)?);
            rest = &tail[end + 1..];
        }
        parts.push(Part::Text(rest.to_owned()));
        Ok(Self(parts))
    }

    /// # Errors
    /// When a name has no value yet, or the text grows beyond what an answer may have.
    pub fn fill(&self, values: &Values<'_>) -> Result<String, String> {
        let mut text = String::new();
        for part in &self.0 {
            let piece = match part {
                Part::Text(piece) => piece.as_str(),
                Part::Result => values.result,
                Part::Group(index) => values.groups.get(*index).copied().unwrap_or_default(),
                Part::Name(name) => values
                    .names
                    .get(name)
                    .ok_or_else(|| format!("nothing has matched `{name}` yet"))?,
            };
            if text.len() + piece.len() > ANSWER_BYTES_MAX {
                return Err(format!("its answer is larger than {ANSWER_BYTES_MAX} bytes"));
            }
            text.push_str(piece);
        }
        Ok(text)
    }
}

impl Part {
    fn parse(name: &str, known: &Known) -> Result<Self, String> {
        if name == "result" {
            return Ok(Self::Result);
        }
        match name.parse::<usize>() {
            Ok(index) if index < known.groups => Ok(Self::Group(index)),
            Err(_) if known.names.contains(name) => Ok(Self::Name(name.to_owned())),
            _ => Err(format!(
                "`${{{name}}}` names nothing: there are `${{result}}`, the groups of this step's `expect` by \
                 number, and named groups of this and earlier steps; write `$${{{name}}}` for the text itself"
            )),
        }
    }
}

/// A call's input, whose texts are templates.
#[derive(Debug, Clone)]
pub(super) enum Input {
    Text(Template),
    Seq(Vec<Input>),
    Map(Vec<(String, Input)>),
    Plain(Value),
}

impl Input {
    /// # Errors
    /// As [`Template::parse`].
    pub fn parse(value: Value, known: &Known) -> Result<Self, String> {
        Ok(match value {
            Value::String(text) => Self::Text(Template::parse(&text, known)?),
            Value::Array(items) => Self::Seq(
                items.into_iter().map(|v| Self::parse(v, known)).collect::<Result<_, _>>()?,
            ),
            Value::Object(entries) => {
                let entries = entries.into_iter();
                Self::Map(
                    entries
                        .map(|(k, v)| Ok((k, Self::parse(v, known)?)))
                        .collect::<Result<_, String>>()?,
                )
            }
            plain => Self::Plain(plain),
        })
    }

    /// # Errors
    /// As [`Template::fill`].
    pub fn fill(&self, values: &Values<'_>) -> Result<Value, String> {
        Ok(match self {
            Self::Text(template) => Value::String(template.fill(values)?),
            Self::Seq(items) => {
                Value::Array(items.iter().map(|item| item.fill(values)).collect::<Result<_, _>>()?)
            }
            Self::Map(entries) => {
                let filled = entries.iter().map(|(k, v)| Ok((k.clone(), v.fill(values)?)));
                Value::Object(filled.collect::<Result<Map<_, _>, String>>()?)
            }
            Self::Plain(value) => value.clone(),
        })
    }
}
