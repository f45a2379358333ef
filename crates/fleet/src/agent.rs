//! Agents' files, as `ant apply` has them: YAML, or Markdown whose front matter is the
//! configuration and whose body is the system prompt.

use std::borrow::Cow;
use std::fmt;
use std::path::Path;

use planaria_core::agent::{Agent, AgentParams};
use serde::Deserialize;
use serde::de::value::{MapAccessDeserializer, StringDeserializer};
use serde::de::{DeserializeSeed, Deserializer, Error as _, IntoDeserializer, MapAccess, Visitor};
use serde_saphyr::{Location, Spanned};

use crate::error::Problem;
use crate::source::{Source, options};

/// What an agent's file ends with.
pub(crate) const EXTENSIONS: [&str; 3] = ["md", "yaml", "yml"];

/// Reads an agent's file.
///
/// # Errors
/// The first problem of the file.
pub(crate) fn read(path: &Path) -> Result<Agent, Problem> {
    let source = Source::read(path)?;
    match path.extension().and_then(|e| e.to_str()) {
        Some("md") => markdown(&source),
        Some("yaml" | "yml") => agent(&source, &source.text, None),
        _ => Err(source.whole("an agent's file ends with .md, .yaml or .yml")),
    }
}

fn markdown(source: &Source) -> Result<Agent, Problem> {
    let missing = "has no front matter; it begins with a line `---`, then `name:` and `model:`, then a line `---`, \
                   and the rest is the system prompt";
    let text = source.text.strip_prefix('\u{feff}').unwrap_or(&source.text);
    let mut lines = text.split_inclusive('\n');
    let first = lines.next().unwrap_or_default();
    if first.trim_end() != "---" {
        return Err(source.whole(missing));
    }
    let mut end = first.len();
    for line in lines {
        if line.trim_end() == "---" {
            let (front, body) = (&text[..end], &text[end + line.len()..]);
            return agent(source, front, Some(body.trim()));
        }
        end += line.len();
    }
    Err(source.whole("its front matter has no end; close it with a line `---`"))
}

fn agent(source: &Source, yaml: &str, body: Option<&str>) -> Result<Agent, Problem> {
    let mut keys = Keys::default();
    // The opening line of a front matter stays in the text, so that places are those of the file.
    let parsed = serde_saphyr::with_deserializer_from_str_with_options(yaml, options(), |de| {
        (&mut keys).deserialize(de)
    });
    let mut params = parsed.map_err(|error| {
        let unknown =
            matches!(error.without_snippet(), serde_saphyr::Error::SerdeUnknownField { .. });
        let at = if unknown { keys.last().or(error.location()) } else { error.location() };
        source.yaml_problem(&error, at.or_else(|| keys.last()))
    })?;
    let body = body.filter(|body| !body.is_empty());
    if let (Some(at), Some(_)) = (keys.find("system"), body) {
        let problem = "the body below the front matter is the system prompt; leave out `system`";
        return Err(source.problem(at, problem));
    }
    if let Some(body) = body {
        params.system = Some(body.to_owned());
    }
    params.materialise().map_err(|invalid| {
        let key = invalid.path.split('.').next().unwrap_or_default();
        match keys.find(key) {
            Some(at) => source.problem(at, invalid.to_string()),
            None => source.whole(invalid.to_string()),
        }
    })
}

/// The top-level keys that have been met, and where.
#[derive(Debug, Default)]
struct Keys(Vec<(String, Location)>);

impl Keys {
    fn find(&self, key: &str) -> Option<Location> {
        self.0.iter().find(|(name, _)| name == key).map(|(_, at)| *at)
    }

    fn last(&self) -> Option<Location> {
        self.0.last().map(|(_, at)| *at)
    }
}

impl<'de> DeserializeSeed<'de> for &mut Keys {
    type Value = AgentParams;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<AgentParams, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for &mut Keys {
    type Value = AgentParams;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an agent's configuration")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<AgentParams, A::Error> {
        AgentParams::deserialize(MapAccessDeserializer::new(Fields { map, keys: self }))
    }
}

/// The fields of a file without `type: agent`, which says only what kind of file it is.
struct Fields<'k, A> {
    map: A,
    keys: &'k mut Keys,
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Fields<'_, A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, A::Error> {
        while let Some(key) = self.map.next_key::<Spanned<String>>()? {
            self.keys.0.push((key.value.clone(), key.referenced));
            if key.value != "type" {
                let key: StringDeserializer<A::Error> = key.value.into_deserializer();
                return seed.deserialize(key).map(Some);
            }
            let kind: Cow<'de, str> = self.map.next_value()?;
            if kind != "agent" {
                return Err(A::Error::custom("the `type` of an agent's file is `agent`"));
            }
        }
        Ok(None)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        self.map.next_value_seed(seed)
    }
}
