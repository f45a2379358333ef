//! Reads a fleet's directory.

use std::path::Path;

use crate::check::{self, Sessions};
use crate::error::{Errors, Problem};
use crate::file::FleetFile;
use crate::fleet::Fleet;
use crate::source::Source;

/// Reads and checks a fleet. Starts nothing, resolves no secret.
///
/// # Errors
/// Everything that is wrong, as far as one problem does not hide the others: a `fleet.yaml` that is
/// not what its format says gives its first problem only.
pub fn load(dir: &Path) -> Result<Fleet, Errors> {
    let path = dir.join("fleet.yaml");
    if !path.is_file() {
        let message = if dir.is_file() {
            "name the fleet's directory, not a file in it"
        } else {
            "there is no such file; a fleet is a directory with fleet.yaml and agents/"
        };
        let (text, message) = (String::new(), message.to_owned());
        return Err(Errors(vec![Problem { file: path, line: 0, column: 0, text, message }]));
    }
    let source = Source::read(&path).map_err(|problem| Errors(vec![problem]))?;
    let mut problems = Vec::new();
    let fleet = match source.parse::<FleetFile>() {
        Ok(file) => Some(checked(&source, dir, file, &mut problems)),
        Err(problem) => {
            problems.push(problem);
            // Without the file's word, the agents that it would find by itself.
            check::agents(&source, dir, None, &mut problems);
            None
        }
    };
    match fleet {
        Some(fleet) if problems.is_empty() => Ok(fleet),
        _ => Err(Errors(problems)),
    }
}

fn checked(source: &Source, dir: &Path, file: FleetFile, problems: &mut Vec<Problem>) -> Fleet {
    check::check_name(source, "a fleet", &file.fleet, problems);
    let declared: Vec<String> = file.providers.0.iter().map(|(n, _)| n.value.clone()).collect();
    let providers = check::providers(source, dir, file.providers, problems);
    let provider = check::chosen(source, file.provider, &providers, &declared, problems);
    let supervision = check::supervision(source, file.supervision, problems);
    let environments = check::environments(source, file.environments, problems);
    let agents = check::agents(source, dir, file.agents, problems);
    let around = Sessions { source, dir, agents: &agents, environments: &environments };
    let sessions = check::sessions(&around, file.sessions, problems);
    Fleet {
        name: file.fleet.value,
        providers,
        provider,
        supervision,
        environments,
        agents: agents.read,
        sessions,
    }
}
