//! What a file may say, and the complaints about what does not fit, each at its place.

use serde_json::{Map, Value};
use serde_saphyr::{Location, Spanned};

use crate::error::Problem;
use crate::limits::PROBLEMS_MAX;
use crate::shown;
use crate::source::Source;
use crate::suggest;
use crate::tree::{Node, Tree};

/// What may stand at a place.
#[derive(Debug)]
pub(crate) enum Shape {
    /// Anything at all.
    Any,
    /// A text. Numbers and the like are taken as they are written.
    Text,
    /// True or false.
    Flag,
    /// A whole number that is not negative.
    Whole,
    /// One of some words.
    Word {
        /// What they are, for the complaint.
        what: String,
        /// The words.
        words: Vec<String>,
    },
    /// A list whose entries have this shape.
    List(Box<Shape>),
    /// A mapping whose keys are the owner's and whose values have this shape.
    Names(Box<Shape>),
    /// A mapping with these keys.
    Keys(Vec<Key>),
    /// A mapping whose keys depend on the word at `type`.
    Kinds(Vec<(String, Vec<Key>)>),
    /// A scalar of the first shape, or a mapping of the second.
    Either(Box<Shape>, Box<Shape>),
}

/// A key of a mapping.
#[derive(Debug)]
pub(crate) struct Key {
    /// Its name.
    pub name: String,
    /// What may stand behind it.
    pub shape: Shape,
    /// Whether it must be there.
    pub required: bool,
}

/// Whether a number is one that files may have: there are no larger ones.
fn fits(number: u64) -> bool {
    u32::try_from(number).is_ok()
}

const MAPPING: &str = "expected `key: value` here, on lines of their own or in { }";

/// Reads values by their shapes and gathers the complaints.
#[derive(Debug)]
pub(crate) struct Reader<'s> {
    source: &'s Source,
    /// At most [`PROBLEMS_MAX`] complaints: a file of nothing but mistakes is not worth more.
    pub problems: Vec<Problem>,
}

impl<'s> Reader<'s> {
    pub fn new(source: &'s Source) -> Self {
        Self { source, problems: Vec::new() }
    }

    /// The value as JSON. It is good only if there are no problems.
    pub fn read(&mut self, shape: &Shape, node: &Node) -> Value {
        match shape {
            Shape::Any => node.value.json(),
            Shape::Text => match self.text(node) {
                Some(text) => text.into(),
                None => self.wrong(node.referenced, "expected a text here"),
            },
            Shape::Flag => self.flag(node),
            Shape::Whole => match &node.value {
                Tree::Scalar(number) if number.as_u64().is_some_and(fits) => number.clone(),
                Tree::Scalar(number) if number.is_u64() => {
                    self.wrong(node.referenced, "expected a smaller number here")
                }
                _ => self.wrong(node.referenced, "expected a whole number here"),
            },
            Shape::Word { what, words } => {
                let words: Vec<&str> = words.iter().map(String::as_str).collect();
                self.word(what, &words, node)
            }
            Shape::List(shape) => match &node.value {
                Tree::List(items) => items.iter().map(|item| self.read(shape, item)).collect(),
                _ => {
                    let problem = "expected a list here; begin each entry with `- ` on a line of its own, \
                                   or write [a, b]";
                    self.wrong(node.referenced, problem)
                }
            },
            Shape::Names(shape) => match &node.value {
                Tree::Map(entries) => {
                    let pairs = entries
                        .iter()
                        .map(|(key, value)| (key.value.clone(), self.present(key, shape, value)));
                    Value::Object(pairs.collect())
                }
                _ => self.wrong(node.referenced, MAPPING),
            },
            Shape::Keys(keys) => match &node.value {
                Tree::Map(entries) => self.keys(keys, node.referenced, entries),
                _ => self.wrong(node.referenced, MAPPING),
            },
            Shape::Kinds(kinds) => self.kinds(kinds, node),
            Shape::Either(short, long) => match &node.value {
                Tree::Scalar(_) => self.read(short, node),
                Tree::Map(_) => self.read(long, node),
                Tree::List(_) => {
                    let problem = "expected a text here, or `key: value` in { }";
                    self.wrong(node.referenced, problem)
                }
            },
        }
    }

    /// A complaint.
    pub fn complain(&mut self, at: Location, problem: impl Into<String>) {
        if self.problems.len() < PROBLEMS_MAX {
            self.problems.push(self.source.problem(at, problem));
        }
    }

    fn wrong(&mut self, at: Location, problem: impl Into<String>) -> Value {
        self.complain(at, problem);
        Value::Null
    }

    /// A scalar as it is written: `1.10` is no number where a text is wanted.
    fn text(&self, node: &Node) -> Option<String> {
        match &node.value {
            Tree::Scalar(Value::String(text)) => Some(text.clone()),
            Tree::Scalar(Value::Null) | Tree::List(_) | Tree::Map(_) => None,
            Tree::Scalar(_) => self.source.written(node.defined).map(str::to_owned),
        }
    }

    fn flag(&mut self, node: &Node) -> Value {
        if let Tree::Scalar(flag @ Value::Bool(_)) = &node.value {
            return flag.clone();
        }
        let hint = match &node.value {
            Tree::Scalar(Value::String(text)) => match suggest::closest(text, &["true", "false"]) {
                Some(close) if close != text => format!("; did you mean `{close}`?"),
                Some(_) => ", without quotes".to_owned(),
                None => String::new(),
            },
            _ => String::new(),
        };
        self.wrong(node.referenced, format!("expected `true` or `false` here{hint}"))
    }

    fn word(&mut self, what: &str, words: &[&str], node: &Node) -> Value {
        match self.text(node) {
            Some(text) if words.contains(&text.as_str()) => text.into(),
            Some(text) => {
                let hint = suggest::hint(&text, words.iter().copied());
                // A secret may stand here; a known word with a typing error is none.
                let guarded = self.source.is_guarded(node.referenced)
                    && suggest::closest(&text, words).is_none();
                let text =
                    if guarded { String::new() } else { format!(" `{}`", shown::word(&text)) };
                self.wrong(node.referenced, format!("unknown {what}{text}{hint}"))
            }
            None => {
                let words = suggest::quoted(words);
                self.wrong(node.referenced, format!("expected a word here; there are {words}"))
            }
        }
    }

    /// A value that must not be left empty.
    pub fn present(&mut self, key: &Spanned<String>, shape: &Shape, node: &Node) -> Value {
        if node.value.is_null() && !matches!(shape, Shape::Any) {
            let name = shown::word(&key.value);
            return self.wrong(key.referenced, format!("`{name}` has no value"));
        }
        self.read(shape, node)
    }

    fn keys(&mut self, keys: &[Key], at: Location, entries: &[(Spanned<String>, Node)]) -> Value {
        let mut values = Map::new();
        let mut unknown = false;
        for (name, node) in entries {
            let Some(key) = keys.iter().find(|key| key.name == name.value) else {
                unknown = true;
                self.unknown(name, keys.iter().map(|key| key.name.as_str()));
                continue;
            };
            if key.required {
                values.insert(name.value.clone(), self.present(name, &key.shape, node));
            } else if !node.value.is_null() {
                values.insert(name.value.clone(), self.read(&key.shape, node));
            }
        }
        // An unknown key may be the missing one with a typing error.
        for key in keys.iter().filter(|key| key.required && !unknown) {
            if !values.contains_key(&key.name) {
                self.complain(at, format!("the key `{}` is missing", key.name));
            }
        }
        Value::Object(values)
    }

    fn unknown<'k>(
        &mut self,
        name: &Spanned<String>,
        known: impl Iterator<Item = &'k str> + Clone,
    ) {
        let at = name.referenced;
        // What only looks like a key may be a secret without one.
        if self.source.is_guarded(at) && !self.source.is_key(at, &name.value) {
            let known: Vec<&str> = known.collect();
            let known = suggest::quoted(&known);
            return self.complain(at, format!("unknown key; there are {known}"));
        }
        let hint = suggest::hint(&name.value, known);
        let text = shown::word(&name.value);
        self.complain(at, format!("unknown key `{text}`{hint}"));
    }

    fn kinds(&mut self, kinds: &[(String, Vec<Key>)], node: &Node) -> Value {
        let names: Vec<&str> = kinds.iter().map(|(name, _)| name.as_str()).collect();
        let Tree::Map(entries) = &node.value else {
            let close = self.text(node).and_then(|text| suggest::closest(&text, &names));
            let problem = match close {
                Some(close) => format!("expected `{{ type: {close} }}` here"),
                None => format!("{MAPPING}, with a `type`; there are {}", suggest::quoted(&names)),
            };
            return self.wrong(node.referenced, problem);
        };
        let Some((_, kind)) = node.value.entry("type") else {
            let mut misspelt =
                entries.iter().filter(|(key, _)| suggest::closest(&key.value, &["type"]).is_some());
            if let Some((key, _)) = misspelt.next() {
                self.unknown(key, std::iter::once("type"));
                return Value::Null;
            }
            let names = suggest::quoted(&names);
            let problem = format!("the key `type` is missing; there are {names}");
            return self.wrong(node.referenced, problem);
        };
        let word = self.word("type", &names, kind);
        let Some((_, keys)) = kinds.iter().find(|(name, _)| word == *name) else {
            return Value::Null;
        };
        self.keys(keys, node.referenced, entries)
    }
}
