//! What is not written, and where.

use super::finding::Finding;
use super::source::Place::{self, Binary, Example, Library, Test, Testkit};
use super::source::Source;

/// Something that some places may not say.
struct Word {
    /// As it stands in code.
    find: &'static str,
    /// Where it must not stand.
    within: &'static [Place],
    /// Files to which that does not apply.
    except: &'static [&'static str],
    /// Lifts the rule for a file that has this in its code.
    unless: Option<&'static str>,
    /// What to do instead.
    mend: &'static str,
}

const EVERYWHERE: &[Place] = &[Library, Binary, Testkit, Test, Example];
const SHIPPED: &[Place] = &[Library, Binary, Testkit];
/// What the command prints goes through here.
const OUTPUT: &[&str] = &["crates/cli/src/output.rs", "crates/cli/src/exit.rs"];

const fn never(find: &'static str, within: &'static [Place], mend: &'static str) -> Word {
    Word { find, within, except: &[], unless: None, mend }
}

const fn print(find: &'static str) -> Word {
    let mend = "emit it with `tracing`; in the cli, print it with `output::data` or `output::say`";
    Word { except: OUTPUT, ..never(find, SHIPPED, mend) }
}

const WORDS: &[Word] = &[
    print("print!"),
    print("println!"),
    print("eprint!"),
    print("eprintln!"),
    never("dbg!", EVERYWHERE, "remove it"),
    never("todo!", EVERYWHERE, "write it, or leave the way to it closed"),
    never("unimplemented!", EVERYWHERE, "write it, or leave the way to it closed"),
    never("#[ignore", EVERYWHERE, "mend the test or remove it: what never runs proves nothing"),
    never("process::exit", &[Library, Testkit, Example], "return an error: only the binary exits"),
    never("thread::sleep", &[Test], "wait for what is to happen, with a bound"),
    Word {
        // Under paused time a sleep takes no time and gives the same order in every run.
        unless: Some("start_paused"),
        // What those tests are made of: only ever run under paused time.
        except: &[
            "crates/supervisor/tests/conformance/support/lab.rs",
            "crates/supervisor/tests/conformance/support/mod.rs",
            "crates/supervisor/tests/conformance/support/parts.rs",
            "crates/testkit/tests/runtime/support.rs",
        ],
        ..never("time::sleep", &[Test], "wait for what is to happen, or run under paused time")
    },
    never(
        ".unwrap()",
        &[Library, Binary],
        "return an error, or say with `expect` why it cannot happen",
    ),
];

/// Names of files that say nothing of what is in them.
const EMPTY_NAMES: &[&str] =
    &["common", "helper", "helpers", "macros", "manager", "misc", "types", "util", "utils"];

/// Marks of what was left undone, also in comments. Put together here so that this file has none.
const UNDONE: &[&str] = &[concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X")];

/// Places of whoever builds this, of which the repository does not speak. Put together here so that
/// this file does not either.
const WORKSHOP: &[&str] =
    &[concat!("..", "/shared"), concat!(".", "library"), concat!("work", "/shared")];

/// Words in places that may not say them.
pub fn misplaced(source: &Source) -> Vec<Finding> {
    let mut found = Vec::new();
    for Word { find, within, except, unless, mend } in WORDS {
        let lifted = unless.is_some_and(|word| source.code.contains(word));
        if lifted || except.contains(&source.path.as_str()) {
            continue;
        }
        let lines = source.lines_with(find).into_iter();
        let lines = lines.filter(|line| within.contains(&source.place(*line)));
        found.extend(lines.map(|line| Finding::at(&source.path, line, format!("`{find}`"), *mend)));
    }
    found
}

/// `select!` whose branches are polled in an order that chance makes.
pub fn unbiased(source: &Source) -> Vec<Finding> {
    let biased = |at: usize| {
        let inside = source.code[at + "select!".len()..].trim_start();
        inside.get(1..).is_some_and(|inside| inside.trim_start().starts_with("biased;"))
    };
    let found = source.offsets_of("select!").into_iter().filter(|at| !biased(*at)).map(|at| {
        let line = super::source::line_of(&source.code, at);
        let mend = "begin it with `biased;` and put what must win first";
        Finding::at(&source.path, line, "`select!` is not biased", mend)
    });
    found.collect()
}

/// A file that is named after nothing.
pub fn file_name(source: &Source) -> Option<Finding> {
    let mut parts = source.path.trim_end_matches(".rs").split('/');
    let empty = parts.find(|part| EMPTY_NAMES.contains(part))?;
    let mend = "name it after the concept in it";
    Some(Finding::of(&source.path, format!("`{empty}` says nothing"), mend))
}

/// Notes that something is not done.
pub fn undone(source: &Source) -> Vec<Finding> {
    let words = |line: &str, word: &str| {
        line.split(|c: char| !c.is_alphanumeric()).any(|found| found == word)
    };
    let mut found = Vec::new();
    for (number, line) in (1..).zip(source.text.lines()) {
        for word in UNDONE.iter().filter(|word| words(line, word)) {
            let mend = "do it now, or open an issue";
            found.push(Finding::at(&source.path, number, format!("`{word}`"), mend));
        }
    }
    found
}

/// Words about how the repository came to be.
pub fn workshop(path: &str, text: &str) -> Vec<Finding> {
    let mut found = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        for word in WORKSHOP.iter().filter(|word| line.contains(**word)) {
            let mend = "say it in the repository's own terms, or leave it out";
            found.push(Finding::at(path, number, format!("`{word}` is not part of this"), mend));
        }
    }
    found
}

#[cfg(test)]
fn places(path: &str, text: &str) -> Vec<String> {
    misplaced(&Source::new(path, text)).into_iter().map(|f| f.place).collect()
}

#[test]
fn a_word_is_found_only_where_it_may_not_be_said() {
    let text = "println!(1);\nx.unwrap();\nthread::sleep(y);\ntodo!();\nprocess::exit(1);\n";
    assert_eq!(places("crates/x/src/a.rs", text).len(), 4);
    assert_eq!(places("crates/cli/src/a.rs", text).len(), 3);
    assert_eq!(
        places("crates/cli/src/output.rs", text),
        ["crates/cli/src/output.rs:4", "crates/cli/src/output.rs:2"]
    );
    assert_eq!(
        places("crates/x/tests/a.rs", text),
        ["crates/x/tests/a.rs:4", "crates/x/tests/a.rs:3"]
    );
    let inline = format!("#[cfg(test)]\nmod tests {{\n{text}}}\n");
    assert_eq!(places("crates/x/src/a.rs", &inline).len(), 2);
}

#[test]
fn paused_time_may_be_slept_away() {
    let text = "#[tokio::test]\nasync fn a() { tokio::time::sleep(b).await }\n";
    assert_eq!(places("tests/a.rs", text), ["tests/a.rs:2"]);
    let paused = text.replace("test]", "test(start_paused = true)]");
    assert!(places("tests/a.rs", &paused).is_empty());
}

#[test]
fn a_select_without_an_order_is_found() {
    let found = |text: &str| unbiased(&Source::new("a.rs", text)).len();
    assert_eq!(found("tokio::select! { biased;\n a = b => c }"), 0);
    assert_eq!(found("tokio::select! {\n    // First of all.\n    biased;\n a = b => c }"), 0);
    assert_eq!(found("select! { a = b => c, }"), 1);
    assert_eq!(found("select! { biased_a = b => c, }"), 1);
}

#[test]
fn a_file_named_after_nothing_and_a_word_of_the_workshop_are_found() {
    assert!(file_name(&Source::new("crates/x/src/utils/a.rs", "")).is_some());
    assert!(file_name(&Source::new("crates/x/src/tool.rs", "")).is_none());
    let text = format!("see\n{}/design.md\n", WORKSHOP[0]);
    assert_eq!(workshop("README.md", &text)[0].place, "README.md:2");
    assert!(workshop("README.md", "shared by all").is_empty());
}

#[test]
fn a_note_that_something_is_undone_is_found() {
    let found = |text: &str| undone(&Source::new("a.rs", text)).len();
    assert_eq!(found(&format!("a();\n// {}: b\n", UNDONE[0])), 1);
    assert_eq!(found(&format!("let {}S = 1;\n", UNDONE[0])), 0);
}
