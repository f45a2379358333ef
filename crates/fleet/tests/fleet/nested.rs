//! What is wrong deep inside an agent is shown where it stands, in words for people.

use planaria_core::agent::{AgentParams, Model, PermissionPolicy, Tool};

use crate::World;

const FLEET: &str = "fleet: f\nsessions: { s: { agent: other, prompt: hi } }\n";

/// Words of the library that reads files, which say nothing to whoever wrote one.
const JARGON: [&str; 8] =
    ["untagged", "tagged", "enum", "variant", "struct", "deserialize", "invalid type", "Option"];

fn refused(file: &str, content: &str) -> String {
    let all = World::new(FLEET).file(file, content).problems();
    for word in JARGON {
        assert!(!all.contains(word), "{all}");
    }
    all
}

fn yaml(lines: &str) -> String {
    refused("agents/other.yaml", &format!("name: O\n{lines}"))
}

/// `lines` begin at line 3.
fn markdown(lines: &str) -> String {
    refused("agents/other.md", &format!("---\nname: O\n{lines}---\nHi\n"))
}

#[test]
fn an_unknown_key_of_a_tools_settings_is_shown_where_it_stands() {
    let problem = markdown(
        "model: m\ntools:\n  - type: agent_toolset_20260401\n    default_config:\n      enabled: true\n    configs:\n      - name: bash\n        enabled: true\n        enabledd: false\n",
    );
    assert_eq!(
        problem,
        "agents/other.md:11:9: unknown key `enabledd`; did you mean `enabled`?\n            enabledd: false\n            ^"
    );
}

#[test]
fn a_policy_that_is_only_a_word_is_shown_as_it_should_be() {
    let problem = yaml(
        "model: m\ntools:\n  - type: agent_toolset_20260401\n    default_config:\n      permission_policy: always_ask\n",
    );
    assert_eq!(
        problem,
        "agents/other.yaml:6:26: expected `{ type: always_ask }` here\n          permission_policy: always_ask\n                             ^"
    );
}

#[test]
fn an_unknown_key_of_a_model_has_a_suggestion() {
    let problem = markdown("model: { id: claude, efort: high }\n");
    assert_eq!(
        problem,
        "agents/other.md:3:22: unknown key `efort`; did you mean `effort`?\n    model: { id: claude, efort: high }\n                         ^"
    );
}

#[test]
fn wrong_types_and_words_are_shown_at_the_value_wherever_they_are() {
    let set = "model: m\ntools:\n  - type: agent_toolset_20260401\n    ";
    let of_set = |lines: &str| format!("{set}{lines}\n");
    for (lines, place, words) in [
        ("model: 5.5\ntools: bash\n".to_owned(), "3:8", "expected a list here"),
        ("model: [a]\n".to_owned(), "2:8", "expected a text here, or `key: value` in { }"),
        ("model: { effort: high }\n".to_owned(), "2:8", "the key `id` is missing"),
        ("model: { id: m, effort: hihg }\n".to_owned(), "2:25", "did you mean `high`?"),
        ("model: { id: m, effort: { typ: high } }\n".to_owned(), "2:27", "did you mean `type`?"),
        ("model: { id: [], effort: low }\n".to_owned(), "2:14", "expected a text here"),
        ("model:\n".to_owned(), "2:1", "`model` has no value"),
        (of_set("configs: { bash: false }"), "5:14", "expected a list here"),
        (of_set("configs: [bash]"), "5:15", "expected `key: value` here"),
        (of_set("configs: [{ enabled: false }]"), "5:15", "the key `name` is missing"),
        (of_set("configs: [{ name: bsh }]"), "5:23", "unknown tool `bsh`; did you mean `bash`?"),
        (of_set("configs: [{ name: bash, enabled: \"no\" }]"), "5:38", "`true` or `false`"),
        (of_set("configs: [{ name: bash, enabled: flase }]"), "5:38", "did you mean `false`?"),
        (
            of_set("configs: [{ name: bash, permission_policy: { type: allways_ask } }]"),
            "5:56",
            "unknown type `allways_ask`; did you mean `always_ask`?",
        ),
        (
            of_set("configs: [{ name: bash, permission_policy: { type: auto, by: me } }]"),
            "5:62",
            "unknown key `by`; there are `type`",
        ),
        (
            of_set("default_config: { permission_policy: {} }"),
            "5:42",
            "the key `type` is missing; there are `always_allow`, `always_ask`, `auto`",
        ),
        (
            of_set("defaults: {}"),
            "5:5",
            "unknown key `defaults`; there are `configs`, `default_config`, `type`",
        ),
        ("model: m\ntools: [{ type: costum }]\n".to_owned(), "3:17", "did you mean `custom`?"),
        ("model: m\ntools: [{ typ: custom }]\n".to_owned(), "3:11", "did you mean `type`?"),
        (
            "model: m\ntools: [{ type: custom, name: x, descripton: d, input_schema: {} }]\n"
                .to_owned(),
            "3:34",
            "unknown key `descripton`; did you mean `description`?",
        ),
        ("model: m\nmetadata: { a: [b] }\n".to_owned(), "3:16", "expected a text here"),
        ("model: m\nmetadata: [a]\n".to_owned(), "3:11", "expected `key: value` here"),
        ("model: m\nmcp_servers: x\n".to_owned(), "3:14", "expected a list here"),
    ] {
        let problem = yaml(&lines);
        let first = problem.lines().next().unwrap();
        let start = format!("agents/other.yaml:{place}: ");
        assert!(first.starts_with(&start) && first.contains(words), "{lines}\n{problem}");
        assert_eq!(problem.matches("agents/").count(), 1, "{problem}");
        // The front matter's places are those of the file.
        let (line, rest) = place.split_once(':').unwrap();
        let start = format!("agents/other.md:{}:{rest}: ", line.parse::<u32>().unwrap() + 1);
        let problem = markdown(&lines);
        assert!(problem.starts_with(&start) && problem.contains(words), "{lines}\n{problem}");
    }
}

#[test]
fn a_value_that_the_contract_does_not_allow_is_shown_where_it_stands() {
    for (lines, place, words) in [
        (
            "model: m\ntools:\n  - { type: custom, name: bash, description: d, input_schema: { type: object } }\n",
            "4:27",
            "`bash` is reserved",
        ),
        (
            "model: m\ntools:\n  - type: custom\n    name: c\n    description: d\n    input_schema: { type: text }\n",
            "7:5",
            "must be a JSON Schema with `type: object`",
        ),
        (
            "model: m\ntools:\n  - type: agent_toolset_20260401\n    configs: [{ name: bash }, { name: bash }]\n",
            "5:39",
            "`bash` occurs twice",
        ),
        ("model: { id: \"\" }\n", "2:1", "must not be empty"),
        ("model: m\nmcp_servers: [x]\n", "3:1", "not supported by this version yet"),
    ] {
        let problem = yaml(lines);
        let start = format!("agents/other.yaml:{place}: ");
        assert!(problem.starts_with(&start) && problem.contains(words), "{problem}");
    }
}

#[test]
fn everything_that_is_wrong_with_an_agent_is_said_at_once() {
    let problem = yaml("model: { id: m, efort: x }\ntoolls: []\nmetadata: 5\n");
    let places: Vec<&str> = problem
        .lines()
        .filter_map(|line| line.strip_prefix("agents/other.yaml:"))
        .filter_map(|line| line.split_once(": ").map(|(place, _)| place))
        .collect();
    assert_eq!(places, ["2:17", "3:1", "4:11"]);
    let keys: String = (0..500).map(|n| format!("zebra{n}: x\n")).collect();
    let world = World::new(FLEET);
    let errors = world.file("agents/other.yaml", &keys).load().unwrap_err();
    assert_eq!(errors.problems().iter().filter(|p| p.line > 0).count(), 20);
}

#[test]
fn a_long_word_is_not_repeated_as_a_whole() {
    let problem = yaml(&format!("model: m\n{}: 1\n", "z".repeat(5_000)));
    assert!(problem.len() < 1_000, "{problem}");
}

#[test]
fn an_empty_front_matter_and_a_second_document_are_explained() {
    let problem = refused("agents/other.md", "---\n---\nHi\n");
    assert!(problem.contains("the key `name` is missing"), "{problem}");
    let problem = refused("agents/other.yaml", "name: O\nmodel: m\n---\nname: P\n");
    assert!(problem.contains("one document"), "{problem}");
    let problem = refused("agents/other.yaml", "- name\n");
    assert!(problem.contains("expected `key: value` here"), "{problem}");
}

#[test]
fn texts_are_taken_as_they_are_written() {
    let world = World::new(FLEET);
    world.file(
        "agents/other.yaml",
        "name: 007\nmodel: { id: 5.50, effort: { type: low } }\ndescription: yes\nsystem: ~\ntools: null\nmetadata: { version: 1.10, &a b: 0x1F, c: \"~\", d: &n 1e3, e: *n }\n",
    );
    let fleet = world.load().unwrap();
    let agent = &fleet.agents["other"];
    assert_eq!(agent.name, "007");
    assert_eq!(agent.model, Model { id: "5.50".to_owned(), effort: Some("low".to_owned()) });
    assert_eq!((agent.description.as_deref(), agent.system.as_deref()), (Some("yes"), None));
    let metadata: Vec<(&str, &str)> =
        agent.metadata.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    let expected = [("b", "0x1F"), ("c", "~"), ("d", "1e3"), ("e", "1e3"), ("version", "1.10")];
    assert_eq!(metadata, expected);
}

#[test]
fn a_byte_order_mark_shifts_nothing() {
    let world = World::new(FLEET);
    for (file, content) in [
        ("agents/other.md", "\u{feff}---\nname: 007\nmodel: 5.50\n---\nHi\n"),
        ("agents/scribe.yaml", "\u{feff}name: 007\nmodel: 5.50\n"),
    ] {
        let _ = std::fs::remove_file(world.path().join("agents/scribe.md"));
        let fleet =
            world.file("agents/scribe.yaml", "name: S\nmodel: m\n").file(file, content).load();
        let fleet = fleet.unwrap();
        let name = std::path::Path::new(file).file_stem().unwrap().to_str().unwrap();
        let agent = &fleet.agents[name];
        assert_eq!((agent.name.as_str(), agent.model.id.as_str()), ("007", "5.50"));
    }
    let problem = refused("agents/other.yaml", "\u{feff}nam: é\n");
    assert!(problem.starts_with("agents/other.yaml:1:1: unknown key `nam`"), "{problem}");
}

#[test]
fn everything_that_an_agent_may_say_reaches_the_session() {
    let world = World::new(FLEET);
    world.file(
        "agents/other.md",
        "---\ntype: agent\nname: O\ndescription: d\nmodel: { id: m, effort: xhigh, speed: fast, inference_geo: eu }\ntools:\n  - type: agent_toolset_20260401\n    default_config: { enabled: true, permission_policy: { type: auto } }\n    configs:\n      - { name: bash, type: bash, enabled: false, permission_policy: { type: always_ask } }\n  - type: custom\n    name: c\n    description: d\n    input_schema: { type: object, properties: { n: { type: number, minimum: -1.5, enum: [1, ~, true] } } }\nmcp_servers: []\nskills: []\nmultiagent: ~\nmetadata: { a: b }\n---\nHi\n",
    );
    let fleet = world.load().unwrap();
    let agent = &fleet.agents["other"];
    let [Tool::Toolset { default_config, configs }, Tool::Custom { input_schema, .. }] =
        agent.tools.as_slice()
    else {
        panic!("{:?}", agent.tools)
    };
    assert_eq!(default_config.permission_policy, PermissionPolicy::Auto);
    assert_eq!(
        (configs[0].enabled, configs[0].permission_policy),
        (false, PermissionPolicy::AlwaysAsk)
    );
    let number = &input_schema["properties"]["n"];
    assert_eq!(number["minimum"], serde_json::json!(-1.5));
    assert_eq!(number["enum"], serde_json::json!([1, null, true]));
    assert_eq!(agent.system.as_deref(), Some("Hi"));
}

/// The words that a file may use are those of the contract, no more and no less.
#[test]
fn the_words_of_a_file_are_those_of_the_contract() {
    let contract = |body: serde_json::Value| {
        let params: AgentParams = serde_json::from_value(body).unwrap();
        params.materialise().unwrap_err().to_string()
    };
    let hint = |problem: String| {
        let (_, names) = problem.lines().next().unwrap().split_once("there are ").unwrap();
        names.replace('`', "")
    };
    let set = "agent_toolset_20260401";
    let theirs = contract(serde_json::json!({
        "name": "a", "model": "m", "tools": [{ "type": set, "configs": [{ "name": "zebra" }] }],
    }));
    let (_, theirs) = theirs.split_once("there are ").unwrap();
    let ours =
        yaml(&format!("model: m\ntools: [{{ type: {set}, configs: [{{ name: zebra }}] }}]\n"));
    assert_eq!(hint(ours), theirs);
    let theirs = contract(serde_json::json!({
        "name": "a", "model": { "id": "m", "effort": "zebra" },
    }));
    let (_, theirs) = theirs.split_once("must be ").unwrap();
    let ours = hint(yaml("model: { id: m, effort: zebra }\n"));
    assert_eq!(ours, theirs.replace(" or ", ", "));
}
