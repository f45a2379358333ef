//! Who answers the model requests of a fleet's sessions.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use anyhow::{Context, bail, ensure};
use planaria_core::port::BoxStream;
use planaria_core::port::provider::{Delta, Error, Provider};
use planaria_drivers::model::{Anthropic, AnthropicOptions, OpenAi, OpenAiOptions, Scripted};
use planaria_fleet::{Fleet, Model, Secret};
use planaria_runtime::Route;

use super::work::{FLEET, NAME};
use super::{endpoint, scripts};

/// The providers of a fleet's sessions, by the sessions' names.
pub struct Answers {
    fleet: String,
    sessions: BTreeMap<String, Arc<dyn Provider>>,
}

impl Answers {
    /// Makes the providers that are needed. `overriding` answers every session instead of those
    /// that the files choose. Sends nothing.
    pub fn new(fleet: &Fleet, overriding: Option<&str>) -> anyhow::Result<Self> {
        let chosen = |session| overriding.unwrap_or_else(|| fleet.provider_of(session));
        let scripts = scripts::of_fleet(fleet, overriding);
        let scripts = scripts.map_err(|problems| scripts::error(&problems))?;
        let mut players: BTreeMap<String, Arc<dyn Provider>> = BTreeMap::new();
        for (entry, script) in scripts {
            players.insert(entry, Arc::new(Scripted::new(Arc::new(script))));
        }
        let mut endpoints: BTreeMap<&str, Arc<dyn Provider>> = BTreeMap::new();
        let mut sessions = BTreeMap::new();
        for session in &fleet.sessions {
            let name = chosen(session);
            let provider = &fleet.providers[name];
            let answers = match (&provider.model, endpoints.get(name)) {
                (Model::Scripted { .. }, _) => players[session.entry()].clone(),
                (_, Some(made)) => made.clone(),
                (model, None) => {
                    let made = connected(name, model)?;
                    endpoints.insert(name, made.clone());
                    made
                }
            };
            let answers = match provider.max_concurrency {
                Some(max) => Arc::new(Limited { name: name.to_owned(), max, inner: answers }),
                None => answers,
            };
            sessions.insert(session.name.clone(), answers);
        }
        Ok(Self { fleet: fleet.name.clone(), sessions })
    }

    /// Who answers the session with these labels. Sessions of another fleet may share the data
    /// directory.
    pub fn of(&self, labels: &BTreeMap<String, String>) -> Result<Arc<dyn Provider>, String> {
        let ours = &self.fleet;
        match (labels.get(FLEET), labels.get(NAME)) {
            (Some(fleet), Some(name)) if fleet == ours => {
                self.sessions.get(name).cloned().ok_or_else(|| {
                    format!("the session `{name}` is no longer in the fleet `{ours}`")
                })
            }
            (Some(fleet), _) => Err(format!(
                "this session belongs to the fleet `{fleet}`, but `{ours}` is running; bring that fleet up"
            )),
            _ => Err(format!("this session belongs to no fleet, but `{ours}` is running")),
        }
    }
}

/// The provider of this name, at its endpoint. Sends nothing.
fn connected(name: &str, model: &Model) -> anyhow::Result<Arc<dyn Provider>> {
    let url = endpoint::of(model, set).map(|endpoint| endpoint.url);
    match (model, url) {
        (Model::Anthropic { api_key, .. }, Some(url)) => anthropic(name, api_key, url),
        (Model::OpenAi { api_key, answer_tokens, .. }, Some(url)) => {
            openai(name, api_key.as_ref(), url, *answer_tokens)
        }
        _ => {
            bail!("this program cannot speak to the provider `{name}`: its driver is not built in")
        }
    }
}

fn anthropic(name: &str, api_key: &Secret, url: String) -> anyhow::Result<Arc<dyn Provider>> {
    let key = api_key.resolve().with_context(|| format!("the provider `{name}` needs its key"))?;
    let options = AnthropicOptions::new(key).named(name).at(url);
    let provider = Anthropic::new(&options).with_context(|| format!("the provider `{name}`"))?;
    Ok(Arc::new(provider))
}

fn openai(
    name: &str,
    api_key: Option<&Secret>,
    url: String,
    answer_tokens: Option<u32>,
) -> anyhow::Result<Arc<dyn Provider>> {
    let mut options = OpenAiOptions::new(url).named(name);
    if let Some(tokens) = answer_tokens {
        options = options.answer_tokens_max(tokens);
    }
    if let Some(key) = api_key {
        let key = key.resolve().with_context(|| format!("the provider `{name}` needs its key"))?;
        options = options.key(key);
    }
    let provider = OpenAi::new(&options).with_context(|| format!("the provider `{name}`"))?;
    Ok(Arc::new(provider))
}

/// A variable that says something.
fn set(variable: &str) -> Option<String> {
    std::env::var(variable).ok().filter(|value| !value.is_empty())
}

/// A provider with a bound of its own on the requests in flight.
struct Limited {
    name: String,
    max: u32,
    inner: Arc<dyn Provider>,
}

impl Provider for Limited {
    fn name(&self) -> &str {
        &self.name
    }

    fn requests_max(&self) -> Option<usize> {
        usize::try_from(self.max).ok()
    }

    fn answer(
        &self,
        request: Arc<planaria_core::model::Request>,
    ) -> BoxStream<'static, Result<Delta, Error>> {
        self.inner.answer(request)
    }
}

/// The answers of a running fleet, which may be others after its files were read again.
#[derive(Clone)]
pub struct Answering(Arc<RwLock<Arc<Answers>>>);

impl Answering {
    /// These, until they are replaced.
    pub fn new(answers: Answers) -> Self {
        Self(Arc::new(RwLock::new(Arc::new(answers))))
    }

    /// From now on these.
    pub fn replace(&self, answers: Answers) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(answers);
    }

    /// The way from a session to who answers it.
    pub fn route(&self) -> Box<Route> {
        let answers = self.0.clone();
        Box::new(move |_, labels| answers.read().unwrap_or_else(PoisonError::into_inner).of(labels))
    }
}

/// Whether a provider, by its name, is the scripted model.
pub fn is_scripted(fleet: &Fleet, name: &str) -> bool {
    matches!(fleet.providers.get(name).map(|p| &p.model), Some(Model::Scripted { .. }))
}

/// The provider that overrides what the files choose: the command line's. A chaos run breaks
/// things on purpose and never costs money for it.
pub fn overriding(
    fleet: &Fleet,
    asked: Option<&str>,
    chaos: bool,
) -> anyhow::Result<Option<String>> {
    if let Some(name) = asked {
        let known = fleet.providers.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
        ensure!(
            fleet.providers.contains_key(name),
            "--provider {name}: there is no such provider; this fleet has {known}"
        );
        ensure!(
            !chaos || is_scripted(fleet, name),
            "--provider {name}: a chaos run is always scripted; leave --provider out"
        );
        return Ok(Some(name.to_owned()));
    }
    let free = fleet.sessions.iter().all(|session| is_scripted(fleet, fleet.provider_of(session)));
    Ok((chaos && !free).then(|| SCRIPTED.to_owned()))
}

/// The provider that costs nothing and needs nothing.
const SCRIPTED: &str = "scripted";
