//! Who answers.

use std::collections::BTreeMap;
use std::path::Path;

use globset::Glob;

use super::check_name;
use crate::at::{At, Place};
use crate::entries::Entries;
use crate::error::Problem;
use crate::file::{ProviderFile, ProviderWord};
use crate::fleet::{Model, Provider};
use crate::limits::{CONCURRENCY_MAX, CONTEXT_TOKENS_MIN, MODELS_MAX};
use crate::secret::Secret;
use crate::shown;
use crate::source::Source;
use crate::suggest;

/// The drivers of this version. Each gives its name to a provider that needs no more words.
pub(crate) const DRIVERS: [&str; 3] = ["scripted", "anthropic", "openai"];
const WORDS: [ProviderWord; 3] =
    [ProviderWord::Scripted, ProviderWord::Anthropic, ProviderWord::OpenAi];
/// Where scripts are if the file does not say.
const SCRIPTS: &str = "scripts";
/// Where the keys are if the file does not say.
const ANTHROPIC_KEY: &str = "ANTHROPIC_API_KEY";
const OPENAI_KEY: &str = "OPENAI_API_KEY";
/// The API that the driver `openai` is named after.
const OPENAI_URL: &str = "https://api.openai.com/v1";

pub(crate) fn providers(
    source: &Source,
    dir: &Path,
    file: Entries<At<ProviderFile>>,
    problems: &mut Vec<Problem>,
) -> BTreeMap<String, Provider> {
    let mut providers: BTreeMap<String, Provider> = BTreeMap::new();
    for (name, provider) in file.0 {
        check_name(source, "a provider", &name, problems);
        match one(source, dir, &name.value, provider) {
            Ok(provider) => {
                providers.insert(name.value, provider);
            }
            Err(wrong) => problems.extend(wrong),
        }
    }
    let scripted = || Provider::of(Model::Scripted { scripts: dir.join(SCRIPTS) });
    providers.entry("scripted".to_owned()).or_insert_with(scripted);
    let api_key = Secret::Env(ANTHROPIC_KEY.to_owned());
    let anthropic = Provider::of(Model::Anthropic { api_key, base_url: None });
    providers.entry("anthropic".to_owned()).or_insert(anthropic);
    providers
}

fn one(
    source: &Source,
    dir: &Path,
    name: &str,
    provider: At<ProviderFile>,
) -> Result<Provider, Vec<Problem>> {
    let (at, file) = (provider.referenced, provider.value);
    let word = word(source, at, name, &file).map_err(|problem| vec![problem])?;
    let mut problems = Vec::new();
    let model = model(source, dir, word, &file, &mut problems);
    let mut number = |value: &Option<At<u32>>, from: u32, to: u32, what: &str| {
        let value = value.as_ref()?;
        if !(from..=to).contains(&value.value) {
            problems.push(source.problem(value.referenced, what));
        }
        Some(value.value)
    };
    let max_concurrency = number(
        &file.max_concurrency,
        1,
        CONCURRENCY_MAX,
        &format!("at least 1 and at most {CONCURRENCY_MAX} requests at once"),
    );
    let context_tokens = number(
        &file.context_tokens,
        CONTEXT_TOKENS_MIN,
        u32::MAX,
        &format!(
            "at least {CONTEXT_TOKENS_MIN}: a summary and what follows it must fit below the mark"
        ),
    );
    number(&file.answer_tokens, 1, u32::MAX, "at least 1: an answer has tokens");
    if let Some(tokens) = file.answer_tokens.as_ref().filter(|_| word != ProviderWord::OpenAi) {
        let problem = "`answer_tokens` belongs to the driver `openai`";
        problems.push(source.problem(tokens.referenced, problem));
    }
    let models = claims(source, word, file.models, &mut problems);
    match model {
        Some(model) if problems.is_empty() => {
            Ok(Provider { model, models, max_concurrency, context_tokens })
        }
        _ => Err(problems),
    }
}

/// What speaks to the provider.
fn word(
    source: &Source,
    at: Place,
    name: &str,
    file: &ProviderFile,
) -> Result<ProviderWord, Problem> {
    let named = DRIVERS.iter().position(|driver| *driver == name).map(|index| WORDS[index]);
    let Some(word) = file.driver.as_ref().map(|driver| driver.value).or(named) else {
        let hint = suggest::hint(name, DRIVERS);
        return Err(source.problem(at, format!("the key `driver` is missing{hint}")));
    };
    // Whoever asks for `scripted` must not end up at an endpoint that costs money.
    match (&file.driver, named) {
        (Some(driver), Some(named)) if named != driver.value => {
            let problem =
                format!("the provider `{name}` has the driver `{name}`; name this one otherwise");
            Err(source.problem(driver.referenced, problem))
        }
        _ => Ok(word),
    }
}

fn model(
    source: &Source,
    dir: &Path,
    word: ProviderWord,
    file: &ProviderFile,
    problems: &mut Vec<Problem>,
) -> Option<Model> {
    let before = problems.len();
    let index = WORDS.iter().position(|known| *known == word).expect("every word has its place");
    let driver = DRIVERS[index];
    let mut foreign = |key: &str, value: &Option<At<String>>, of: &str| {
        if let Some(value) = value {
            let problem = format!("`{key}` belongs to {of}, this provider's is `{driver}`");
            problems.push(source.problem(value.referenced, problem));
        }
    };
    if word == ProviderWord::Scripted {
        foreign("api_key", &file.api_key, "the drivers `anthropic` and `openai`");
        foreign("base_url", &file.base_url, "the drivers `anthropic` and `openai`");
    } else {
        foreign("scripts", &file.scripts, "the driver `scripted`");
    }
    let key = match &file.api_key {
        Some(text) => {
            let key = Secret::parse(&text.value, dir);
            if key.is_none() && word != ProviderWord::Scripted {
                problems.push(literal(source, text.referenced));
            }
            key
        }
        None => None,
    };
    let base_url = file.base_url.as_ref().filter(|_| word != ProviderWord::Scripted);
    if let Some(url) = base_url
        && let Err(problem) = check_url(&url.value)
    {
        problems.push(source.problem(url.referenced, problem));
    }
    let base_url = base_url.map(|url| url.value.clone());
    let model = match word {
        ProviderWord::Scripted => {
            let scripts = file.scripts.as_ref().map_or(SCRIPTS, |scripts| &scripts.value);
            Model::Scripted { scripts: dir.join(scripts) }
        }
        ProviderWord::Anthropic => {
            let api_key = key.unwrap_or_else(|| Secret::Env(ANTHROPIC_KEY.to_owned()));
            Model::Anthropic { api_key, base_url }
        }
        ProviderWord::OpenAi => {
            // An endpoint of one's own may want no key; the API itself always does.
            let api_key =
                key.or_else(|| base_url.is_none().then(|| Secret::Env(OPENAI_KEY.to_owned())));
            let base_url = base_url.unwrap_or_else(|| OPENAI_URL.to_owned());
            let answer_tokens = file.answer_tokens.as_ref().map(|tokens| tokens.value);
            Model::OpenAi { api_key, base_url, answer_tokens }
        }
    };
    (problems.len() == before).then_some(model)
}

/// The globs of the models that a provider claims.
fn claims(
    source: &Source,
    word: ProviderWord,
    file: Option<At<Vec<At<String>>>>,
    problems: &mut Vec<Problem>,
) -> Vec<String> {
    let Some(models) = file else { return Vec::new() };
    if word == ProviderWord::Scripted {
        let problem =
            "the scripted model plays its script whatever model is asked for; leave `models` out";
        problems.push(source.problem(models.referenced, problem));
    } else if models.value.is_empty() || models.value.len() > MODELS_MAX {
        let problem = format!("1 to {MODELS_MAX} models, or leave `models` out");
        problems.push(source.problem(models.referenced, problem));
    }
    for model in &models.value {
        if model.value.is_empty() || Glob::new(&model.value).is_err() {
            let problem = "a model's id, or a glob such as `claude-*`";
            problems.push(source.problem(model.referenced, problem));
        }
    }
    models.value.into_iter().map(|model| model.value).collect()
}

/// The complaint about a secret in the file.
fn literal(source: &Source, at: Place) -> Problem {
    let message = "secrets do not belong into this file; write a reference, \"${env:NAME}\" or \"${file:PATH}\"";
    source.problem(at, message)
}

/// Whether an endpoint is one, and no secret.
fn check_url(url: &str) -> Result<(), &'static str> {
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

/// The provider that somebody chooses by name.
pub(crate) fn check_chosen(
    source: &Source,
    provider: &At<String>,
    providers: &BTreeMap<String, Provider>,
    declared: &[String],
    problems: &mut Vec<Problem>,
) {
    // A declared one that is wrong has been complained about already.
    if !providers.contains_key(&provider.value) && !declared.contains(&provider.value) {
        let hint = suggest::hint(&provider.value, providers.keys().map(String::as_str));
        let name = shown::word(&provider.value);
        let problem = format!("unknown provider `{name}`{hint}");
        problems.push(source.problem(provider.referenced, problem));
    }
}
