//! `planaria schema`.

use clap::{Args, ValueEnum};

use crate::exit::Code;
use crate::output::data;

/// What `schema --help` ends with.
const AFTER_HELP: &str = "\
Editors that know the YAML language server complete and check a file that begins with

  # yaml-language-server: $schema=PATH

where PATH leads to what this command printed.

Examples:
  planaria schema > fleet.schema.json
  planaria schema agent > agent.schema.json";

/// Print the JSON Schema of a kind of file.
///
/// The schemas are draft 2020-12, and the same that this program checks files by.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub struct Schema {
    /// The kind of file.
    #[arg(value_enum, default_value_t = Kind::Fleet)]
    kind: Kind,
}

/// A kind of file that has a schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// fleet.yaml.
    Fleet,
    /// An agent, in YAML or as the front matter of a Markdown file.
    Agent,
    /// An environment.
    Environment,
    /// What the scripted model says in one session.
    Script,
}

impl Schema {
    /// Prints it.
    pub fn run(self) -> anyhow::Result<Code> {
        let kind = match self.kind {
            Kind::Fleet => planaria_fleet::Kind::Fleet,
            Kind::Agent => planaria_fleet::Kind::Agent,
            Kind::Environment => planaria_fleet::Kind::Environment,
            Kind::Script => planaria_fleet::Kind::Script,
        };
        data(&serde_json::to_string_pretty(&planaria_fleet::schema(kind))?)?;
        Ok(Code::Ok)
    }
}
