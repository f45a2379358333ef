//! Reads a fleet's directory.

use std::path::Path;

use crate::check::{self, Models, Sessions};
use crate::entries::Entries;
use crate::error::{Errors, Problem};
use crate::file::FleetFile;
use crate::fleet::Fleet;
use crate::resources::{FLEET_FILE, Found, ignored, resources};
use crate::schema::Kind;
use crate::shape::{Reader, Shape};
use crate::source::Source;

/// Reads and checks a fleet. Starts nothing, resolves no secret.
///
/// # Errors
/// Everything that is wrong, as far as one problem does not hide the others: where names of keys or
/// types of a `fleet.yaml` are wrong, where its names lead is looked at afterwards.
pub fn load(dir: &Path) -> Result<Fleet, Errors> {
    let path = dir.join(FLEET_FILE);
    if !path.exists() && !path.is_symlink() {
        let message = if dir.is_file() {
            "name the fleet's directory, not a file in it"
        } else {
            "there is no such file; a fleet is a directory with fleet.yaml and agents/"
        };
        return Err(Errors(vec![Problem::whole(&path, message)]));
    }
    let source = Source::read(&path).map_err(|problem| Errors(vec![problem]))?;
    let mut problems = Vec::new();
    let file = written(&source).map_err(|wrong| problems.extend(wrong)).ok();
    let found = resources(dir, &mut problems);
    let fleet = match file {
        Some(file) => Some(checked(&source, dir, &found, file, &mut problems)),
        None => {
            // Without the file's word, what is found without it.
            check::agents(&source, dir, &found, None, &mut problems);
            check::environments(&source, &found, Entries::default(), &mut problems);
            None
        }
    };
    match fleet {
        Some(fleet) if problems.is_empty() => Ok(fleet),
        _ => Err(Errors(problems)),
    }
}

/// The file, or all that it says in a way that it cannot be said.
fn written(source: &Source) -> Result<FleetFile, Vec<Problem>> {
    let root = source.tree(&source.text).map_err(|problem| vec![problem])?;
    let mut reader = Reader::new(source);
    reader.read(&Shape::of(Kind::Fleet), &root);
    if !reader.problems.is_empty() {
        return Err(reader.problems);
    }
    source.parse().map_err(|problem| vec![problem])
}

fn checked(
    source: &Source,
    dir: &Path,
    found: &[Found],
    file: FleetFile,
    problems: &mut Vec<Problem>,
) -> Fleet {
    check::check_name(source, "a fleet", &file.fleet, problems);
    let declared: Vec<String> = file.providers.0.iter().map(|(n, _)| n.value.clone()).collect();
    let providers = check::providers(source, dir, file.providers, problems);
    if let Some(provider) = &file.provider {
        check::check_chosen(source, provider, &providers, &declared, problems);
    }
    let provider = file.provider.map(|provider| provider.value);
    let supervision = check::supervision(source, file.supervision, problems);
    let environments = check::environments(source, found, file.environments, problems);
    let agents = check::agents(source, dir, found, file.agents, problems);
    let models = Models {
        source,
        providers: &providers,
        declared: &declared,
        default: provider.as_deref(),
        agents: &agents,
    };
    let around = Sessions { source, dir, models, environments: &environments };
    let sessions = check::sessions(&around, file.sessions, problems);
    Fleet {
        dir: dir.to_owned(),
        name: file.fleet.value,
        providers,
        provider,
        supervision,
        environments,
        agents: agents.read,
        sessions,
        warnings: ignored(dir, found),
    }
}
