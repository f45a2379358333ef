//! `planaria config show`.

use std::ffi::OsString;

use planaria_fleet::Fleet;
use serde::Serialize;
use serde_json::json;

use super::Show;
use super::settings::{BASE_URL, KEYS, Places, SETTINGS, Setting};
use crate::exit::Code;
use crate::output::{self, Format};
use crate::terminal::{Color, tame};
use crate::up::endpoint::{self, Says};

/// Where a value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Source {
    Flag,
    Env,
    Fleet,
    Default,
}

impl Source {
    fn word(self) -> &'static str {
        match self {
            Self::Flag => "flag",
            Self::Env => "env",
            Self::Fleet => "fleet",
            Self::Default => "default",
        }
    }
}

/// A setting in effect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Effective {
    name: String,
    value: String,
    source: Source,
    /// What set it, or could: flag, variable, key of the fleet's file.
    set_by: Vec<String>,
    #[serde(skip_serializing_if = "str::is_empty")]
    about: &'static str,
}

pub fn run(show: &Show, verbose: u8, color: Color) -> anyhow::Result<Code> {
    let fleet = show.fleet.as_ref().map(|dir| planaria_fleet::load(dir)).transpose()?;
    let env = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    let places = Places { show, verbose, color, env: &env, fleet: fleet.as_ref() };
    let settings = effective(&places);
    let strangers = strangers(std::env::vars_os().map(|(name, _)| name));
    match show.output {
        Format::Json => {
            let document = json!({ "settings": settings, "not_read": strangers });
            output::data(&serde_json::to_string_pretty(&document)?)?;
        }
        Format::Human => {
            lines(&settings, show.sources).iter().try_for_each(|line| output::data(line))?;
            for name in strangers {
                let name = tame(&name);
                let hint = output::hint_word();
                output::say(&format!("{hint} {name} is set, and this version does not read it"));
            }
        }
    }
    Ok(Code::Ok)
}

fn effective(places: &Places<'_>) -> Vec<Effective> {
    // Of a fleet's providers each has an endpoint of its own.
    let general = |setting: &&Setting| places.fleet.is_none() || !setting.name.ends_with(BASE_URL);
    let general = SETTINGS.iter().filter(general);
    let mut all: Vec<Effective> = general.map(|setting| one(setting, places)).collect();
    if let Some(fleet) = places.fleet {
        all.extend(endpoints_of(fleet, places));
        all.extend(keys_of(fleet));
    }
    let named: Vec<String> = all.iter().flat_map(|setting| setting.set_by.clone()).collect();
    // Those that a fleet would name without being told to.
    all.extend(KEYS.iter().filter(|key| !named.contains(&key.to_string())).map(|key| Effective {
        name: format!("key {key}"),
        value: is_set(places.var(key).is_some()),
        source: if places.var(key).is_some() { Source::Env } else { Source::Default },
        set_by: vec![key.to_string()],
        about: "Key of a provider; used only where a provider that needs it is chosen.",
    }));
    all
}

fn one(setting: &Setting, places: &Places<'_>) -> Effective {
    let env = || setting.env.and_then(|name| places.var(name));
    let (value, source) = if let Some(value) = (setting.from_flag)(places) {
        (value, Source::Flag)
    } else if let Some(value) = env() {
        (value, Source::Env)
    } else if let Some(value) = places.fleet.and_then(setting.from_fleet) {
        (value, Source::Fleet)
    } else {
        (setting.default.to_owned(), Source::Default)
    };
    let by = [setting.flag, setting.env, setting.key].into_iter().flatten();
    Effective {
        name: setting.name.to_owned(),
        value: without_password(&value),
        source,
        set_by: by.map(str::to_owned).collect(),
        about: setting.about,
    }
}

/// Addresses may hold a password in front of the host.
fn without_password(value: &str) -> String {
    let Some((scheme, rest)) = value.split_once("://") else { return value.to_owned() };
    let (host, path) = rest.split_once('/').map_or((rest, None), |(h, p)| (h, Some(p)));
    match host.rsplit_once('@') {
        Some((_, host)) => {
            let path = path.map_or_else(String::new, |path| format!("/{path}"));
            format!("{scheme}://…@{host}{path}")
        }
        None => value.to_owned(),
    }
}

/// Where each provider of a fleet is asked, as `up` finds it.
fn endpoints_of(fleet: &Fleet, places: &Places<'_>) -> Vec<Effective> {
    let endpoints = fleet.providers.iter().filter_map(|(name, provider)| {
        let endpoint = endpoint::of(&provider.model, |variable| places.var(variable))?;
        let source = match endpoint.says {
            Says::Variable => Source::Env,
            Says::File => Source::Fleet,
            Says::Nobody => Source::Default,
        };
        Some(Effective {
            name: format!("{name}{BASE_URL}"),
            value: without_password(&endpoint.url),
            source,
            set_by: vec![endpoint.variable.to_owned(), format!("providers.{name}.base_url")],
            about: "Endpoint of a provider of this fleet.",
        })
    });
    endpoints.collect()
}

/// Whether each provider of a fleet has its key.
fn keys_of(fleet: &Fleet) -> Vec<Effective> {
    let mut keys = Vec::new();
    for (name, provider) in &fleet.providers {
        if let Some(api_key) = provider.model.secret() {
            let reference = api_key.to_string();
            let variable = reference.strip_prefix("${env:").and_then(|r| r.strip_suffix('}'));
            keys.push(Effective {
                name: format!("key of the provider {name}"),
                value: is_set(api_key.resolve().is_ok()),
                source: Source::Fleet,
                set_by: vec![variable.unwrap_or(&reference).to_owned()],
                about: "Key of a provider of this fleet.",
            });
        }
    }
    keys
}

fn is_set(set: bool) -> String {
    if set { "set" } else { "not set" }.to_owned()
}

/// What a hand tells the commands that it runs; set for whoever runs us in one.
const OF_HANDS: &str = "PLANARIA_WORKSPACE";

/// Variables that look like ours and that nobody reads: a misspelling, perhaps.
fn strangers(names: impl Iterator<Item = OsString>) -> Vec<String> {
    let names = names.map(|name| name.to_string_lossy().into_owned());
    let known =
        |name: &str| name == OF_HANDS || SETTINGS.iter().any(|setting| setting.env == Some(name));
    let mut found: Vec<String> =
        names.filter(|name| name.starts_with("PLANARIA_") && !known(name)).collect();
    found.sort_unstable();
    found
}

fn lines(settings: &[Effective], sources: bool) -> Vec<String> {
    let width = settings.iter().map(|setting| setting.name.len()).max().unwrap_or_default();
    let mut lines = Vec::new();
    for Effective { name, value, source, set_by, about } in settings {
        let value = tame(value);
        if sources {
            lines.push(format!("{name:<width$}  {:<7}  {value}", source.word()));
            lines.push(format!("{:<width$}           {about} Set by {}.", "", set_by.join(", ")));
        } else {
            lines.push(format!("{name:<width$}  {value}"));
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn show(data_dir: Option<&str>) -> Show {
        Show {
            sources: true,
            fleet: None,
            data_dir: data_dir.map(Into::into),
            provider: None,
            no_progress: false,
            output: Format::Human,
        }
    }

    fn of(show: &Show, verbose: u8, vars: &[(&str, &str)]) -> Vec<Effective> {
        let env = |name: &str| {
            vars.iter().find(|(n, _)| *n == name).map(|(_, value)| OsString::from(*value))
        };
        effective(&Places { show, verbose, color: Color::Auto, env: &env, fleet: None })
    }

    fn setting<'a>(all: &'a [Effective], name: &str) -> (&'a str, Source) {
        let found = all.iter().find(|setting| setting.name == name).expect(name);
        (&found.value, found.source)
    }

    #[test]
    fn a_flag_counts_before_a_variable_and_a_variable_before_the_default() {
        let vars = [("PLANARIA_DATA_DIR", "/env")];
        assert_eq!(
            setting(&of(&show(Some("/flag")), 0, &vars), "data-dir"),
            ("/flag", Source::Flag)
        );
        assert_eq!(setting(&of(&show(None), 0, &vars), "data-dir"), ("/env", Source::Env));
        assert_eq!(setting(&of(&show(None), 0, &[]), "data-dir"), (".planaria", Source::Default));
        assert_eq!(setting(&of(&show(None), 2, &[]), "log"), ("debug", Source::Flag));
    }

    #[test]
    fn every_provider_of_a_fleet_shows_the_endpoint_that_up_would_ask() {
        let dir = tempfile::tempdir().unwrap();
        let fleet = "fleet: f\nproviders:\n  openai: { base_url: \"http://127.0.0.1:9/v1\" }\n  \
                     chat: { driver: openai }\n  \
                     claude: { driver: anthropic, base_url: \"http://127.0.0.1:8\" }\n\
                     sessions: { job: { agent: a, prompt: x } }\n";
        std::fs::write(dir.path().join("fleet.yaml"), fleet).unwrap();
        std::fs::create_dir(dir.path().join("agents")).unwrap();
        std::fs::write(dir.path().join("agents/a.yaml"), "name: A\nmodel: m\n").unwrap();
        let fleet = planaria_fleet::load(dir.path()).unwrap();
        let of = |vars: &[(&str, &str)]| {
            let env = |name: &str| {
                vars.iter().find(|(n, _)| *n == name).map(|(_, value)| OsString::from(*value))
            };
            let (show, fleet) = (show(None), Some(&fleet));
            effective(&Places { show: &show, verbose: 0, color: Color::Auto, env: &env, fleet })
        };
        let quiet = of(&[]);
        assert_eq!(setting(&quiet, "openai.base-url"), ("http://127.0.0.1:9/v1", Source::Fleet));
        assert_eq!(
            setting(&quiet, "chat.base-url"),
            ("https://api.openai.com/v1", Source::Default)
        );
        assert_eq!(setting(&quiet, "claude.base-url"), ("http://127.0.0.1:8", Source::Fleet));
        let set = of(&[
            ("PLANARIA_OPENAI_BASE_URL", "http://o"),
            ("PLANARIA_ANTHROPIC_BASE_URL", "http://a"),
        ]);
        assert_eq!(setting(&set, "openai.base-url"), ("http://127.0.0.1:9/v1", Source::Fleet));
        assert_eq!(setting(&set, "chat.base-url"), ("http://o", Source::Env));
        assert_eq!(setting(&set, "claude.base-url"), ("http://a", Source::Env));
        assert_eq!(setting(&set, "anthropic.base-url"), ("http://a", Source::Env));
    }

    #[test]
    fn a_key_is_set_or_not_and_its_value_is_nowhere() {
        let all = of(&show(None), 0, &[("ANTHROPIC_API_KEY", "sk-secret-7")]);
        assert_eq!(setting(&all, "key ANTHROPIC_API_KEY"), ("set", Source::Env));
        assert_eq!(setting(&all, "key OPENAI_API_KEY").0, "not set");
        let shown = lines(&all, true).join("\n") + &serde_json::to_string(&all).expect("JSON");
        assert!(!shown.contains("secret"));
    }

    #[test]
    fn an_address_is_shown_without_its_password() {
        assert_eq!(without_password("https://u:secret@host/v1"), "https://…@host/v1");
        assert_eq!(without_password("https://host/a@b"), "https://host/a@b");
        assert_eq!(without_password("/a/b"), "/a/b");
    }

    #[test]
    fn a_variable_that_nobody_reads_is_named() {
        let names = ["PLANARIA_DATADIR", "PLANARIA_LOG", "HOME"].map(OsString::from);
        assert_eq!(strangers(names.into_iter()), ["PLANARIA_DATADIR"]);
    }
}
