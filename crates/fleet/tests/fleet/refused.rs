use planaria_fleet::load;

use crate::{World, refused};

const SESSIONS: &str = "sessions: { s: { agent: scribe, prompt: hi } }\n";

/// A fleet with these lines between its name and its one session; they begin at line 2.
fn with(lines: &str) -> String {
    format!("fleet: f\n{lines}{SESSIONS}")
}

#[test]
fn an_unknown_key_is_shown_with_its_line_and_a_suggestion() {
    let (_, all) = refused("fleet: f\nsessions:\n  s:\n    agent: scribe\n    promt: hi\n");
    assert_eq!(
        all,
        "fleet.yaml:5:5: unknown key `promt`; did you mean `prompt`?\n        promt: hi\n        ^"
    );
    let (first, _) = refused("fleet: f\nsession: {}\n");
    assert_eq!(first, "fleet.yaml:2:1: unknown key `session`; did you mean `sessions`?");
}

#[test]
fn a_missing_key_and_a_wrong_type_have_a_place() {
    let (first, _) = refused("fleet: f\n");
    assert!(first.ends_with("the key `sessions` is missing"), "{first}");
    let (first, _) = refused("fleet: f\nsessions:\n  s:\n    prompt: hi\n");
    assert!(first.starts_with("fleet.yaml:") && first.ends_with("`agent` is missing"), "{first}");
    let (first, _) = refused(&with("supervision: { intensity: { max_restarts: many } }\n"));
    assert!(first.starts_with("fleet.yaml:2:43: "), "{first}");
    let (first, _) = refused("fleet: f\nsessions: 5\n");
    assert!(first.starts_with("fleet.yaml:2:11: "), "{first}");
}

#[test]
fn what_was_expected_is_said_in_plain_words() {
    for (lines, words) in [
        ("environments: 5\n", "fleet.yaml:2:15: expected `key: value` here"),
        ("provider: [a]\n", "fleet.yaml:2:11: expected a text here"),
        ("supervision: { intensity: { max_restarts: 1.5 } }\n", "expected a whole number here"),
    ] {
        let (first, _) = refused(&with(lines));
        assert!(first.contains(words), "{first}");
    }
    let (first, _) = refused("fleet: f\nsessions: { s: { agent: a, prompt: x, after: b } }\n");
    assert!(first.contains("fleet.yaml:2:46: expected a list here"), "{first}");
}

#[test]
fn text_that_is_no_yaml_has_a_place() {
    let (first, _) = refused("fleet: f\nsessions: {\n");
    assert!(first.starts_with("fleet.yaml:"), "{first}");
}

#[test]
fn a_name_that_occurs_twice_is_refused() {
    let (first, _) = refused(
        "fleet: f\nsessions:\n  s: { agent: scribe, prompt: a }\n  s: { agent: scribe, prompt: b }\n",
    );
    assert_eq!(first, "fleet.yaml:4:3: `s` occurs twice");
}

#[test]
fn names_that_lead_nowhere_are_refused_all_at_once() {
    let fleet = "fleet: F!\nprovider: anthropc\nsessions:\n  s:\n    agent: scrib\n    environment: lokal\n    after: [z]\n    prompt: hi\n  t: { agent: scribe, prompt: x }\n";
    let all = World::new(fleet).problems();
    let firsts: Vec<&str> = all.lines().filter(|l| l.starts_with("fleet.yaml")).collect();
    assert_eq!(
        firsts,
        [
            "fleet.yaml:1:8: the name of a fleet has 1 to 64 of a-z, 0-9 and -",
            "fleet.yaml:2:11: unknown provider `anthropc`; did you mean `anthropic`?",
            "fleet.yaml:5:12: unknown agent `scrib`; did you mean `scribe`?",
            "fleet.yaml:6:18: unknown environment `lokal`; did you mean `local`?",
            "fleet.yaml:7:13: unknown session `z`; did you mean `t`?",
        ]
    );
}

#[test]
fn a_broken_agent_is_reported_beside_a_broken_fleet_file() {
    let world = World::new("fleet: f\nsesions: {}\n");
    let all = world.file("agents/scribe.md", "no front matter").problems();
    assert!(
        all.contains("fleet.yaml:2:1: unknown key") && all.contains("no front matter"),
        "{all}"
    );
}

#[test]
fn an_agent_that_cannot_be_read_is_not_called_unknown_too() {
    let world = World::new(&with(""));
    let all = world.file("agents/scribe.md", "no front matter").problems();
    assert!(all.starts_with("agents/scribe.md: ") && !all.contains("unknown"), "{all}");
}

#[test]
fn sessions_that_wait_for_each_other_are_refused() {
    let session = |name: &str, after: &str| {
        format!("  {name}: {{ agent: scribe, prompt: x, after: [{after}] }}\n")
    };
    let fleet = format!(
        "fleet: f\nsessions:\n{}{}{}{}",
        session("free", ""),
        session("a", "c, free"),
        session("b", "a"),
        session("c", "b")
    );
    let (first, _) = refused(&fleet);
    assert_eq!(
        first,
        "fleet.yaml:4:3: these sessions wait for each other: a after c after b after a"
    );
    let (first, _) = refused(&format!("fleet: f\nsessions:\n{}", session("a", "a")));
    assert_eq!(first, "fleet.yaml:3:42: a session cannot wait for itself");
    let fleet = format!("fleet: f\nsessions:\n{}{}", session("b", ""), session("a", "b, b"));
    assert_eq!(refused(&fleet).0, "fleet.yaml:4:45: `b` occurs twice");
}

#[test]
fn an_answer_that_the_prompt_does_not_wait_for_is_refused() {
    let fleet = |prompt: &str, after: &str| {
        format!(
            "fleet: f\nsessions:\n  other: {{ agent: scribe, prompt: x }}\n  s:\n    agent: scribe\n    prompt: \"{prompt}\"\n    after: [{after}]\n"
        )
    };
    for (prompt, after, words) in [
        ("${session.other.answer}", "", "`${session.other.answer}` needs `other` in `after`"),
        ("${session.othr.answer}", "other", "names no session of `after`; did you mean `other`?"),
        ("${session.other.text}", "other", "write `${session.NAME.answer}`"),
        ("${session.other.answer", "other", "without `}`"),
        (" ", "other", "the prompt is empty"),
    ] {
        let (first, _) = refused(&fleet(prompt, after));
        assert!(first.starts_with("fleet.yaml:6:13: ") && first.contains(words), "{first}");
    }
    assert!(World::new(&fleet("a ${session.other.answer} b", "other")).load().is_ok());
}

#[test]
fn workspaces_need_one_directory_that_exists() {
    let fleet = |workspace: &str| {
        format!(
            "fleet: f\nsessions:\n  s: {{ agent: scribe, prompt: x, workspace: {workspace} }}\n"
        )
    };
    for (workspace, words) in [
        ("{}", "either `copy: DIR` or `repository: DIR`"),
        ("{ copy: agents, repository: . }", "either `copy: DIR` or `repository: DIR`"),
        ("{ copy: nowhere }", "there is no directory"),
        ("{ copy: fleet.yaml }", "there is no directory"),
    ] {
        let (first, _) = refused(&fleet(workspace));
        assert!(first.starts_with("fleet.yaml:3:") && first.contains(words), "{first}");
    }
}

#[test]
fn times_need_a_unit_and_sense() {
    for (lines, words) in [
        ("supervision: { intensity: { within: 30 } }\n", "`30` is not a time such as"),
        ("supervision: { intensity: { within: 0s } }\n", "not between"),
        ("supervision: { intensity: { within: 48h } }\n", "not between"),
        ("supervision: { intensity: { within: -5s } }\n", "is not a time"),
        ("supervision: { backoff: { from: 5s, to: 1s } }\n", "shorter than the first"),
        ("supervision: { intensity: { max_restarts: 5000 } }\n", "no budget"),
    ] {
        let (first, _) = refused(&with(lines));
        assert!(first.starts_with("fleet.yaml:2:") && first.contains(words), "{lines} {first}");
    }
}

#[test]
fn words_of_compose_are_explained() {
    for (word, otp) in
        [("always", "permanent"), ("on-failure", "transient"), ("\"no\"", "temporary")]
    {
        let (first, _) = refused(&with(&format!("supervision: {{ restart: {word} }}\n")));
        let word = word.trim_matches('"');
        let words = format!("compose calls this `{word}`, OTP and this file `{otp}`");
        assert!(first.starts_with("fleet.yaml:2:") && first.contains(&words), "{first}");
    }
    let session = "fleet: f\nsessions: { s: { agent: scribe, prompt: x, restart: permanent } }\n";
    let (first, _) = refused(session);
    assert!(first.contains("leave `restart` out") && !first.contains("compose"), "{first}");
}

#[test]
fn providers_and_environments_need_a_driver_that_exists() {
    for (lines, words) in [
        (
            "providers: { x: { driver: antropic } }\n",
            "unknown driver `antropic`; did you mean `anthropic`?",
        ),
        ("providers: { x: {} }\n", "`driver` is missing; there are `scripted`, `anthropic`"),
        ("providers: { scripted: { driver: anthropic } }\n", "name this one otherwise"),
        (
            "providers: { x: { driver: scripted, base_url: \"https://x\" } }\n",
            "`base_url` belongs to",
        ),
        (
            "providers: { x: { driver: anthropic, scripts: s } }\n",
            "`scripts` belongs to the driver",
        ),
        ("providers: { x: { driver: anthropic, base_url: ftp } }\n", "begins with https://"),
        ("environments: { x: { driver: docker } }\n", "unknown driver `docker`; there are `local`"),
    ] {
        let (first, _) = refused(&with(lines));
        assert!(first.starts_with("fleet.yaml:2:") && first.contains(words), "{lines} {first}");
    }
    // A provider that is wrong is not called unknown as well.
    let all = World::new(&with("providers: { x: { driver: y } }\nprovider: x\n")).problems();
    assert!(!all.contains("unknown provider"), "{all}");
}

#[test]
fn a_directory_that_is_no_fleet_is_explained() {
    let empty = tempfile::tempdir().unwrap();
    let error = load(empty.path()).unwrap_err().to_string();
    assert!(error.contains("fleet.yaml: there is no such file; a fleet is a directory"), "{error}");
    let world = World::new(&with(""));
    let error = load(&world.path().join("fleet.yaml")).unwrap_err().to_string();
    assert!(error.contains("name the fleet's directory"), "{error}");
}

#[test]
fn what_is_too_large_is_refused() {
    let (first, _) = refused(&format!("fleet: f\n# {}\n", "x".repeat(1 << 20)));
    assert_eq!(first, "fleet.yaml: is larger than 1048576 bytes");
    let sessions: String =
        (0..257).map(|n| format!("  s{n}: {{ agent: scribe, prompt: x }}\n")).collect();
    let (first, _) = refused(&format!("fleet: f\nsessions:\n{sessions}"));
    assert!(first.contains("1 to 256 sessions"), "{first}");
    let long = "x".repeat(65);
    let (first, _) = refused(&format!("fleet: {long}\n{SESSIONS}"));
    assert!(first.contains("1 to 64"), "{first}");
}

#[test]
fn anchors_that_explode_are_refused() {
    let mut yaml =
        "fleet: f\nsessions:\n  s:\n    agent: scribe\n    prompt: x\n    after:\n".to_owned();
    yaml.push_str("      - &a [x,x,x,x,x,x,x,x,x,x]\n");
    for (name, of) in "bcdefgh".chars().zip("abcdefg".chars()) {
        let list = vec![format!("*{of}"); 10].join(",");
        yaml.push_str(&format!("      - &{name} [{list}]\n"));
    }
    let (first, _) = refused(&yaml);
    assert!(first.starts_with("fleet.yaml:") && first.contains("anchors repeat too"), "{first}");
    let schema = yaml.split_once("after:\n").unwrap().1;
    let agent = format!(
        "name: S\nmodel: m\ntools:\n  - type: custom\n    name: c\n    description: d\n    input_schema:\n     x:\n{schema}"
    );
    let world = World::new(&with(""));
    std::fs::remove_file(world.path().join("agents/scribe.md")).unwrap();
    let all = world.file("agents/scribe.yaml", &agent).problems();
    assert!(all.starts_with("agents/scribe.yaml:"), "{all}");
    assert!(all.contains("its anchors repeat too much; write the values out"), "{all}");
}

#[test]
fn only_the_first_problems_are_shown() {
    let sessions: String =
        (0..30).map(|n| format!("  s{n}: {{ agent: nobody, prompt: x }}\n")).collect();
    let world = World::new(&format!("fleet: f\nsessions:\n{sessions}"));
    assert!(world.problems().ends_with("… and 10 more"));
    assert_eq!(world.load().unwrap_err().problems().len(), 30);
}

#[test]
fn standing_sessions_are_told_what_makes_no_sense_for_them() {
    let fleet = |session: &str| {
        format!(
            "fleet: f\nsessions:\n  a: {{ agent: scribe, prompt: x }}\n  s: {{ agent: scribe, {session} }}\n"
        )
    };
    for (session, words) in [
        ("after: [a]", "waits for nobody; leave `after` out"),
        ("check: \"true\"", "has no end to check; leave `check` out"),
        ("replicas: 0", "1 to 64 replicas"),
        ("replicas: 65", "1 to 64 replicas"),
        ("prompt: x, replicas: 2", "replicas are for sessions without one"),
        ("metadata: { planaria.fleet: x }", "names that begin with `planaria.` are ours"),
    ] {
        let (first, _) = refused(&fleet(session));
        assert!(first.starts_with("fleet.yaml:4:") && first.contains(words), "{session} {first}");
    }
    let (first, _) = refused(
        "fleet: f\nsessions:\n  s: { agent: scribe }\n  t: { agent: scribe, prompt: x, after: [s] }\n",
    );
    assert_eq!(first, "fleet.yaml:4:42: `s` has no prompt and never ends");
    let (first, _) = refused(
        "fleet: f\nsessions:\n  s: { agent: scribe, replicas: 2 }\n  s-2: { agent: scribe }\n",
    );
    assert!(first.contains("one of the replicas is `s-2`, and there is a session"), "{first}");
}

#[test]
fn numbers_of_providers_have_bounds() {
    for (lines, words) in [
        ("context_tokens: 9999", "at least 10000"),
        ("max_concurrency: 0", "at least 1 and at most 1000"),
        ("answer_tokens: 100", "`answer_tokens` belongs to the driver `openai`"),
        ("models: []", "1 to 100 models"),
        ("models: [\"claude-[\"]", "a model's id, or a glob such as"),
    ] {
        let (first, _) =
            refused(&with(&format!("providers: {{ x: {{ driver: anthropic, {lines} }} }}\n")));
        assert!(first.starts_with("fleet.yaml:2:") && first.contains(words), "{lines} {first}");
    }
    let (first, _) = refused(&with("providers: { scripted: { models: [m] } }\n"));
    assert!(first.contains("whatever model is asked for; leave `models` out"), "{first}");
}

#[test]
fn a_model_that_nobody_or_everybody_claims_is_refused() {
    let claim = |names: &[&str], models: &str| -> String {
        let one =
            |name: &&str| format!("  {name}: {{ driver: anthropic, models: [\"{models}\"] }}\n");
        format!("providers:\n{}", names.iter().map(one).collect::<String>())
    };
    let (first, _) = refused(&with(&claim(&["x"], "claude-opus-4")));
    assert!(
        first.contains("unknown model `claude-opus-5`; did you mean `claude-opus-4`?"),
        "{first}"
    );
    let (first, _) = refused(&with(&claim(&["x", "y"], "claude-*")));
    assert!(first.contains("the providers `x` and `y` both claim the model"), "{first}");
    let fleet = with(
        &(claim(&["x"], "gpt-*") + "agents: { scribe: { file: agents/scribe.md, provider: x } }\n"),
    );
    let (first, _) = refused(&fleet);
    assert!(first.contains("which `x` does not claim; it claims `gpt-*`"), "{first}");
    // The scripted model takes whatever comes.
    let fleet = with(&(claim(&["x"], "gpt-*") + "provider: scripted\n"));
    assert!(World::new(&fleet).load().is_ok());
}

#[test]
fn what_an_environment_cannot_keep_is_refused_plainly() {
    for (config, place, words) in [
        (
            "{ type: cloud, networking: { type: limited } }",
            "2:44",
            "networking limits cannot be kept",
        ),
        ("{ type: cloud, packages: { apt: [jq] } }", "2:36", "packages are not installed yet"),
        ("{ type: clowd }", "2:17", "unknown type `clowd`; did you mean `cloud`?"),
        ("{ type: self_hosted, networking: {} }", "2:30", "unknown key `networking`"),
    ] {
        let world = World::new(&with(""));
        let file = format!("name: L\nconfig: {config}\n");
        let all = world.file("environments/linux.yaml", &file).problems();
        let start = format!("environments/linux.yaml:{place}: ");
        assert!(all.starts_with(&start) && all.contains(words), "{all}");
    }
    let world = World::new(&with("environments: { linux: { driver: local } }\n"));
    let all = world.file("environments/linux.yaml", "name: L\n").problems();
    assert!(all.contains("linux.yaml is a second environment `linux`"), "{all}");
}

#[test]
fn what_is_wrong_with_one_entry_hides_nothing_of_the_others() {
    let fleet = "fleet: f\nproviders:\n  x: { driver: anthropic, modls: [m] }\n  y: { driver: anthropic, scripts: s }\nprovider: x\nsessions:\n  a: { agent: scribe, promt: x }\n  b: { agent: scrib, prompt: x, after: [a] }\n  c: { agent: scribe, prompt: x, workspace: { copy: nowhere } }\n  d: { agent: scribe, prompt: 1, replicas: 99999999999 }\n";
    let all = World::new(fleet).problems();
    let dots = |line: &&str| line.starts_with("fleet.yaml");
    let firsts: Vec<&str> = all.lines().filter(dots).collect();
    let places: Vec<&str> =
        firsts.iter().map(|line| line.split(": ").next().unwrap_or_default()).collect();
    let expected = [
        "fleet.yaml:3:27",
        "fleet.yaml:7:23",
        "fleet.yaml:10:44",
        "fleet.yaml:4:36",
        "fleet.yaml:8:15",
        "fleet.yaml:9:53",
    ];
    assert_eq!(places, expected, "{all}");
    assert!(firsts[4].contains("did you mean `scribe`?"), "{all}");
    assert!(!all.contains("unknown session") && !all.contains("unknown provider"), "{all}");
}

#[test]
fn an_entry_that_is_wrong_is_known_only_in_its_own_section() {
    let all = World::new(
        "fleet: f\nproviders:\n  house: { driver: antropic }\nsessions:\n  s: { agent: house, environment: house, after: [house], prompt: x }\n  t: { agent: zzzzzz, prompt: x }\n",
    )
    .problems();
    for words in [
        "fleet.yaml:5:15: unknown agent `house`; there are `scribe`\n",
        "fleet.yaml:5:35: unknown environment `house`; there are `local`\n",
        "fleet.yaml:5:50: unknown session `house`; there are `t`\n",
        "fleet.yaml:6:15: unknown agent `zzzzzz`; there are `scribe`\n",
    ] {
        assert!(all.contains(words), "{words} {all}");
    }
}

#[test]
fn what_is_wrong_at_the_top_hides_nothing_below() {
    for top in ["zebra: 1", "supervision: { zebra: 1 }", "provider: [x]", "environments: 5"] {
        let fleet = format!("fleet: f\n{top}\nsessions: {{ s: {{ agent: scrib, prompt: x }} }}\n");
        let all = World::new(&fleet).problems();
        let words = "fleet.yaml:3:25: unknown agent `scrib`; did you mean `scribe`?";
        assert!(all.starts_with("fleet.yaml:2:") && all.contains(words), "{all}");
        assert_eq!(all.matches("fleet.yaml:").count(), 2, "{all}");
    }
}

#[test]
fn behind_a_misspelt_key_the_checks_go_on() {
    let fleet = "fleet: f\nsesions:\n  s: { agnet: scrib, promt: x, check: [] }\n";
    let all = World::new(fleet).problems();
    for words in [
        "fleet.yaml:2:1: unknown key `sesions`; did you mean `sessions`?",
        "fleet.yaml:3:8: unknown key `agnet`; did you mean `agent`?",
        "fleet.yaml:3:22: unknown key `promt`; did you mean `prompt`?",
        "fleet.yaml:3:39: expected a text here",
        "fleet.yaml:3:15: unknown agent `scrib`; did you mean `scribe`?",
    ] {
        assert_eq!(all.matches(words).count(), 1, "{words} {all}");
    }
    assert_eq!(all.matches("fleet.yaml:").count(), 5, "{all}");
}

#[test]
fn a_wrong_key_of_a_session_does_not_hide_its_agent_and_its_circle() {
    let all = World::new(
        "fleet: f\nsessions:\n  a: { agent: scrib, prompt: x, after: [b], zebra: 1 }\n  b: { agent: scribe, prompt: x, after: [a], title: [] }\n",
    )
    .problems();
    for words in [
        "fleet.yaml:3:45: unknown key `zebra`",
        "fleet.yaml:4:53: expected a text here",
        "fleet.yaml:3:15: unknown agent `scrib`",
        "fleet.yaml:3:3: these sessions wait for each other: a after b after a",
    ] {
        assert!(all.contains(words), "{words} {all}");
    }
}

#[test]
fn a_name_that_occurs_twice_hides_nothing_else() {
    let session = "  s: { agent: scrib, prompt: a, prompt: b }\n";
    let all = World::new(&format!("fleet: f\nsessions:\n{session}{session}")).problems();
    let firsts: Vec<&str> = all.lines().filter(|l| l.starts_with("fleet.yaml")).collect();
    assert_eq!(
        firsts,
        [
            "fleet.yaml:4:3: `s` occurs twice",
            "fleet.yaml:3:33: `prompt` occurs twice",
            "fleet.yaml:3:15: unknown agent `scrib`; did you mean `scribe`?",
        ]
    );
}
