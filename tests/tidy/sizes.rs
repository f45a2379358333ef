//! How long files, functions and lines may be.

use super::finding::Finding;
use super::lexer::LITERAL;
use super::source::Source;

/// Lines of a file. One that is longer holds more than one concept.
const FILE_LINES_MAX: usize = 600;
/// Lines of a function: what fits on a screen.
const FUNCTION_LINES_MAX: usize = 70;
/// Characters of a line, as in rustfmt.toml.
const LINE_CHARS_MAX: usize = 100;

/// A file that is too long.
pub fn file(source: &Source) -> Option<Finding> {
    let lines = source.text.lines().count();
    let what = || format!("{lines} lines, at most {FILE_LINES_MAX}");
    let mend = "it is two concepts by now: find them and give each a file";
    (lines > FILE_LINES_MAX).then(|| Finding::of(&source.path, what(), mend))
}

/// Functions that are too long.
pub fn functions(source: &Source) -> Vec<Finding> {
    let long = source.functions().into_iter().filter(|f| f.lines > FUNCTION_LINES_MAX);
    let found = long.map(|f| {
        let what = format!("`{}` has {} lines, at most {FUNCTION_LINES_MAX}", f.name, f.lines);
        Finding::at(&source.path, f.line, what, "split it where it changes its subject")
    });
    found.collect()
}

/// Lines that are too long. As with rustfmt, literals may be as long as they are, and addresses are
/// not broken.
pub fn lines(source: &Source) -> Vec<Finding> {
    let code = source.code.split('\n');
    let long = (1..).zip(source.text.split('\n').zip(code)).filter(|(_, (line, code))| {
        let own = |at: &usize| code.as_bytes()[*at] != LITERAL;
        let chars = line.char_indices().map(|(at, _)| at).filter(own).count();
        chars > LINE_CHARS_MAX && !line.contains("https://")
    });
    let found = long.map(|(number, (line, _))| {
        let what = format!("{} characters, at most {LINE_CHARS_MAX}", line.chars().count());
        Finding::at(&source.path, number, what, "break the line; `cargo fmt` leaves comments alone")
    });
    found.collect()
}

/// How long the files are, in one line for people.
pub fn report(sources: &[Source]) -> String {
    let mut lengths: Vec<(usize, &str)> =
        sources.iter().map(|s| (s.text.lines().count(), s.path.as_str())).collect();
    lengths.sort_unstable();
    let (median, _) = lengths[lengths.len() / 2];
    let (longest, path) = lengths[lengths.len() - 1];
    format!("{} files, median {median} lines, longest {longest} ({path})", lengths.len())
}

#[test]
fn what_is_one_too_long_is_found_and_what_just_fits_is_not() {
    let of = |text: String| Source::new("crates/x/src/a.rs", &text);
    assert_eq!(file(&of("\n".repeat(FILE_LINES_MAX))), None);
    assert!(file(&of("\n".repeat(FILE_LINES_MAX + 1))).is_some());
    let function = |lines: usize| of(format!("\nfn long() {{{}}}\n", "\n".repeat(lines - 1)));
    assert!(functions(&function(FUNCTION_LINES_MAX)).is_empty());
    let found = functions(&function(FUNCTION_LINES_MAX + 1));
    assert_eq!(found[0].place, "crates/x/src/a.rs:2");
    let comment = |chars: usize| of(format!("//{}", "\u{e9}".repeat(chars - 2)));
    assert!(lines(&comment(LINE_CHARS_MAX)).is_empty());
    assert_eq!(lines(&comment(LINE_CHARS_MAX + 1)).len(), 1);
    assert!(lines(&of(format!("a(\"{}\")", "\u{e9}".repeat(LINE_CHARS_MAX)))).is_empty());
    assert!(lines(&of(format!("//! https://{}", "x".repeat(LINE_CHARS_MAX)))).is_empty());
}

#[test]
fn the_report_names_the_median_and_the_longest_file() {
    let lengths = [("a.rs", 3), ("b.rs", 1), ("c.rs", 9)];
    let sources = lengths.map(|(path, lines)| Source::new(path, &"\n".repeat(lines)));
    assert_eq!(report(&sources), "3 files, median 3 lines, longest 9 (c.rs)");
}
