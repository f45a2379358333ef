use std::time::Duration;

use planaria_fleet::{Driver, Model, Passivation, Secret, Workspace};

use crate::World;

const WHOLE: &str = r#"
fleet: demo-1
providers:
  scripted: { driver: scripted, scripts: plays }
  house: { driver: anthropic, api_key: "${file:key.txt}", base_url: "http://127.0.0.1:1" }
provider: house
supervision:
  intensity: { max_restarts: 7, within: 1m 30s }
  backoff: { from: 2ms, to: 5s }
environments:
  here: { driver: local }
sessions:
  zulu:
    agent: scribe
    environment: here
    prompt: "Hello ${HOME}"
    workspace: { copy: agents }
    check: "test -s x"
  alpha:
    agent: scribe
    after: [zulu]
    prompt: |
      It said: ${session.zulu.answer}
    workspace: { repository: . }
"#;

#[test]
fn everything_that_a_fleet_may_say_is_read() {
    let world = World::new(WHOLE);
    let fleet = world.load().unwrap();
    let at = |name: &str| world.path().join(name);
    assert_eq!((fleet.name.as_str(), fleet.provider.as_deref()), ("demo-1", Some("house")));
    assert_eq!(fleet.providers["scripted"].model, Model::Scripted { scripts: at("plays") });
    let (api_key, base_url) = (Secret::File(at("key.txt")), Some("http://127.0.0.1:1".to_owned()));
    assert_eq!(fleet.providers["house"].model, Model::Anthropic { api_key, base_url });
    let supervision = fleet.supervision;
    assert_eq!(supervision.max_restarts, Some(7));
    assert_eq!(supervision.within, Some(Duration::from_secs(90)));
    assert_eq!(supervision.backoff_from, Some(Duration::from_millis(2)));
    assert_eq!(supervision.backoff_to, Some(Duration::from_secs(5)));
    assert_eq!(fleet.environments["here"].driver, Driver::Local);
    let [zulu, alpha] = fleet.sessions.as_slice() else { panic!("two sessions") };
    assert_eq!((zulu.name.as_str(), alpha.name.as_str()), ("zulu", "alpha"));
    assert_eq!(zulu.prompt.as_deref(), Some("Hello ${HOME}"));
    assert_eq!(zulu.workspace, Some(Workspace::Copy(at("agents"))));
    assert_eq!(zulu.check.as_deref(), Some("test -s x"));
    assert_eq!(alpha.after, ["zulu"]);
    assert_eq!(alpha.environment, "local");
    assert_eq!(alpha.workspace, Some(Workspace::Repository(at("."))));
    let scribe = &fleet.agents["scribe"];
    assert_eq!((scribe.name.as_str(), scribe.system.as_deref()), ("Scribe", Some("You write.")));
}

#[test]
fn a_small_fleet_gets_what_always_exists() {
    let world = World::new("fleet: f\nsessions: { s: { agent: scribe, prompt: hi } }\n");
    let fleet = world.load().unwrap();
    assert_eq!(fleet.provider, None);
    assert!(fleet.environments.contains_key("local"));
    let scripts = world.path().join("scripts");
    assert_eq!(fleet.providers["scripted"].model, Model::Scripted { scripts });
    let api_key = Secret::Env("ANTHROPIC_API_KEY".to_owned());
    let anthropic = Model::Anthropic { api_key, base_url: None };
    assert_eq!(fleet.providers["anthropic"].model, anthropic);
    assert_eq!(fleet.supervision, planaria_fleet::Supervision::default());
}

#[test]
fn agents_that_the_file_names_are_the_only_ones() {
    let world = World::new(
        "fleet: f\nagents: { a: { file: agents/scribe.md } }\nsessions: { s: { agent: a, prompt: hi } }\n",
    );
    world.file("agents/broken.md", "no front matter");
    let fleet = world.load().unwrap();
    assert_eq!(fleet.agents.keys().collect::<Vec<_>>(), ["a"]);
}

#[test]
fn the_example_is_a_fleet() {
    let fleet = planaria_fleet::load(&example()).unwrap_or_else(|errors| panic!("{errors}"));
    let sessions: Vec<&str> = fleet.sessions.iter().map(|s| s.name.as_str()).collect();
    assert_eq!(sessions, ["survey", "repair", "inventory", "digest"]);
    assert!(fleet.sessions.iter().all(|session| session.check.is_some()));
    assert!(fleet.agents.values().all(|agent| agent.system.is_some() && !agent.tools.is_empty()));
    assert_eq!(fleet.provider, None, "nobody pays for an example without asking for it");
}

#[test]
fn the_format_in_the_readme_is_what_is_read() {
    let readme = std::fs::read_to_string(example().join("README.md")).unwrap();
    let block = readme.split("```yaml\n").nth(1).unwrap().split("```").next().unwrap();
    let world = World::new(block);
    world.file("notes/a.txt", "a");
    let fleet = world.load().unwrap_or_else(|errors| panic!("{errors}"));
    assert_eq!(fleet.sessions.len(), 2);
    assert!(fleet.providers.contains_key("house"));
}

fn example() -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/fleet")
}

#[test]
fn standing_sessions_have_names_of_their_own() {
    let world = World::new(
        "fleet: f\nsessions:\n  inbox: { agent: scribe, replicas: 2, title: Inbox, metadata: { a: b } }\n  desk: { agent: scribe }\n",
    );
    let fleet = world.load().unwrap();
    let [one, two, desk] = fleet.sessions.as_slice() else { panic!("three sessions") };
    assert_eq!((one.name.as_str(), two.name.as_str()), ("inbox-1", "inbox-2"));
    assert_eq!((one.entry(), one.title.as_deref()), ("inbox", Some("Inbox 1")));
    assert_eq!(one.metadata["a"], "b");
    assert_eq!((desk.name.as_str(), desk.prompt.as_ref()), ("desk", None));
}

#[test]
fn an_environment_as_ant_apply_has_it_is_one_of_the_fleet() {
    let world = World::new(
        "fleet: f\nsessions: { s: { agent: scribe, environment: linux, prompt: hi } }\n",
    );
    world.file(
        "environments/linux.yaml",
        "name: Linux\ndescription: d\nconfig: { type: cloud, networking: { type: unrestricted }, packages: { apt: [] } }\nmetadata: { a: b }\n",
    );
    world.file("environments/mine.yml", "name: Mine\nconfig: { type: self_hosted }\n");
    let fleet = world.load().unwrap();
    assert_eq!(fleet.environments.keys().collect::<Vec<_>>(), ["linux", "local", "mine"]);
    assert_eq!(fleet.sessions[0].environment, "linux");
}

#[test]
fn the_kind_of_a_file_is_its_type_else_its_directory_else_its_prefix() {
    let world =
        World::new("fleet: f\nsessions: { s: { agent: triage, environment: odd, prompt: hi } }\n");
    world.file("agent-triage.yaml", "name: T\nmodel: m\n");
    world.file("agents/odd.yaml", "type: environment # here by mistake\nname: Odd\n");
    world.file("README.md", "# Not an agent\n");
    world.file("notes.yaml", "whatever: it says\n");
    world.file("claude-lock.json", "{}");
    let fleet = world.load().unwrap();
    assert_eq!(fleet.agents.keys().collect::<Vec<_>>(), ["scribe", "triage"]);
    assert!(fleet.environments.contains_key("odd"));
    assert_eq!(fleet.warnings, []);
}

#[test]
fn a_provider_is_found_by_session_then_agent_then_model_then_default() {
    let world = World::new(
        "fleet: f\nproviders:\n  house: { driver: openai, base_url: \"http://127.0.0.1:1\", max_concurrency: 4, context_tokens: 10000, answer_tokens: 900 }\n  claude: { driver: anthropic, models: [\"claude-*\"] }\nprovider: house\nagents:\n  one: { file: agents/scribe.md }\n  two: { file: agents/scribe.md, provider: scripted }\n  other: { file: agents/other.yaml }\nsessions:\n  own: { agent: two, provider: house, prompt: x }\n  agent: { agent: two, prompt: x }\n  model: { agent: one, prompt: x }\n  default: { agent: other, prompt: x }\n",
    );
    world.file("agents/other.yaml", "name: O\nmodel: qwen\n");
    let fleet = world.load().unwrap();
    let providers: Vec<&str> = fleet.sessions.iter().map(|s| fleet.provider_of(s)).collect();
    assert_eq!(providers, ["house", "scripted", "claude", "house"]);
    let house = &fleet.providers["house"];
    let planaria_fleet::Model::OpenAi { answer_tokens, .. } = &house.model else { panic!() };
    assert_eq!(*answer_tokens, Some(900));
    assert_eq!((house.max_concurrency, house.context_tokens), (Some(4), Some(10_000)));
    assert_eq!(fleet.context_tokens(), Some(10_000));
    assert_eq!(house.model.secret(), None, "an endpoint of one's own may want no key");
}

#[test]
fn an_idle_session_sleeps_after_a_time_or_never() {
    for (word, after) in
        [("30s", Passivation::After(Duration::from_secs(30))), ("never", Passivation::Never)]
    {
        let world = World::new(&format!(
            "fleet: f\nsupervision: {{ passivate_after: {word} }}\nsessions: {{ s: {{ agent: scribe }} }}\n"
        ));
        assert_eq!(world.load().unwrap().supervision.passivate_after, Some(after));
    }
}
