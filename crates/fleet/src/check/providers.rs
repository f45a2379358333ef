//! Who answers, and where tools run.

use std::collections::BTreeMap;
use std::path::Path;

use serde_saphyr::{Location, Spanned};

use super::check_name;
use crate::entries::Entries;
use crate::error::Problem;
use crate::file::{EnvironmentFile, ProviderFile};
use crate::fleet::{Driver, Environment, Provider};
use crate::secret::Secret;
use crate::shown;
use crate::source::Source;
use crate::suggest;

/// The providers of this version, by the names of their drivers. Each exists without being named.
pub(crate) const DRIVERS: [&str; 2] = ["scripted", "anthropic"];
/// Where scripts are if the file does not say.
const SCRIPTS: &str = "scripts";
/// Where the key is if the file does not say.
const KEY: &str = "ANTHROPIC_API_KEY";

pub(crate) fn providers(
    source: &Source,
    dir: &Path,
    file: Entries<Spanned<ProviderFile>>,
    problems: &mut Vec<Problem>,
) -> BTreeMap<String, Provider> {
    let mut providers: BTreeMap<String, Provider> = BTreeMap::new();
    for (name, provider) in file.0 {
        check_name(source, "a provider", &name, problems);
        match one(source, dir, &name.value, provider) {
            Ok(provider) => {
                providers.insert(name.value, provider);
            }
            Err(problem) => problems.push(problem),
        }
    }
    let scripted = || Provider::Scripted { scripts: dir.join(SCRIPTS) };
    providers.entry("scripted".to_owned()).or_insert_with(scripted);
    let api_key = Secret::Env(KEY.to_owned());
    let anthropic = Provider::Anthropic { api_key, base_url: None };
    providers.entry("anthropic".to_owned()).or_insert(anthropic);
    providers
}

fn one(
    source: &Source,
    dir: &Path,
    name: &str,
    provider: Spanned<ProviderFile>,
) -> Result<Provider, Problem> {
    let (at, file) = (provider.referenced, provider.value);
    let (driver_at, driver) = match &file.driver {
        Some(driver) => (driver.referenced, driver.value.as_str()),
        None => (at, name),
    };
    if !DRIVERS.contains(&driver) {
        let hint = suggest::hint(driver, DRIVERS);
        let problem = match &file.driver {
            // A secret may stand here; a known word with a typing error is none.
            Some(_) if suggest::closest(driver, &DRIVERS).is_some() => {
                format!("unknown driver `{driver}`{hint}")
            }
            Some(_) => format!("unknown driver{hint}"),
            None => format!("the key `driver` is missing{hint}"),
        };
        return Err(source.problem(driver_at, problem));
    }
    // Whoever asks for `scripted` must not end up at an endpoint that costs money.
    if DRIVERS.contains(&name) && name != driver {
        let problem =
            format!("the provider `{name}` has the driver `{name}`; name this one otherwise");
        return Err(source.problem(driver_at, problem));
    }
    let foreign = |key: &str, value: &Option<Spanned<String>>, of: &str| match value {
        Some(value) => {
            let problem = format!("`{key}` belongs to the driver `{of}`, this one is `{driver}`");
            Err(source.problem(value.referenced, problem))
        }
        None => Ok(()),
    };
    if driver == "scripted" {
        foreign("api_key", &file.api_key, "anthropic")?;
        foreign("base_url", &file.base_url, "anthropic")?;
        let scripts = file.scripts.map_or_else(|| SCRIPTS.to_owned(), |s| s.value);
        return Ok(Provider::Scripted { scripts: dir.join(scripts) });
    }
    foreign("scripts", &file.scripts, "scripted")?;
    let api_key = match file.api_key {
        None => Secret::Env(KEY.to_owned()),
        Some(text) => {
            Secret::parse(&text.value, dir).ok_or_else(|| literal(source, text.referenced))?
        }
    };
    if let Some(url) = &file.base_url {
        base_url(&url.value).map_err(|problem| source.problem(url.referenced, problem))?;
    }
    Ok(Provider::Anthropic { api_key, base_url: file.base_url.map(|url| url.value) })
}

/// The complaint about a secret in the file.
fn literal(source: &Source, at: Location) -> Problem {
    let message = "secrets do not belong into this file; write a reference, \"${env:NAME}\" or \"${file:PATH}\"";
    source.problem(at, message)
}

/// Whether an endpoint is one, and no secret.
fn base_url(url: &str) -> Result<(), &'static str> {
    let place = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    match place {
        None => Err("a base URL begins with https:// (or http:// for an endpoint of your own)"),
        Some(place) if place.contains('@') => {
            Err("secrets do not belong into this file; leave out what stands in front of the `@`, \
                 the key goes in a header")
        }
        Some(place) if place.contains(['?', '#']) => {
            Err("a base URL has no query and no fragment; end it with the path")
        }
        Some(_) => Ok(()),
    }
}

/// The provider that the file chooses.
pub(crate) fn chosen(
    source: &Source,
    provider: Option<Spanned<String>>,
    providers: &BTreeMap<String, Provider>,
    declared: &[String],
    problems: &mut Vec<Problem>,
) -> Option<String> {
    let provider = provider?;
    // A declared one that is wrong has been complained about already.
    if !providers.contains_key(&provider.value) && !declared.contains(&provider.value) {
        let hint = suggest::hint(&provider.value, providers.keys().map(String::as_str));
        let name = shown::word(&provider.value);
        let problem = format!("unknown provider `{name}`{hint}");
        problems.push(source.problem(provider.referenced, problem));
    }
    Some(provider.value)
}

pub(crate) fn environments(
    source: &Source,
    file: Entries<Spanned<EnvironmentFile>>,
    problems: &mut Vec<Problem>,
) -> BTreeMap<String, Environment> {
    let mut environments = BTreeMap::new();
    environments.insert("local".to_owned(), Environment { driver: Driver::Local });
    for (name, environment) in file.0 {
        check_name(source, "an environment", &name, problems);
        let driver = &environment.value.driver;
        if driver.value != "local" {
            let hint = suggest::hint(&driver.value, ["local"]);
            let problem = format!("unknown driver `{}`{hint}", driver.value);
            problems.push(source.problem(driver.referenced, problem));
        }
        environments.insert(name.value, Environment { driver: Driver::Local });
    }
    environments
}
