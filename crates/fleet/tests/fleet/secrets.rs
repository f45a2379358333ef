use planaria_fleet::{Provider, Secret, SecretError};

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
fn a_secret_is_read_when_it_is_wanted_and_its_reference_is_all_that_debug_shows() {
    let world = World::new(&fleet("{ driver: anthropic, api_key: \"${file:key}\" }"));
    let fleet = world.load().unwrap();
    let Provider::Anthropic { api_key, .. } = &fleet.providers["anthropic"] else { panic!() };
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
    // Cargo sets this one for every test.
    assert!(Secret::Env("CARGO_MANIFEST_DIR".to_owned()).resolve().is_ok());
}

fn secrecy_text(secret: &secrecy::SecretString) -> &str {
    secrecy::ExposeSecret::expose_secret(secret)
}
