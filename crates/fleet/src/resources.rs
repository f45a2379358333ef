//! Which files of a fleet's directory are which kind of thing, by the rule of `ant apply`: the
//! `type` at the top of the file, else its directory, else what its name begins with.

use std::path::{Path, PathBuf};

use crate::error::Problem;
use crate::limits::FILES_MAX;
use crate::source::{Source, no_file};

/// A kind of thing that files describe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Resource {
    Agent,
    Environment,
    Deployment,
    Skill,
    MemoryStore,
    Vault,
}

/// What each kind is called at `type`, and its directory.
const KINDS: [(Resource, &str, &str); 6] = [
    (Resource::Agent, "agent", "agents"),
    (Resource::Environment, "environment", "environments"),
    (Resource::Deployment, "deployment", "deployments"),
    (Resource::Skill, "skill", "skills"),
    (Resource::MemoryStore, "memory_store", "memory_stores"),
    (Resource::Vault, "vault", "vaults"),
];
/// What a file of a resource ends with.
const EXTENSIONS: [&str; 3] = ["md", "yaml", "yml"];
/// What may stand between a kind and a name in the name of a file.
const SEPARATORS: [char; 3] = ['-', '_', '.'];
/// The fleet's own file.
pub(crate) const FLEET_FILE: &str = "fleet.yaml";

/// A file that describes something.
#[derive(Debug)]
pub(crate) struct Found {
    pub kind: Resource,
    /// What the fleet calls it.
    pub name: String,
    pub path: PathBuf,
}

/// Everything in the directory that is described by a file, sorted by path. What cannot be looked
/// at is a problem of its own.
pub(crate) fn resources(dir: &Path, problems: &mut Vec<Problem>) -> Vec<Found> {
    let mut found = Vec::new();
    for path in files(dir, false, problems) {
        // What is not a resource is none of our business here: a README, say.
        let Some(stem) = stem(&path) else { continue };
        let (typed, prefixed) = (kind_in(&path), prefixed(stem));
        let name = prefixed.map_or(stem, |(_, name)| name).to_owned();
        if let Some(kind) = typed.or(prefixed.map(|(kind, _)| kind)) {
            found.push(Found { kind, name, path });
        }
    }
    for (kind, _, place) in KINDS {
        let place = dir.join(place);
        if matches!(kind, Resource::Skill) {
            // A skill is a directory, and not looked into.
            if std::fs::read_dir(&place).is_ok_and(|mut entries| entries.next().is_some()) {
                found.push(Found { kind, name: String::new(), path: place });
            }
            continue;
        }
        for path in files(&place, true, problems) {
            let Some(name) = stem(&path).map(str::to_owned) else { continue };
            found.push(Found { kind: kind_in(&path).unwrap_or(kind), name, path });
        }
    }
    found
}

/// What is there and not built yet, in a sentence for each kind.
pub(crate) fn ignored(dir: &Path, found: &[Found]) -> Vec<Problem> {
    let mut warnings: Vec<Problem> = Vec::new();
    for (kind, word, place) in KINDS {
        if matches!(kind, Resource::Agent | Resource::Environment) {
            continue;
        }
        if let Some(first) = found.iter().find(|found| found.kind == kind) {
            let message = format!(
                "{} are not built yet; this {word} and others like it are ignored",
                place.replace('_', " ")
            );
            let file = if first.path.is_dir() { dir.join(place) } else { first.path.clone() };
            warnings.push(Problem::whole(&file, message));
        }
    }
    warnings
}

fn stem(path: &Path) -> Option<&str> {
    path.file_stem().and_then(|stem| stem.to_str())
}

/// `agent-triage`, `agent_triage` or `agent.triage`.
fn prefixed(stem: &str) -> Option<(Resource, &str)> {
    KINDS.iter().find_map(|(kind, word, _)| {
        let name = stem.strip_prefix(word)?.strip_prefix(SEPARATORS)?;
        (!name.is_empty()).then_some((*kind, name))
    })
}

/// The kind at the top-level `type` of a file, as far as it has one of the known ones. A file that
/// cannot be read is complained about by whoever wants it.
fn kind_in(path: &Path) -> Option<Resource> {
    let source = Source::read(path).ok()?;
    let is_markdown = path.extension().is_some_and(|extension| extension == "md");
    let mut lines = source.text.lines();
    if is_markdown && lines.next()?.trim_end() != "---" {
        return None;
    }
    let word = lines
        .take_while(|line| !is_markdown || line.trim_end() != "---")
        .find_map(|line| line.strip_prefix("type:"))?
        .split('#')
        .next()?
        .trim()
        .trim_matches(['"', '\'']);
    KINDS.iter().find(|(_, known, _)| *known == word).map(|(kind, ..)| *kind)
}

/// The files of a directory that may describe something. In the fleet's own directory, whatever
/// cannot be one is passed over; in a directory of one kind it is a problem.
fn files(dir: &Path, strict: bool, problems: &mut Vec<Problem>) -> Vec<PathBuf> {
    let mut complain = |file: &Path, message: String| {
        problems.push(Problem::whole(file, message));
    };
    let entries = match std::fs::read_dir(dir) {
        Ok(entries) => entries,
        // A fleet without agents is found out by its sessions.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Vec::new(),
        Err(error) => {
            complain(dir, format!("cannot be read: {error}"));
            return Vec::new();
        }
    };
    let mut files = Vec::new();
    for entry in entries {
        let path = match entry {
            Ok(entry) => entry.path(),
            Err(error) => {
                complain(dir, format!("cannot be read: {error}"));
                break;
            }
        };
        let extension = path.extension().and_then(|e| e.to_str()).unwrap_or_default();
        let ours = path.file_name().is_some_and(|name| name == FLEET_FILE);
        if !EXTENSIONS.contains(&extension) || (ours && !strict) {
            continue;
        }
        match std::fs::metadata(&path) {
            Ok(metadata) if metadata.is_file() && stem(&path).is_some() => files.push(path),
            Ok(metadata) if metadata.is_file() => {
                complain(&path, "has a name that is not UTF-8 text; give it another".to_owned());
            }
            Ok(metadata) if strict => complain(&path, no_file(&metadata).to_owned()),
            Err(error) if strict => complain(&path, format!("cannot be read: {error}")),
            _ => {}
        }
        if files.len() > FILES_MAX {
            complain(dir, format!("has more than {FILES_MAX} files"));
            break;
        }
    }
    files.sort();
    files
}
