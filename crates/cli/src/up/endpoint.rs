//! Which address a provider is asked at, and who says so: the one rule for `up` and `config show`.

use planaria_fleet::Model;

/// Another endpoint of the Messages API, whatever the fleet's file says.
const ANTHROPIC_BASE_URL: &str = "PLANARIA_ANTHROPIC_BASE_URL";
/// The Messages API.
const ANTHROPIC_URL: &str = "https://api.anthropic.com";
/// Another endpoint of chat completions, where the fleet's file says none. One that it names is
/// somebody else's, and must not get what is meant for this one.
const OPENAI_BASE_URL: &str = "PLANARIA_OPENAI_BASE_URL";
/// The API that the driver `openai` is named after.
const OPENAI_URL: &str = "https://api.openai.com/v1";

/// Who has the last word about an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Says {
    /// An environment variable.
    Variable,
    /// The fleet's file.
    File,
    /// Nobody: it is the API's own.
    Nobody,
}

/// An address in effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// The address.
    pub url: String,
    /// Who says so.
    pub says: Says,
    /// The variable that could.
    pub variable: &'static str,
}

/// Where the provider of this model is asked; `None` of one that is asked nowhere. `env` gives a
/// variable that is set to something.
pub fn of(model: &Model, env: impl Fn(&str) -> Option<String>) -> Option<Endpoint> {
    let (variable, own) = match model {
        Model::Anthropic { .. } => (ANTHROPIC_BASE_URL, ANTHROPIC_URL),
        Model::OpenAi { .. } => (OPENAI_BASE_URL, OPENAI_URL),
        _ => return None,
    };
    let set = env(variable).map(|url| (url, Says::Variable));
    let said = match model {
        Model::Anthropic { base_url, .. } => {
            set.or_else(|| base_url.clone().map(|url| (url, Says::File)))
        }
        Model::OpenAi { base_url, .. } if base_url != OPENAI_URL => {
            Some((base_url.clone(), Says::File))
        }
        _ => set,
    };
    let (url, says) = said.unwrap_or_else(|| (own.to_owned(), Says::Nobody));
    Some(Endpoint { url, says, variable })
}
