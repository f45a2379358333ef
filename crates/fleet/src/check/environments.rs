//! Where tools run.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use super::check_name;
use crate::at::At;
use crate::entries::Entries;
use crate::error::Problem;
use crate::file::EnvironmentEntry;
use crate::fleet::{Driver, Environment};
use crate::resources::{Found, Resource};
use crate::schema::Kind;
use crate::shape::{Reader, Shape};
use crate::source::Source;

/// The environments of the fleet's file and those that were found.
pub(crate) fn environments(
    source: &Source,
    found: &[Found],
    file: Entries<At<EnvironmentEntry>>,
    problems: &mut Vec<Problem>,
) -> BTreeMap<String, Environment> {
    let local = Environment { driver: Driver::Local };
    let mut environments = BTreeMap::new();
    for (name, _) in file.0 {
        check_name(source, "an environment", &name, problems);
        environments.insert(name.value, local);
    }
    let shape = Shape::of(Kind::Environment);
    for Found { name, path, .. } in found.iter().filter(|f| f.kind == Resource::Environment) {
        if environments.insert(name.clone(), local).is_some() {
            let problem = format!("{} is a second environment `{name}`", path.display());
            problems.push(source.whole(problem));
        }
        if let Err(wrong) = read(path, &shape) {
            problems.extend(wrong);
        }
    }
    environments.entry("local".to_owned()).or_insert(local);
    environments
}

/// Checks an environment's file, as `ant apply` has it. Here every environment is this machine, so
/// there is nothing to take from it but what must not be promised.
fn read(path: &Path, shape: &Shape) -> Result<(), Vec<Problem>> {
    let source = Source::read(path).map_err(|problem| vec![problem])?;
    if path.extension().is_some_and(|extension| extension == "md") {
        return Err(vec![source.whole("an environment's file ends with .yaml or .yml")]);
    }
    let (root, twins) = source.tree(&source.text).map_err(|problem| vec![problem])?;
    let mut reader = Reader::new(&source);
    reader.problems = twins;
    let value = reader.read(shape, &root);
    if reader.problems.is_empty() {
        for (place, problem) in unkept(&value) {
            let at = root.value.place(&place).unwrap_or(root.referenced);
            reader.complain(at, problem);
        }
    }
    if reader.problems.is_empty() { Ok(()) } else { Err(reader.problems) }
}

/// What a file asks for and nothing here enforces: where it stands, and a sentence.
fn unkept(file: &Value) -> Vec<(String, String)> {
    let mut found = Vec::new();
    if file.get("type").is_some_and(|kind| kind != "environment") {
        let problem = "the `type` of an environment's file is `environment`";
        found.push(("type".to_owned(), problem.to_owned()));
    }
    let config = &file["config"];
    if config["networking"]["type"] == "limited" {
        let problem = "networking limits cannot be kept yet: tools run as processes of this machine and reach \
                       what it reaches; write `networking: { type: unrestricted }` if that is what you want";
        found.push(("config.networking.type".to_owned(), problem.to_owned()));
    }
    let packages = config["packages"].as_object().into_iter().flatten();
    for (manager, list) in packages {
        if list.as_array().is_some_and(|list| !list.is_empty()) {
            let problem = format!(
                "packages are not installed yet: install them on this machine by hand ({manager}), and leave \
                 the list empty"
            );
            found.push((format!("config.packages.{manager}"), problem));
        }
    }
    found
}
