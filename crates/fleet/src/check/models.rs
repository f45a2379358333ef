//! Which provider answers which session.

use std::collections::{BTreeMap, BTreeSet};

use super::agents::Agents;
use super::check_chosen;
use crate::at::At;
use crate::error::Problem;
use crate::fleet::Provider;
use crate::shown;
use crate::source::Source;
use crate::suggest;

/// Who may answer.
pub(crate) struct Models<'a> {
    pub source: &'a Source,
    pub providers: &'a BTreeMap<String, Provider>,
    /// The names of the file, also of providers that are wrong.
    pub declared: &'a [String],
    /// The provider that the file chooses.
    pub default: Option<&'a str>,
    /// Whether nobody knows what the file chooses, since that is wrong.
    pub default_is_wrong: bool,
    pub agents: &'a Agents,
}

impl Models<'_> {
    /// The provider of a session: its own, else its agent's, else the one that claims the model;
    /// `None` for the fleet's. `complained` are the agents of which enough was said.
    pub fn of(
        &self,
        agent: &At<String>,
        own: Option<&At<String>>,
        complained: &mut BTreeSet<String>,
        problems: &mut Vec<Problem>,
    ) -> Option<String> {
        let chosen = own.or_else(|| self.agents.providers.get(&agent.value));
        let model = self.agents.read.get(&agent.value).map(|agent| agent.model.id.as_str());
        if let Some(chosen) = chosen {
            check_chosen(self.source, chosen, self.providers, self.declared, problems);
            if let (Some(model), Some(provider)) = (model, self.providers.get(&chosen.value))
                && !provider.models.is_empty()
                && !provider.claims(model)
            {
                let claims = quoted(&provider.models);
                let problem = format!(
                    "the agent `{}` asks for the model `{}`, which `{}` does not claim; it claims {claims}",
                    agent.value,
                    shown::word(model),
                    chosen.value
                );
                problems.push(self.source.problem(chosen.referenced, problem));
            }
            return Some(chosen.value.clone());
        }
        let model = model?;
        let claiming: Vec<&String> = self
            .providers
            .iter()
            .filter(|(_, provider)| provider.claims(model))
            .map(|(name, _)| name)
            .collect();
        let problem = match claiming.as_slice() {
            [one] => return Some((*one).clone()),
            [] => self.unclaimed(&agent.value, model)?,
            [one, other, ..] => format!(
                "the providers `{one}` and `{other}` both claim the model `{}` of the agent `{}`; choose one \
                 with `provider`",
                shown::word(model),
                agent.value
            ),
        };
        if complained.insert(agent.value.clone()) {
            problems.push(self.source.problem(agent.referenced, problem));
        }
        None
    }

    /// What is wrong with a model that nobody claims; nothing if nobody claims any, or if the
    /// fleet's provider takes whatever comes.
    fn unclaimed(&self, agent: &str, model: &str) -> Option<String> {
        let claims: Vec<&str> =
            self.providers.values().flat_map(|p| &p.models).map(String::as_str).collect();
        let takes_all = |name: &str| self.providers.get(name).is_none_or(|p| p.models.is_empty());
        // One that is wrong may be the one that claims it.
        let all_known = self.declared.iter().all(|name| self.providers.contains_key(name));
        let unsure = self.default_is_wrong || !all_known;
        if claims.is_empty() || unsure || self.default.is_some_and(takes_all) {
            return None;
        }
        let hint = suggest::hint(model, claims);
        let model = shown::word(model);
        Some(format!("the agent `{agent}` asks for the unknown model `{model}`{hint}"))
    }
}

fn quoted(globs: &[String]) -> String {
    suggest::quoted(&globs.iter().map(String::as_str).collect::<Vec<_>>())
}
