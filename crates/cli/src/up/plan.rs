//! From a fleet's directory to what `up` works through, and to the model that answers.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, bail, ensure};
use planaria_core::port::provider::Provider;
use planaria_drivers::model::{Anthropic, AnthropicOptions, Script, Scripted};
use planaria_fleet::{Fleet, Secret, Session, Workspace};
use planaria_runtime::{Route, Supervision};

use super::job::{Job, Plan, Seed};
use super::work::{FLEET, NAME};
use crate::cli;

/// The provider that costs nothing and needs nothing.
const SCRIPTED: &str = "scripted";
/// The variable that people have set who use the Messages API.
const KEY: &str = "ANTHROPIC_API_KEY";
/// Another endpoint of the Messages API, whatever the fleet's file says.
const BASE_URL: &str = "PLANARIA_ANTHROPIC_BASE_URL";
/// Bytes of a script that are read; the parser's own bound is lower.
const SCRIPT_READ_MAX: u64 = 2 << 20;

/// A fleet, ready to run.
pub struct Loaded {
    /// What is to be done.
    pub plan: Plan,
    /// Who answers which session.
    pub route: Box<Route>,
    /// How restarts are done.
    pub supervision: Supervision,
    /// What the user may want to know before it starts.
    pub hints: Vec<String>,
}

/// Reads the fleet and prepares its provider. Starts nothing and sends nothing.
pub fn load(args: &cli::Up) -> anyhow::Result<Loaded> {
    let fleet = planaria_fleet::load(&args.fleet)?;
    let mut hints = Vec::new();
    let name = chosen(args, &fleet)?;
    let unasked = args.provider.is_none() && fleet.provider.is_none() && !args.chaos;
    if unasked && std::env::var_os(KEY).is_some_and(|key| !key.is_empty()) {
        hints.push(format!(
            "{KEY} is set, but the scripted model answers; `--provider anthropic` uses the key and costs money"
        ));
    }
    let route = match &fleet.providers[&name] {
        planaria_fleet::Provider::Scripted { scripts } => scripted(&fleet, scripts)?,
        planaria_fleet::Provider::Anthropic { api_key, base_url } => {
            anthropic(&fleet, &name, api_key, base_url.as_deref())?
        }
        _ => bail!("this program does not know the driver of the provider `{name}`"),
    };
    let supervision = supervision(&fleet);
    Ok(Loaded { plan: plan(fleet)?, route, supervision, hints })
}

/// The provider's name: the command line's, else the file's, else the scripted one. A chaos run
/// breaks things on purpose and never costs money for it.
fn chosen(args: &cli::Up, fleet: &Fleet) -> anyhow::Result<String> {
    let is_scripted = |name: &String| {
        matches!(fleet.providers.get(name), Some(planaria_fleet::Provider::Scripted { .. }))
    };
    if let Some(name) = &args.provider {
        let known = fleet.providers.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
        ensure!(
            fleet.providers.contains_key(name),
            "--provider {name}: there is no such provider; this fleet has {known}"
        );
        ensure!(
            !args.chaos || is_scripted(name),
            "--provider {name}: a chaos run is always scripted; leave --provider out"
        );
        return Ok(name.clone());
    }
    let named = fleet.provider.clone().filter(|name| !args.chaos || is_scripted(name));
    Ok(named.unwrap_or_else(|| SCRIPTED.to_owned()))
}

/// One script per session; all that is wrong with them at once.
fn scripted(fleet: &Fleet, scripts: &Path) -> anyhow::Result<Box<Route>> {
    let mut players: BTreeMap<String, Arc<dyn Provider>> = BTreeMap::new();
    let mut problems = Vec::new();
    for session in &fleet.sessions {
        let path = scripts.join(format!("{}.yaml", session.name));
        match script(&path) {
            Ok(script) => {
                let player = Arc::new(Scripted::new(Arc::new(script)));
                players.insert(session.name.clone(), player);
            }
            Err(problem) => problems.push(problem),
        }
    }
    ensure!(problems.is_empty(), "{}", problems.join("\n"));
    let ours = fleet.name.clone();
    Ok(Box::new(move |_, metadata| {
        let name = of_fleet(&ours, metadata)?;
        let player = players.get(name).cloned();
        player.ok_or_else(|| format!("the session `{name}` is no longer in the fleet `{ours}`"))
    }))
}

fn script(path: &Path) -> Result<Script, String> {
    use std::io::{ErrorKind, Read};
    let shown = path.display().to_string();
    let file = std::fs::File::open(path).map_err(|error| match error.kind() {
        ErrorKind::NotFound => format!(
            "{shown}: there is no such script; the scripted model needs one for each session (or use another \
             model with --provider)"
        ),
        _ => format!("{shown}: cannot be read: {error}"),
    })?;
    let mut yaml = String::new();
    let read = file.take(SCRIPT_READ_MAX).read_to_string(&mut yaml);
    read.map_err(|error| format!("{shown}: cannot be read: {error}"))?;
    Script::parse(&shown, &yaml).map_err(|error| error.to_string())
}

fn anthropic(
    fleet: &Fleet,
    name: &str,
    api_key: &Secret,
    base_url: Option<&str>,
) -> anyhow::Result<Box<Route>> {
    let key = api_key.resolve().with_context(|| format!("the provider `{name}` needs its key"))?;
    let mut options = AnthropicOptions::new(key);
    let other = std::env::var(BASE_URL).ok().filter(|url| !url.is_empty());
    if let Some(url) = other.or_else(|| base_url.map(str::to_owned)) {
        options = options.at(url);
    }
    let provider = Anthropic::new(&options).with_context(|| format!("the provider `{name}`"))?;
    let provider: Arc<dyn Provider> = Arc::new(provider);
    let ours = fleet.name.clone();
    Ok(Box::new(move |_, metadata| of_fleet(&ours, metadata).map(|_| provider.clone())))
}

/// The session's name in this fleet. Sessions of another fleet may share the data directory.
fn of_fleet<'m>(ours: &str, metadata: &'m BTreeMap<String, String>) -> Result<&'m str, String> {
    match (metadata.get(FLEET), metadata.get(NAME)) {
        (Some(fleet), Some(name)) if fleet == ours => Ok(name),
        (Some(fleet), _) => Err(format!(
            "this session belongs to the fleet `{fleet}`, but `{ours}` is running; bring that fleet up"
        )),
        _ => Err(format!("this session belongs to no fleet, but `{ours}` is running")),
    }
}

fn supervision(fleet: &Fleet) -> Supervision {
    let (ours, default) = (fleet.supervision, Supervision::default());
    Supervision {
        max_restarts: ours.max_restarts.unwrap_or(default.max_restarts),
        within: ours.within.unwrap_or(default.within),
        backoff_from: ours.backoff_from.unwrap_or(default.backoff_from),
        backoff_to: ours.backoff_to.unwrap_or(default.backoff_to),
        passivate_after: default.passivate_after,
    }
}

fn plan(fleet: Fleet) -> anyhow::Result<Plan> {
    let Fleet { name, agents, sessions, .. } = fleet;
    let job = |session: Session| {
        let agent = agents.get(&session.agent).cloned();
        Ok(Job {
            agent: agent.with_context(|| format!("there is no agent `{}`", session.agent))?,
            name: session.name,
            environment: session.environment,
            prompt: session.prompt,
            after: session.after,
            seed: session.workspace.map(|workspace| match workspace {
                Workspace::Copy(directory) => Seed::Copy(directory),
                Workspace::Repository(directory) => Seed::Repository(directory),
            }),
            check: session.check,
        })
    };
    let jobs = sessions.into_iter().map(job).collect::<anyhow::Result<_>>()?;
    Ok(Plan { fleet: name, jobs })
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use planaria_core::SessionId;

    use super::*;

    /// A fleet of two sessions; `plays` has scripts for both, `scripts` for one of them.
    fn world() -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        let file = |name: &str, content: &str| {
            let path = dir.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, content).unwrap();
        };
        file(
            "fleet.yaml",
            "fleet: f\nproviders:\n  plays: { driver: scripted, scripts: plays }\n  paid: { driver: anthropic, api_key: \"${file:key}\", base_url: \"http://127.0.0.1:1\" }\nsupervision: { intensity: { max_restarts: 9 } }\nsessions:\n  one: { agent: a, prompt: x, workspace: { copy: agents } }\n  two: { agent: a, prompt: y, after: [one] }\n",
        );
        file("agents/a.md", "---\nname: A\nmodel: m\n---\n");
        file("scripts/one.yaml", "steps: [ { say: hello } ]");
        file("plays/one.yaml", "steps: [ { say: hello } ]");
        file("plays/two.yaml", "steps: [ { say: hello } ]");
        dir
    }

    fn args(dir: &tempfile::TempDir, more: &[&str]) -> cli::Up {
        let fleet = dir.path().display().to_string();
        let line = [&["planaria", "up", fleet.as_str()], more].concat();
        match cli::Cli::try_parse_from(line).unwrap().command {
            cli::Command::Up(up) => up,
            other => panic!("{other:?}"),
        }
    }

    fn refusal(dir: &tempfile::TempDir, more: &[&str]) -> String {
        match load(&args(dir, more)) {
            Ok(_) => panic!("{more:?} is accepted"),
            Err(error) => format!("{error:#}"),
        }
    }

    fn ask(loaded: &Loaded, fleet: &str, name: &str) -> Result<String, String> {
        let labels = [(FLEET, fleet), (NAME, name)];
        let metadata = labels.map(|(k, v)| (k.to_owned(), v.to_owned())).into();
        let provider = (loaded.route)(SessionId::from_bytes([0; 16]), &metadata)?;
        Ok(provider.name().to_owned())
    }

    #[test]
    fn a_fleet_becomes_a_plan_in_its_own_order() {
        let dir = world();
        let loaded = load(&args(&dir, &["--provider", "plays"])).unwrap();
        let jobs = &loaded.plan.jobs;
        assert_eq!((loaded.plan.fleet.as_str(), jobs.len()), ("f", 2));
        assert_eq!(
            (jobs[0].name.as_str(), jobs[1].after.as_slice()),
            ("one", ["one".to_owned()].as_slice())
        );
        assert_eq!(jobs[0].seed, Some(Seed::Copy(dir.path().join("agents"))));
        assert_eq!(loaded.supervision.max_restarts, 9);
        assert_eq!(loaded.supervision.within, Supervision::default().within);
    }

    #[test]
    fn a_session_is_answered_by_its_own_script_and_only_in_its_fleet() {
        let dir = world();
        let loaded = load(&args(&dir, &["--provider", "plays"])).unwrap();
        assert_eq!(ask(&loaded, "f", "two").unwrap(), "scripted");
        assert!(ask(&loaded, "f", "three").unwrap_err().contains("no longer in the fleet"));
        assert!(ask(&loaded, "g", "two").unwrap_err().contains("the fleet `g`"));
    }

    #[test]
    fn a_missing_script_is_named_before_anything_starts() {
        let dir = world();
        let error = refusal(&dir, &[]);
        assert!(error.contains("scripts/two.yaml: there is no such script"), "{error}");
        std::fs::write(dir.path().join("scripts/one.yaml"), "steps: [ { sai: x } ]").unwrap();
        let error = refusal(&dir, &[]);
        assert!(error.contains("scripts/one.yaml:1:") && error.contains("two.yaml"), "{error}");
    }

    #[test]
    fn an_unknown_provider_is_refused_with_those_there_are() {
        let error = refusal(&world(), &["--provider", "openai"]);
        assert!(error.contains("anthropic, paid, plays, scripted"), "{error}");
    }

    #[test]
    fn chaos_never_asks_a_model_that_costs_money() {
        let dir = world();
        let error = refusal(&dir, &["--chaos", "--provider", "paid"]);
        assert!(error.contains("always scripted"), "{error}");
        let loaded = load(&args(&dir, &["--chaos", "--provider", "plays"])).unwrap();
        assert_eq!(ask(&loaded, "f", "one").unwrap(), "scripted");
        let fleet = dir.path().join("fleet.yaml");
        let text = std::fs::read_to_string(&fleet).unwrap();
        std::fs::write(&fleet, text.replace("fleet: f\n", "fleet: f\nprovider: paid\n")).unwrap();
        std::fs::write(dir.path().join("scripts/two.yaml"), "steps: [ { say: x } ]").unwrap();
        let loaded = load(&args(&dir, &["--chaos"])).unwrap();
        assert_eq!(ask(&loaded, "f", "one").unwrap(), "scripted");
    }

    #[test]
    fn a_key_is_wanted_only_by_whoever_asks_for_its_provider() {
        let dir = world();
        let error = refusal(&dir, &["--provider", "paid"]);
        assert!(
            error.contains("`paid` needs its key") && error.contains("key cannot be read"),
            "{error}"
        );
        std::fs::write(dir.path().join("key"), "k\n").unwrap();
        let loaded = load(&args(&dir, &["--provider", "paid"])).unwrap();
        assert_eq!(ask(&loaded, "f", "one").unwrap(), "anthropic");
        assert!(loaded.hints.is_empty());
    }
}
