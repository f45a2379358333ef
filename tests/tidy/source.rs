//! A Rust file as the rules see it: whose it is, where its tests are, what its functions are.

use std::ops::RangeInclusive;

use super::lexer::{blank, is_name};

/// What kind of code a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// What ships, below `crates/*/src`.
    Library,
    /// What ships and talks to people: `crates/cli/src`.
    Binary,
    /// What our users test with: `crates/testkit/src`.
    Testkit,
    /// Tests and benchmarks.
    Test,
    /// Programs that show something.
    Example,
}

/// A file of Rust.
#[derive(Debug)]
pub struct Source {
    /// From the root of the repository, with slashes.
    pub path: String,
    /// As it is.
    pub text: String,
    /// With comments and literals blotted out; same lines, same offsets.
    pub code: String,
    /// Lines that are compiled for tests only.
    tests: Vec<RangeInclusive<usize>>,
    /// Modules in files of their own that are compiled for tests only.
    pub test_modules: Vec<String>,
    place: Place,
}

/// A function with a body.
#[derive(Debug, PartialEq, Eq)]
pub struct Function {
    /// Its name.
    pub name: String,
    /// The line of its `fn`, from 1.
    pub line: usize,
    /// Lines from its `fn` to its last brace.
    pub lines: usize,
}

impl Source {
    /// Looks through a file.
    pub fn new(path: &str, text: &str) -> Self {
        let code = blank(text);
        let (tests, test_modules) = test_items(&code);
        let place = place(path);
        Self { path: path.to_owned(), text: text.to_owned(), code, tests, test_modules, place }
    }

    /// Says that another file includes this one for tests only.
    pub fn mark_as_test(&mut self) {
        self.place = Place::Test;
    }

    /// What kind of code the line is, counted from 1.
    pub fn place(&self, line: usize) -> Place {
        if self.tests.iter().any(|lines| lines.contains(&line)) { Place::Test } else { self.place }
    }

    /// The directories, from the root, of the files that modules in this file have.
    pub fn module_directory(&self) -> String {
        let (directory, name) = self.path.rsplit_once('/').unwrap_or(("", &self.path));
        match name {
            "mod.rs" | "lib.rs" | "main.rs" => directory.to_owned(),
            _ => self.path.trim_end_matches(".rs").to_owned(),
        }
    }

    /// The lines, from 1, on which `word` stands in code. A word that begins with a letter is not
    /// found inside a longer one.
    pub fn lines_with(&self, word: &str) -> Vec<usize> {
        self.offsets_of(word).into_iter().map(|at| line_of(&self.code, at)).collect()
    }

    /// The offsets of `word` in code, by the same rule.
    pub fn offsets_of(&self, word: &str) -> Vec<usize> {
        let bytes = self.code.as_bytes();
        let inside = |at: usize| is_name(word.as_bytes()[0]) && at > 0 && is_name(bytes[at - 1]);
        self.code.match_indices(word).map(|(at, _)| at).filter(|at| !inside(*at)).collect()
    }

    /// Every function that has a body, also those inside others.
    pub fn functions(&self) -> Vec<Function> {
        self.offsets_of("fn ").into_iter().filter_map(|at| function(&self.code, at)).collect()
    }
}

fn place(path: &str) -> Place {
    let parts: Vec<&str> = path.split('/').collect();
    if parts.contains(&"tests") || parts.contains(&"benches") {
        Place::Test
    } else if parts.contains(&"examples") {
        Place::Example
    } else if path.starts_with("crates/cli/") {
        Place::Binary
    } else if path.starts_with("crates/testkit/") {
        Place::Testkit
    } else {
        Place::Library
    }
}

/// The line of an offset, from 1.
pub fn line_of(text: &str, at: usize) -> usize {
    text.as_bytes()[..at].iter().filter(|byte| **byte == b'\n').count() + 1
}

fn function(code: &str, at: usize) -> Option<Function> {
    let rest = &code.as_bytes()[at + "fn ".len()..];
    let length = rest.iter().take_while(|byte| is_name(**byte)).count();
    if length == 0 {
        return None;
    }
    let name = code[at + 3..at + 3 + length].to_owned();
    let (_, end) = item(code, at)?;
    let line = line_of(code, at);
    Some(Function { name, line, lines: line_of(code, end) - line + 1 })
}

/// Where the braces of the item that begins at `from` open and close; `None` if it has none.
fn item(code: &str, from: usize) -> Option<(usize, usize)> {
    let mut depth = 0_usize;
    for (at, byte) in code.bytes().enumerate().skip(from) {
        match byte {
            b'(' | b'[' => depth += 1,
            b')' | b']' => depth = depth.saturating_sub(1),
            b';' | b'}' if depth == 0 => return None,
            b'{' if depth == 0 => return Some((at, closing(code, at))),
            _ => {}
        }
    }
    None
}

/// The brace that closes the one at `open`; the end of the code if none does.
fn closing(code: &str, open: usize) -> usize {
    let mut depth = 0_usize;
    for (at, byte) in code.bytes().enumerate().skip(open) {
        match byte {
            b'{' => depth += 1,
            b'}' => depth -= 1,
            _ => continue,
        }
        if depth == 0 {
            return at;
        }
    }
    code.len()
}

/// The lines of items under `#[cfg(test)]`, and the names of such modules in other files.
fn test_items(code: &str) -> (Vec<RangeInclusive<usize>>, Vec<String>) {
    let (mut ranges, mut modules) = (Vec::new(), Vec::new());
    for (at, _) in code.match_indices("#[cfg(") {
        let end = code[at..].find(']').map_or(code.len(), |end| at + end + 1);
        let condition = &code[at..end];
        let words: Vec<&str> =
            condition.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
        if !words.contains(&"test") || words.contains(&"not") {
            continue;
        }
        match item(code, end) {
            Some((_, close)) => ranges.push(line_of(code, at)..=line_of(code, close)),
            None => {
                let words = code[end..].split(|c: char| !c.is_alphanumeric() && c != '_');
                let mut words = words.skip_while(|word| *word != "mod").skip(1);
                modules.extend(words.find(|word| !word.is_empty()).map(str::to_owned));
            }
        }
    }
    (ranges, modules)
}

#[test]
fn functions_are_measured_whatever_stands_in_them() {
    let text = "trait T {\n    fn declared(&self) -> [u8; 4];\n}\n\
                pub fn one() -> [u8; 2] { [b'{', 1] }\n\
                fn outer<'a>(f: fn(u8) -> u8)\nwhere\n    u8: Copy,\n{\n\
                let s = \"}\"; // }\nfn inner() {\n    }\n}\n";
    let found = Source::new("crates/x/src/a.rs", text).functions();
    let found: Vec<_> = found.iter().map(|f| (f.name.as_str(), f.line, f.lines)).collect();
    assert_eq!(found, [("one", 4, 1), ("outer", 5, 8), ("inner", 10, 2)]);
}

#[test]
fn lines_for_tests_are_told_from_those_that_ship() {
    let text = "fn a() {}\n#[cfg(test)]\nmod far;\n#[cfg(not(test))]\nfn b() {}\n#[cfg(test)]\n\
                #[allow(dead_code)]\nmod tests {\n    fn c() {}\n}\nfn d() {}\n";
    let source = Source::new("crates/x/src/lib.rs", text);
    let places: Vec<bool> = (1..=11).map(|line| source.place(line) == Place::Test).collect();
    assert_eq!(places[..5], [false; 5]);
    assert_eq!(places[5..10], [true; 5]);
    assert!(!places[10]);
    assert_eq!(source.test_modules, ["far"]);
    assert_eq!(Source::new("crates/x/tests/a.rs", text).place(1), Place::Test);
    assert_eq!(Source::new("crates/cli/src/a.rs", text).place(1), Place::Binary);
}

#[test]
fn a_word_is_not_found_inside_a_longer_one_or_in_a_comment() {
    let source = Source::new("a.rs", "eprint!(1);\nprint!(2); // print!(3)\n x.unwrap()\n");
    assert_eq!(source.lines_with("print!"), [2]);
    assert_eq!(source.lines_with(".unwrap()"), [3]);
}
