//! A file as it was written: values of any kind, each with its place.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use serde_saphyr::{Location, Spanned};

/// A value and where it stands.
pub(crate) type Node = Spanned<Tree>;

/// A value. Numbers and the like are kept as JSON; what was written is at their place.
#[derive(Debug)]
pub(crate) enum Tree {
    /// Text, number, truth value or nothing.
    Scalar(Value),
    /// A list.
    List(Vec<Node>),
    /// Keys and values in the order of the file.
    Map(Vec<(Spanned<String>, Node)>),
}

impl Tree {
    /// Whether nothing is written here.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Scalar(Value::Null))
    }

    /// The value without places.
    pub fn json(&self) -> Value {
        match self {
            Self::Scalar(value) => value.clone(),
            Self::List(items) => items.iter().map(|item| item.value.json()).collect(),
            Self::Map(entries) => {
                let pairs =
                    entries.iter().map(|(key, node)| (key.value.clone(), node.value.json()));
                Value::Object(pairs.collect::<Map<_, _>>())
            }
        }
    }

    /// Takes out keys that occur once more in their mapping, and returns them: the first one
    /// counts.
    pub fn take_twins(&mut self, twins: &mut Vec<Spanned<String>>) {
        match self {
            Self::Scalar(_) => {}
            Self::List(items) => items.iter_mut().for_each(|item| item.value.take_twins(twins)),
            Self::Map(entries) => {
                let mut seen = BTreeSet::new();
                entries.retain(|(key, _)| {
                    let is_new = seen.insert(key.value.clone());
                    if !is_new {
                        twins.push(key.clone());
                    }
                    is_new
                });
                entries.iter_mut().for_each(|(_, node)| node.value.take_twins(twins));
            }
        }
    }

    /// The entry of a mapping.
    pub fn entry(&self, name: &str) -> Option<&(Spanned<String>, Node)> {
        match self {
            Self::Map(entries) => entries.iter().find(|(key, _)| key.value == name),
            _ => None,
        }
    }

    /// Where a dotted path (`tools.0.name`) leads, as far as it does: to a scalar itself, else to
    /// its key.
    pub fn place(&self, path: &str) -> Option<Location> {
        let (mut tree, mut place) = (self, None);
        for step in path.split('.') {
            if let Self::List(items) = tree {
                let Some(item) = step.parse::<usize>().ok().and_then(|n| items.get(n)) else {
                    break;
                };
                (tree, place) = (&item.value, Some(item.referenced));
            } else {
                let Some((key, node)) = tree.entry(step) else { break };
                let at = match node.value {
                    Self::Scalar(_) => node.referenced,
                    _ => key.referenced,
                };
                (tree, place) = (&node.value, Some(at));
            }
        }
        place
    }
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TreeVisitor)
    }
}

struct TreeVisitor;

impl<'de> Visitor<'de> for TreeVisitor {
    type Value = Tree;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Tree, E> {
        Ok(Tree::Scalar(Value::Null))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Tree, E> {
        Ok(Tree::Scalar(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Tree, E> {
        Ok(Tree::Scalar(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Tree, E> {
        Ok(Tree::Scalar(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Tree, E> {
        Ok(Tree::Scalar(value.into()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Tree, E> {
        Ok(Tree::Scalar(value.into()))
    }

    fn visit_string<E>(self, value: String) -> Result<Tree, E> {
        Ok(Tree::Scalar(value.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Tree, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element()? {
            items.push(item);
        }
        Ok(Tree::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Tree, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(Tree::Map(entries))
    }
}
