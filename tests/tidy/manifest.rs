//! As much of Cargo.toml as the rules need.

/// Sections, keys and values, in the order of the file.
#[derive(Debug)]
pub struct Manifest {
    entries: Vec<Entry>,
}

#[derive(Debug)]
struct Entry {
    section: String,
    key: String,
    value: String,
}

/// What a dependency is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// What ships, and what builds it.
    Build,
    /// Tests, benchmarks and examples.
    Dev,
}

impl Manifest {
    /// Reads a manifest. Values that go on over several lines are joined; nothing is validated,
    /// since cargo has done that.
    pub fn parse(text: &str) -> Self {
        let (mut entries, mut section) = (Vec::<Entry>::new(), String::new());
        let mut open = 0_i32;
        for line in text.lines().map(without_comment).filter(|line| !line.is_empty()) {
            if open > 0 {
                let last = entries.last_mut().expect("an open value belongs to an entry");
                last.value.push_str(line);
                open += balance(line);
            } else if line.starts_with('[') {
                section = line.trim_matches(['[', ']']).to_owned();
            } else if let Some((key, value)) = line.split_once('=') {
                open = balance(value);
                let (key, value) = (key.trim().replace('"', ""), value.trim().to_owned());
                entries.push(Entry { section: section.clone(), key, value });
            }
        }
        Self { entries }
    }

    /// The value of a key as it is written.
    pub fn get(&self, section: &str, key: &str) -> Option<&str> {
        let entry = self.entries.iter().find(|e| e.section == section && e.key == key);
        entry.map(|entry| entry.value.as_str())
    }

    /// The value of a key that is a string.
    pub fn text(&self, section: &str, key: &str) -> Option<&str> {
        self.get(section, key).map(|value| value.trim_matches('"'))
    }

    /// Every value of `key` in sections of this name, where there may be several.
    pub fn all(&self, section: &str, key: &str) -> Vec<&str> {
        let entries = self.entries.iter().filter(|e| e.section == section && e.key == key);
        entries.map(|entry| entry.value.trim_matches('"')).collect()
    }

    /// The packages depended on, each once, under the names that the registry knows.
    pub fn dependencies(&self, wanted: Use) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for Entry { section, key, value } in &self.entries {
            let (section, name) = match section.rsplit_once("dependencies.") {
                Some((before, name)) => (format!("{before}dependencies"), name),
                None => (section.clone(), key.split('.').next().unwrap_or(key)),
            };
            if usage(&section) != Some(wanted) {
                continue;
            }
            let renamed = value.split_once("package = \"").and_then(|(_, to)| to.split('"').next());
            let name = renamed.unwrap_or(name).to_owned();
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }
}

fn usage(section: &str) -> Option<Use> {
    match section.rsplit('.').next()? {
        "dependencies" | "build-dependencies" => Some(Use::Build),
        "dev-dependencies" => Some(Use::Dev),
        _ => None,
    }
}

fn without_comment(line: &str) -> &str {
    let mut quoted = false;
    let end = line.find(|c: char| {
        quoted ^= c == '"';
        c == '#' && !quoted
    });
    line[..end.unwrap_or(line.len())].trim()
}

/// How many brackets a line leaves open.
fn balance(line: &str) -> i32 {
    let mut quoted = false;
    line.chars().fold(0, |open, c| {
        quoted ^= c == '"';
        match c {
            '[' | '{' if !quoted => open + 1,
            ']' | '}' if !quoted => open - 1,
            _ => open,
        }
    })
}

#[test]
fn a_manifest_gives_its_values_and_its_dependencies() {
    let manifest = Manifest::parse(
        "[package] # the package\nname = \"planaria-x\"\nversion.workspace = true\n\
         [dependencies]\na.workspace = true\n\
         b = { version = \"1\", features = [\n  \"x\", # ]\n] }\n\
         c = { package = \"real-c\", version = \"#1\" }\n\
         [target.'cfg(unix)'.dependencies]\nd = \"1\"\n\
         [build-dependencies.e]\nversion = \"1\"\n[dev-dependencies]\nf = \"1\"\n\
         [[test]]\npath = \"one\"\n[[test]]\npath = \"two\"\n",
    );
    assert_eq!(manifest.text("package", "name"), Some("planaria-x"));
    assert_eq!(manifest.get("package", "version.workspace"), Some("true"));
    assert_eq!(manifest.all("test", "path"), ["one", "two"]);
    assert_eq!(manifest.dependencies(Use::Build), ["a", "b", "real-c", "d", "e"]);
    assert_eq!(manifest.dependencies(Use::Dev), ["f"]);
}
