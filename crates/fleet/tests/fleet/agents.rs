use crate::World;

const FLEET: &str = "fleet: f\nsessions: { s: { agent: other, prompt: hi } }\n";

fn refused(file: &str, content: &str) -> String {
    World::new(FLEET).file(file, content).problems()
}

#[test]
fn a_yaml_file_as_ant_apply_has_it_is_an_agent() {
    let world = World::new(FLEET);
    world.file(
        "agents/other.yaml",
        "# from another tool\ntype: agent\nname: Other\nmodel: { id: m, effort: high }\nsystem: Do it.\ntools:\n  - type: agent_toolset_20260401\n    default_config: { enabled: true }\nmetadata: { a: b }\n",
    );
    let fleet = world.load().unwrap();
    let agent = &fleet.agents["other"];
    assert_eq!((agent.name.as_str(), agent.system.as_deref()), ("Other", Some("Do it.")));
    assert_eq!((agent.model.effort.as_deref(), agent.tools.len()), (Some("high"), 1));
}

#[test]
fn line_ends_of_another_system_and_a_byte_order_mark_are_no_problem() {
    let world = World::new(FLEET);
    world.file(
        "agents/other.md",
        "\u{feff}---\r\nname: O\r\nmodel: m\r\n---\r\n\r\nYou --- do.\r\n",
    );
    assert_eq!(world.load().unwrap().agents["other"].system.as_deref(), Some("You --- do."));
}

#[test]
fn an_unknown_key_is_shown_at_its_place_in_the_file() {
    let problem = refused("agents/other.md", "---\nname: O\nmodel: m\ntool: []\n---\nHi\n");
    assert_eq!(
        problem,
        "agents/other.md:4:1: unknown key `tool`; did you mean `tools`?\n    tool: []\n    ^"
    );
}

#[test]
fn a_missing_key_is_named() {
    let problem = refused("agents/other.md", "---\nname: O\n---\nHi\n");
    assert!(problem.starts_with("agents/other.md:"), "{problem}");
    assert!(problem.contains("the key `model` is missing"), "{problem}");
}

#[test]
fn markdown_without_front_matter_is_refused() {
    let problem = refused("agents/other.md", "You are helpful.\n");
    assert!(problem.starts_with("agents/other.md: has no front matter; it begins"), "{problem}");
    let problem = refused("agents/other.md", "---\nname: O\nmodel: m\n");
    assert!(problem.starts_with("agents/other.md: its front matter has no end"), "{problem}");
}

#[test]
fn two_system_prompts_are_refused() {
    let problem = refused("agents/other.md", "---\nname: O\nmodel: m\nsystem: a\n---\nb\n");
    assert!(problem.starts_with("agents/other.md:4:1: the body"), "{problem}");
}

#[test]
fn a_file_of_an_unknown_type_is_no_agent() {
    let problem = refused("agents/other.yaml", "name: O\nmodel: m\ntype: agnet\n");
    assert!(
        problem.starts_with("agents/other.yaml:3:7: the `type` of an agent's file is `agent`"),
        "{problem}"
    );
}

#[test]
fn two_files_of_one_agent_are_refused() {
    let world = World::new(FLEET);
    world.file("agents/other.yaml", "name: O\nmodel: m\n");
    world.file("agents/other.md", "---\nname: O\nmodel: m\n---\n");
    assert!(world.problems().contains("other.yaml is a second file of the agent `other`"));
}

#[test]
fn a_file_of_another_kind_is_no_agent() {
    let world = World::new(
        "fleet: f\nagents: { a: { file: fleet.txt } }\nsessions: { s: { agent: a, prompt: hi } }\n",
    );
    world.file("fleet.txt", "x");
    assert_eq!(world.problems(), "fleet.txt: an agent's file ends with .md, .yaml or .yml");
}

#[test]
fn a_missing_file_is_shown_where_it_is_named() {
    let problem = World::new(
        "fleet: f\nagents:\n  a: { file: agents/nobody.md }\nsessions: { s: { agent: a, prompt: hi } }\n",
    )
    .problems();
    assert!(problem.starts_with("fleet.yaml:3:14: there is no file "), "{problem}");
}

#[test]
fn a_file_above_the_bound_is_refused() {
    let problem = refused("agents/other.md", &"x".repeat((1 << 20) + 1));
    assert_eq!(problem, "agents/other.md: is larger than 1048576 bytes");
}

#[test]
fn bytes_that_are_no_text_are_refused() {
    let world = World::new(FLEET);
    std::fs::write(world.path().join("agents/other.md"), [0xff, 0xfe]).unwrap();
    assert_eq!(world.problems(), "agents/other.md: is not UTF-8 text");
}

/// An agent whose tool takes anything, which begins with `schema`.
fn with_schema(schema: &str) -> String {
    refused(
        "agents/other.yaml",
        &format!(
            "name: O\nmodel: m\ntools:\n- type: custom\n  name: t\n  description: d\n  input_schema: {{ type: object, x: {schema} }}\n"
        ),
    )
}

#[test]
fn values_beyond_number_and_too_deep_ones_are_refused_in_plain_words() {
    let many = with_schema(&format!("[{}]", "x,".repeat(100_000)));
    assert!(many.contains("has more than 100000 values; split it into files"), "{many}");
    for levels in [48, 5_000] {
        let deep = with_schema(&format!("{}x{}", "[".repeat(levels), "]".repeat(levels)));
        assert!(deep.contains("is nested deeper than 48 levels; write it flatter"), "{deep}");
    }
}

#[test]
fn skills_are_left_out_with_a_warning() {
    let world = World::new(FLEET);
    world.file(
        "agents/other.yaml",
        "name: O\nmodel: m\nskills:\n  - { type: custom, path: ../skills/review }\n",
    );
    let fleet = world.load().unwrap();
    let warning = fleet.warnings.iter().map(ToString::to_string).collect::<String>();
    let words = "agents/other.yaml:3:1: the skills are left out, as skills are not built yet";
    assert!(warning.contains(words), "{warning}");
    assert!(fleet.agents.contains_key("other"));
    world.file("agents/other.yaml", "name: O\nmodel: m\nskills: []\n");
    assert_eq!(world.load().unwrap().warnings, []);
}

#[test]
fn a_key_that_occurs_twice_hides_nothing_else() {
    let problem = refused("agents/other.md", "---\nname: O\nmodel: m\nname: P\ntool: []\n---\n");
    assert!(problem.contains("agents/other.md:4:1: `name` occurs twice"), "{problem}");
    assert!(problem.contains("agents/other.md:5:1: unknown key `tool`"), "{problem}");
}
