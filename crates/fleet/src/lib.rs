//! The fleet files: a directory that says which agents there are and what they are to do.
//!
//! ```text
//! my-fleet/
//! ├─ fleet.yaml              sessions, and where needed providers, environments, supervision
//! ├─ agents/scribe.md        front matter is the agent's configuration, the body its system prompt
//! ├─ environments/desk.yaml  where tools run
//! └─ scripts/notes.yaml      what the scripted model says in the session `notes`
//! ```
//! [`load`] reads and checks everything and starts nothing. Agents and environments are files as
//! `ant apply` has them, unchanged. What is wrong is said with file, line, column and the line
//! itself, several problems in one go; a value that is a secret is refused and never shown.
//!
//! [`schema`] gives the JSON Schemas of the files, which are what [`load`] reads them by. [`plan`]
//! says what `up` would do about a fleet: a pure function of it and of what a data directory knows.
//!
//! Not here: scripts (the scripted provider reads them), and what becomes of a fleet (`up`).

mod agent;
mod at;
mod check;
mod described;
mod entries;
mod error;
mod file;
mod fleet;
mod limits;
mod load;
mod nodes;
mod plan;
mod resources;
mod schema;
mod secret;
mod shape;
mod shown;
mod source;
mod suggest;
mod tree;
mod written;

pub use error::{Errors, Problem};
pub use fleet::{
    Driver, Environment, Fleet, Model, Passivation, Provider, Session, Supervision, Workspace,
};
pub use load::load;
pub use plan::{Change, Current, Inputs, Known, NoInputs, Plan, Step, plan};
pub use schema::{Kind, schema};
pub use secret::{Secret, SecretError};
