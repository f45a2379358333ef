//! Reads a fleet's directory.

use std::path::Path;

use crate::check::{self, Models, Sessions};
use crate::entries::Entries;
use crate::error::{Errors, Problem};
use crate::fleet::Fleet;
use crate::resources::{FLEET_FILE, Found, ignored, resources};
use crate::source::Source;
use crate::written::{Written, written};

/// Reads and checks a fleet. Starts nothing, resolves no secret.
///
/// # Errors
/// What is wrong, as far as one problem does not hide another: a wrong key or value is left out,
/// and the rest is checked without it.
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
    let file = written(&source, &mut problems);
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

fn checked(
    source: &Source,
    dir: &Path,
    found: &[Found],
    written: Written,
    problems: &mut Vec<Problem>,
) -> Fleet {
    let Written { file, left_out } = written;
    check::check_name(source, "a fleet", &file.fleet, problems);
    let declared = file.providers.0.iter().map(|(name, _)| name.value.clone());
    let declared: Vec<String> = declared.chain(left_out.of("providers").iter().cloned()).collect();
    let providers = check::providers(source, dir, file.providers, problems);
    if let Some(provider) = &file.provider {
        check::check_chosen(source, provider, &providers, &declared, problems);
    }
    let provider = file.provider.map(|provider| provider.value);
    let supervision = check::supervision(source, file.supervision, problems);
    let environments = check::environments(source, found, file.environments, problems);
    let mut agents = check::agents(source, dir, found, file.agents, problems);
    agents.names.extend(left_out.of("agents").iter().cloned());
    let models = Models {
        source,
        providers: &providers,
        declared: &declared,
        default: provider.as_deref(),
        default_is_wrong: left_out.has("provider"),
        agents: &agents,
    };
    let around = Sessions { source, dir, models, environments: &environments, left_out: &left_out };
    let sessions = check::sessions(&around, file.sessions, problems);
    let mut warnings = ignored(dir, found);
    warnings.extend(agents.warnings);
    Fleet {
        dir: dir.to_owned(),
        name: file.fleet.value,
        providers,
        provider,
        supervision,
        environments,
        agents: agents.read,
        sessions,
        warnings,
    }
}
