//! `fleet.yaml` as far as it says what it can say.

use std::collections::BTreeMap;

use serde_saphyr::Spanned;

use crate::error::Problem;
use crate::file::FleetFile;
use crate::nodes;
use crate::schema::Kind;
use crate::shape::{Key, Reader, Shape};
use crate::source::Source;
use crate::suggest;
use crate::tree::{Node, Tree};

/// Keys of entries on which other checks depend: with a wrong value here, an entry is left out
/// whole, since what is right around it would be complained about.
const TELLING: [&str; 5] = ["driver", "models", "provider", "prompt", "after"];

/// A file, without what is wrong in it.
pub(crate) struct Written {
    pub file: FleetFile,
    pub left_out: LeftOut,
}

/// What was left out because something is wrong with it.
#[derive(Debug, Default)]
pub(crate) struct LeftOut {
    entries: BTreeMap<String, Vec<String>>,
    sections: Vec<String>,
}

impl LeftOut {
    /// The names of a section's entries: they exist, so nobody complains about references to them.
    pub fn of(&self, section: &str) -> &[String] {
        self.entries.get(section).map_or(&[], Vec::as_slice)
    }

    /// Whether a key at the top has a value that cannot be read.
    pub fn has(&self, key: &str) -> bool {
        self.sections.iter().any(|section| section == key)
    }
}

/// Reads the file. What is wrong is left out, as long as the rest can be checked without it.
pub(crate) fn written(source: &Source, problems: &mut Vec<Problem>) -> Option<Written> {
    let mut root = match source.tree(&source.text) {
        Ok((root, twins)) => {
            problems.extend(twins);
            root
        }
        Err(problem) => {
            problems.push(problem);
            return None;
        }
    };
    let shape = Shape::of(Kind::Fleet);
    let mut reader = Reader::new(source);
    reader.read(&shape, &root);
    let found = reader.problems.len();
    problems.append(&mut reader.problems);
    let left_out =
        if found > 0 { mended(source, &shape, &mut root, problems) } else { LeftOut::default() };
    match nodes::read(source, &root) {
        Ok(file) => Some(Written { file, left_out }),
        Err(_) => {
            // The error's words may be those of the file, and a secret among them.
            if found == 0 {
                problems.push(source.whole("is no fleet's file of this version"));
            }
            None
        }
    }
}

/// Takes out what is wrong, and puts keys right that have a typing error. What stands behind those
/// has not been looked at yet.
fn mended(source: &Source, shape: &Shape, root: &mut Node, problems: &mut Vec<Problem>) -> LeftOut {
    let mut left_out = LeftOut::default();
    let (Shape::Keys(keys), Tree::Map(sections)) = (shape, &mut root.value) else {
        return left_out;
    };
    let misspelt = known_keys(keys, sections);
    sections.retain_mut(|(name, section)| {
        let Some(key) = keys.iter().find(|key| key.name == name.value) else { return false };
        let mut reader = Reader::new(source);
        // A word behind a misspelt key may be a secret, and would be repeated by the checks.
        let is_section = matches!(key.shape, Shape::Names(_));
        if misspelt.contains(&key.name) && !is_section && !key.required {
            left_out.sections.push(name.value.clone());
            return false;
        }
        if section.value.is_null() && !key.required {
            return true;
        }
        reader.present(name, &key.shape, section);
        if reader.problems.is_empty() {
            return true;
        }
        if misspelt.contains(&key.name) {
            problems.append(&mut reader.problems);
        }
        if let (Shape::Names(of), Tree::Map(entries)) = (&key.shape, &mut section.value) {
            let names = left_out.entries.entry(name.value.clone()).or_default();
            entries.retain_mut(|(name, entry)| {
                let kept = is_kept(source, of, name, entry, problems);
                if !kept {
                    names.push(name.value.clone());
                }
                kept
            });
            return true;
        }
        left_out.sections.push(name.value.clone());
        false
    });
    left_out
}

/// Takes out keys that are unknown, but puts those right that have a typing error, and names them.
fn known_keys(keys: &[Key], entries: &mut Vec<(Spanned<String>, Node)>) -> Vec<String> {
    let known: Vec<&str> = keys.iter().map(|key| key.name.as_str()).collect();
    let mut taken: Vec<String> = entries.iter().map(|(name, _)| name.value.clone()).collect();
    let mut misspelt = Vec::new();
    entries.retain_mut(|(name, _)| {
        if known.contains(&name.value.as_str()) {
            return true;
        }
        let close = suggest::closest(&name.value, &known).map(str::to_owned);
        let Some(close) = close.filter(|close| !taken.contains(close)) else { return false };
        taken.push(close.clone());
        misspelt.push(close.clone());
        name.value = close;
        true
    });
    misspelt
}

/// Whether an entry can be checked further, without what is wrong in it.
fn is_kept(
    source: &Source,
    shape: &Shape,
    name: &Spanned<String>,
    entry: &mut Node,
    problems: &mut Vec<Problem>,
) -> bool {
    let mut reader = Reader::new(source);
    reader.present(name, shape, entry);
    if reader.problems.is_empty() {
        return true;
    }
    let (Shape::Keys(keys), Tree::Map(entries)) = (shape, &mut entry.value) else { return false };
    let misspelt = known_keys(keys, entries);
    let mut is_kept = true;
    entries.retain(|(name, node)| {
        let Some(key) = keys.iter().find(|key| key.name == name.value) else { return false };
        let mut reader = Reader::new(source);
        if key.required || !node.value.is_null() {
            reader.present(name, &key.shape, node);
        }
        let is_good = reader.problems.is_empty();
        is_kept &= is_good || !(key.required || TELLING.contains(&key.name.as_str()));
        if misspelt.contains(&key.name) {
            problems.append(&mut reader.problems);
        }
        is_good
    });
    let has = |key: &Key| entries.iter().any(|(name, _)| name.value == key.name);
    is_kept && keys.iter().filter(|key| key.required).all(has)
}
