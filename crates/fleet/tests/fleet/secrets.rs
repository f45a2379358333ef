use planaria_fleet::{Model, Secret, SecretError};

use crate::World;

const SECRET: &str = "sk-ant-hunter2";

fn fleet(provider: &str) -> String {
    format!(
        "fleet: f\nproviders:\n  anthropic: {provider}\nsessions: {{ s: {{ agent: scribe, prompt: hi }} }}\n"
    )
}

#[test]
fn a_literal_secret_is_refused_and_never_shown() {
    for provider in [
        format!("{{ driver: anthropic, api_key: {SECRET} }}"),
        format!("{{ driver: anthropic, api_key: \"x{SECRET}\" }}"),
        "{ driver: anthropic, api_key: hunter2 }".to_owned(),
        "{ driver: anthropic, api_key: \"${env:hunter2 }\" }".to_owned(),
        "{ driver: anthropic, apikey: hunter2 }".to_owned(),
        "{ driver: anthropic, api_key: [hunter2] }".to_owned(),
        "{ driver: anthropic, api_key: { hunter2: 1 } }".to_owned(),
        SECRET.to_owned(),
        format!("[ {SECRET} ]"),
        format!("{{ driver: anthropic, base_url: \"{SECRET}\" }}"),
    ] {
        let world = World::new(&fleet(&provider));
        let problem = world.problems();
        assert!(!problem.contains("hunter2"), "{problem}");
        assert!(problem.starts_with("fleet.yaml:3:"), "{problem}");
        assert!(!format!("{:?}", world.load()).contains("hunter2"));
    }
    let problem = World::new(&fleet("{ driver: anthropic, api_key: hunter2 }")).problems();
    assert!(problem.contains("write a reference, \"${env:NAME}\""), "{problem}");
}

#[test]
fn nothing_of_a_provider_but_its_keys_is_ever_shown() {
    for (lines, place, words) in [
        // The value itself is wrong, or its key is.
        (
            "providers:\n  x: { driver: anthropic, base_url: \"ftp://user:hunter2pw@host/x\" }\n",
            "3:37",
            "a base URL begins with https://",
        ),
        (
            "providers:\n  x:\n    driver: anthropic\n    auth: hunter2topsecret\n",
            "5:5",
            "unknown key `auth`; there are `answer_tokens`, `api_key`",
        ),
        ("providers:\n  x: { driver: hunter2 }\n", "3:16", "unknown driver; there are"),
        ("providers:\n  x: { hunter2 }\n", "3:8", "unknown key; there are"),
        ("providers:\n  x: { hunter2, hunter2 }\n", "3:17", "this key occurs twice"),
        ("providers:\n  x: { auth:hunter2 }\n", "3:8", "unknown key; there are"),
        ("providers:\n  x: hunter2\n", "3:6", "expected `key: value` here"),
        ("providers:\n  x: [hunter2]\n", "3:6", "expected `key: value` here"),
        ("providers: hunter2\n", "2:12", "expected `key: value` here"),
        // Another key of the line is wrong.
        (
            "providers:\n  x: { base_url: \"https://u:hunter2@host\", drivr: anthropic }\n",
            "3:44",
            "unknown key `drivr`; did you mean `driver`?",
        ),
        ("providers:\n  x: { scripts: hunter2, driver: anthropic }\n", "3:17", "belongs to"),
        // The section itself is misspelt or misplaced.
        ("provders: { x: { pass: hunter2 } }\n", "2:1", "did you mean `providers`?"),
        ("provider: { x: { pass: hunter2 } }\n", "2:11", "expected a text here"),
        ("provider: sk-ant-hunter2\n", "2:11", "unknown provider `…`"),
        // Credentials in an endpoint are a secret in the file, and so is a query.
        (
            "providers:\n  x: { driver: anthropic, base_url: \"https://u:hunter2@host\" }\n",
            "3:37",
            "secrets do not belong into this file",
        ),
        (
            "providers:\n  x: { driver: anthropic, base_url: \"https://host/?key=hunter2\" }\n",
            "3:37",
            "has no query",
        ),
        // What is no YAML, or not the YAML that was meant.
        ("providers:\n  x: { scripts: hunter2, \n", "", ""),
        ("providers:\n  x: { scripts: 'hunter2 }\n", "", ""),
        ("providers:\n  x: { scripts: !hunter2 a, base_url: *hunter2 }\n", "", ""),
        ("providers:\n  x: { <<: hunter2 }\n", "", ""),
        ("providers:\n  x: { driver: *hunter2 }\n", "", ""),
        ("providers:\n  x:\n    driver: @hunter2\n", "", ""),
        ("providers:\n  x:\n   driver: a\n  hunter2\n", "", ""),
        ("providers:\n  x: { driver: !!int hunter2 }\n", "", ""),
        ("providers:\n  x: { driver: !!binary hunter2 }\n", "", ""),
        ("providers:\n  hunter2: {}\n  hunter2: {}\n", "", ""),
    ] {
        let fleet =
            format!("fleet: f\n{lines}sessions: {{ s: {{ agent: scribe, prompt: hi }} }}\n");
        let world = World::new(&fleet);
        let problem = world.problems();
        // A provider's name is no value.
        if !lines.contains("hunter2: {}") {
            assert!(!problem.contains("hunter2"), "{problem}");
            assert!(!format!("{:?}", world.load()).contains("hunter2"), "{lines}");
        }
        assert!(problem.starts_with(&format!("fleet.yaml:{place}")), "{lines}\n{problem}");
        assert!(problem.contains(words), "{lines}\n{problem}");
        let first = problem.lines().next().unwrap();
        assert!(!first.contains("deserialize") && !first.contains("tag"), "{problem}");
    }
}

#[test]
fn debug_of_a_provider_shows_no_credentials() {
    let api_key = Secret::Env("KEY".to_owned());
    for url in ["https://u:hunter2@host/x", "https://host/x?key=hunter2"] {
        let base_url = Some(url.to_owned());
        let provider = Model::Anthropic { api_key: api_key.clone(), base_url };
        let debug = format!("{provider:?}");
        assert!(!debug.contains("hunter2") && debug.contains("host/x"), "{debug}");
    }
}

#[test]
fn a_secret_is_read_when_it_is_wanted_and_its_reference_is_all_that_debug_shows() {
    let world = World::new(&fleet("{ driver: anthropic, api_key: \"${file:key}\" }"));
    let fleet = world.load().unwrap();
    let api_key = fleet.providers["anthropic"].model.secret().unwrap();
    let error = api_key.resolve().unwrap_err().to_string();
    assert!(error.contains("key cannot be read"), "{error}");
    world.file("key", &format!("{SECRET}\n"));
    let secret = api_key.resolve().unwrap();
    assert_eq!(secrecy_text(&secret), SECRET);
    let debug = format!("{fleet:?} {secret:?}");
    assert!(debug.contains("${file:") && !debug.contains("hunter2"), "{debug}");
    world.file("key", "\n");
    assert!(api_key.resolve().unwrap_err().to_string().ends_with("it is empty"));
    world.file("key", &"x".repeat(70_000));
    assert!(api_key.resolve().unwrap_err().to_string().contains("larger than"));
}

#[test]
fn a_variable_that_is_not_set_is_named_with_the_way_to_set_it() {
    let name = "PLANARIA_TEST_NOBODY_SETS_THIS";
    let error = Secret::Env(name.to_owned()).resolve().unwrap_err();
    assert_eq!(error, SecretError::NotSet(name.to_owned()));
    assert!(error.to_string().contains(&format!("`export {name}=")), "{error}");
    assert!(error.to_string().contains(&format!("{name}_FILE")), "{error}");
    // Cargo sets this one for every test.
    assert!(Secret::Env("CARGO_MANIFEST_DIR".to_owned()).resolve().is_ok());
}

fn secrecy_text(secret: &secrecy::SecretString) -> &str {
    secrecy::ExposeSecret::expose_secret(secret)
}
