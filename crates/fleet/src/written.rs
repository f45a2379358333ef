//! `fleet.yaml` as far as it says what it can say.

use crate::error::Problem;
use crate::file::FleetFile;
use crate::nodes;
use crate::schema::Kind;
use crate::shape::{Key, Reader, Shape};
use crate::source::Source;
use crate::tree::{Node, Tree};

/// A file, without the entries that are wrong.
pub(crate) struct Written {
    pub file: FleetFile,
    /// The names of entries that were left out: they exist, so nobody complains about references
    /// to them.
    pub left_out: Vec<String>,
}

/// Reads the file. What is wrong in one entry of a section does not keep the others from being
/// checked; what is wrong outside of entries does, since nobody knows what it was meant to be.
pub(crate) fn written(source: &Source, problems: &mut Vec<Problem>) -> Option<Written> {
    let mut root = match source.tree(&source.text) {
        Ok(root) => root,
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
    let mut left_out = Vec::new();
    if found > 0 && leave_out(source, &shape, &mut root, &mut left_out) != found {
        return None;
    }
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

/// Removes the entries in which something is wrong, and says how much was.
fn leave_out(source: &Source, shape: &Shape, root: &mut Node, names: &mut Vec<String>) -> usize {
    let (Shape::Keys(keys), Tree::Map(sections)) = (shape, &mut root.value) else { return 0 };
    let mut count = 0;
    for (name, section) in sections {
        let key = keys.iter().find(|key| key.name == name.value);
        let Some(Key { shape: Shape::Names(of), .. }) = key else { continue };
        let Tree::Map(entries) = &mut section.value else { continue };
        entries.retain(|(name, entry)| {
            let mut reader = Reader::new(source);
            reader.present(name, of, entry);
            if !reader.problems.is_empty() {
                count += reader.problems.len();
                names.push(name.value.clone());
            }
            reader.problems.is_empty()
        });
    }
    count
}
