//! The schemas of the files: generated from the types, committed below `config/schema/`, and what
//! files are checked by, so that an editor and the program say the same.

#[cfg(test)]
mod fresh;
#[cfg(test)]
mod written;

use serde_json::Value;

/// A kind of file that has a schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// `fleet.yaml`.
    Fleet,
    /// An agent's YAML file, or the front matter of its Markdown file.
    Agent,
    /// An environment's file.
    Environment,
    /// What the scripted model says in one session.
    Script,
}

impl Kind {
    /// Every kind there is.
    pub const ALL: [Self; 4] = [Self::Fleet, Self::Agent, Self::Environment, Self::Script];

    /// Its name: `fleet`, `agent`, `environment`, `script`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Fleet => "fleet",
            Self::Agent => "agent",
            Self::Environment => "environment",
            Self::Script => "script",
        }
    }
}

/// The JSON Schema (draft 2020-12) of a kind of file.
pub fn schema(kind: Kind) -> Value {
    let text = match kind {
        Kind::Fleet => include_str!("../../../../config/schema/fleet.schema.json"),
        Kind::Agent => include_str!("../../../../config/schema/agent.schema.json"),
        Kind::Environment => include_str!("../../../../config/schema/environment.schema.json"),
        Kind::Script => include_str!("../../../../config/schema/script.schema.json"),
    };
    serde_json::from_str(text).expect("a test has read every schema")
}
