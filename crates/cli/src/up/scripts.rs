//! The scripts of the sessions that the scripted model answers.

use std::collections::BTreeMap;
use std::io::{ErrorKind, Read};
use std::path::Path;

use planaria_drivers::model::Script;
use planaria_fleet::{Fleet, Model, Problem};

/// Bytes of a script that are read; the parser's own bound is lower.
const SCRIPT_READ_MAX: u64 = 2 << 20;

/// Reads the scripts of a fleet's sessions, by their entries, or what is wrong with them.
/// `overriding` answers every session instead of those that the files choose.
pub fn of_fleet(
    fleet: &Fleet,
    overriding: Option<&str>,
) -> Result<BTreeMap<String, Script>, Vec<Problem>> {
    let wanted = fleet.sessions.iter().filter_map(|session| {
        let chosen = overriding.unwrap_or_else(|| fleet.provider_of(session));
        match &fleet.providers[chosen].model {
            Model::Scripted { scripts } => Some((session.entry(), scripts.as_path())),
            _ => None,
        }
    });
    // Replicas share theirs.
    let once: BTreeMap<&str, &Path> = wanted.collect();
    read(once.into_iter())
}

/// The problems of scripts, as one error.
pub fn error(problems: &[Problem]) -> anyhow::Error {
    let texts: Vec<String> = problems.iter().map(ToString::to_string).collect();
    anyhow::anyhow!("{}", texts.join("\n"))
}

fn read<'a>(
    wanted: impl Iterator<Item = (&'a str, &'a Path)>,
) -> Result<BTreeMap<String, Script>, Vec<Problem>> {
    let (mut scripts, mut problems) = (BTreeMap::new(), Vec::new());
    for (name, dir) in wanted {
        match one(&dir.join(format!("{name}.yaml"))) {
            Ok(script) => drop(scripts.insert(name.to_owned(), script)),
            Err(problem) => problems.push(problem),
        }
    }
    if problems.is_empty() { Ok(scripts) } else { Err(problems) }
}

fn one(path: &Path) -> Result<Script, Problem> {
    let whole = |message: String| Problem {
        file: path.to_owned(),
        line: 0,
        column: 0,
        text: String::new(),
        message,
    };
    let file = std::fs::File::open(path).map_err(|error| match error.kind() {
        ErrorKind::NotFound => whole(
            "there is no such script; the scripted model needs one for each session (or use another model \
             with --provider)"
                .to_owned(),
        ),
        _ => whole(format!("cannot be read: {error}")),
    })?;
    let mut yaml = String::new();
    let read = file.take(SCRIPT_READ_MAX).read_to_string(&mut yaml);
    read.map_err(|error| whole(format!("cannot be read: {error}")))?;
    Script::parse(&path.display().to_string(), &yaml).map_err(|error| Problem {
        line: error.line,
        column: error.column,
        text: error.text,
        ..whole(error.message)
    })
}
