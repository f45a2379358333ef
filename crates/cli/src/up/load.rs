//! From a fleet's directory to what `up` runs.

use planaria_core::context::WholeLog;
use planaria_fleet::{Fleet, Passivation};
use planaria_runtime::Supervision;

use super::Args;
use super::answers::{self, Answers};

/// The variable that people have set who use the Messages API.
const KEY: &str = "ANTHROPIC_API_KEY";

/// A fleet, ready to run.
pub struct Loaded {
    /// What the files say.
    pub fleet: Fleet,
    /// Who answers which session.
    pub answers: Answers,
    /// How restarts are done.
    pub supervision: Supervision,
    /// Tokens of a conversation at which it is summed up.
    pub compact_at: u64,
    /// What the user may want to know before it starts.
    pub hints: Vec<String>,
}

/// Reads the fleet and prepares its providers. Starts nothing and sends nothing.
pub fn load(args: &Args) -> anyhow::Result<Loaded> {
    let fleet = planaria_fleet::load(&args.fleet)?;
    let overriding = answers::overriding(&fleet, args.provider.as_deref(), args.chaos)?;
    let mut hints: Vec<String> = fleet.warnings.iter().map(ToString::to_string).collect();
    let chosen = overriding.is_some()
        || fleet.provider.is_some()
        || fleet.sessions.iter().any(|session| session.provider.is_some())
        || args.chaos;
    if !chosen && std::env::var_os(KEY).is_some_and(|key| !key.is_empty()) {
        hints.push(format!(
            "{KEY} is set, but the scripted model answers; `--provider anthropic` uses the key and costs money"
        ));
    }
    let answers = Answers::new(&fleet, overriding.as_deref())?;
    let supervision = supervision(&fleet);
    let compact_at = compact_at(&fleet, overriding.as_deref());
    Ok(Loaded { fleet, answers, supervision, compact_at, hints })
}

/// The smallest window of those who answer the fleet's sessions: one bound holds for all of them.
fn compact_at(fleet: &Fleet, overriding: Option<&str>) -> u64 {
    let tokens = match overriding {
        Some(name) => fleet.providers.get(name).and_then(|provider| provider.context_tokens),
        None => fleet.context_tokens(),
    };
    tokens.map_or(WholeLog::default().compact_at, u64::from)
}

fn supervision(fleet: &Fleet) -> Supervision {
    let (ours, default) = (fleet.supervision, Supervision::default());
    Supervision {
        max_restarts: ours.max_restarts.unwrap_or(default.max_restarts),
        within: ours.within.unwrap_or(default.within),
        backoff_from: ours.backoff_from.unwrap_or(default.backoff_from),
        backoff_to: ours.backoff_to.unwrap_or(default.backoff_to),
        passivate_after: ours.passivate_after.map_or(default.passivate_after, Passivation::after),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::super::work::{FLEET, NAME};
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

    fn args(dir: &tempfile::TempDir, more: &[&str]) -> Args {
        let fleet = dir.path().display().to_string();
        let line = [&["planaria", "up", fleet.as_str()], more].concat();
        match crate::cli::Cli::try_parse_from(line).unwrap().command {
            crate::cli::Command::Up(up) => up,
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
        let provider = loaded.answers.of(&metadata)?;
        Ok(provider.name().to_owned())
    }

    #[test]
    fn what_a_fleet_does_not_say_of_its_supervision_has_the_runtimes_default() {
        let loaded = load(&args(&world(), &["--provider", "plays"])).unwrap();
        assert_eq!(loaded.supervision.max_restarts, 9);
        assert_eq!(loaded.supervision.within, Supervision::default().within);
    }

    #[test]
    fn a_conversation_is_summed_up_where_the_provider_says_that_answers_it() {
        let dir = world();
        let fleet = dir.path().join("fleet.yaml");
        let text = std::fs::read_to_string(&fleet).unwrap();
        let bounded = text
            .replace("fleet: f\n", "fleet: f\nprovider: paid\n")
            .replace("127.0.0.1:1\" }", "127.0.0.1:1\", context_tokens: 20000 }")
            .replace("scripts: plays }", "scripts: plays, context_tokens: 30000 }");
        std::fs::write(&fleet, bounded).unwrap();
        std::fs::write(dir.path().join("key"), "k\n").unwrap();
        std::fs::write(dir.path().join("scripts/two.yaml"), "steps: [ { say: x } ]").unwrap();
        let compact_at = |more: &[&str]| load(&args(&dir, more)).unwrap().compact_at;
        assert_eq!(compact_at(&[]), 20_000);
        assert_eq!(compact_at(&["--provider", "plays"]), 30_000);
        assert_eq!(compact_at(&["--provider", "scripted"]), WholeLog::default().compact_at);
    }

    #[test]
    fn a_provider_with_a_bound_of_its_own_says_so_under_its_own_name() {
        let dir = world();
        let fleet = dir.path().join("fleet.yaml");
        let text = std::fs::read_to_string(&fleet).unwrap();
        let bounded = text.replace("scripts: plays }", "scripts: plays, max_concurrency: 4 }");
        std::fs::write(&fleet, bounded).unwrap();
        let loaded = load(&args(&dir, &["--provider", "plays"])).unwrap();
        let labels = [(FLEET, "f"), (NAME, "one")].map(|(k, v)| (k.to_owned(), v.to_owned()));
        let provider = loaded.answers.of(&labels.into()).unwrap();
        assert_eq!((provider.name(), provider.requests_max()), ("plays", Some(4)));
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
        assert_eq!(ask(&loaded, "f", "one").unwrap(), "paid");
        assert!(loaded.hints.is_empty());
    }
}
