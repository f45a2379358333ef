//! Just enough of Rust's surface to read documented items: what rustfmt has laid out.

/// An item with its documentation: a constant, a variant or a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Its name.
    pub name: String,
    /// What stands behind the name: a constant's value, a field's type.
    pub rest: String,
    /// Its attributes, each on a line.
    pub attributes: String,
    /// Its documentation, on one line.
    pub doc: String,
}

/// Gathers documentation and attributes until the item that they belong to.
#[derive(Default)]
struct Before {
    doc: Vec<String>,
    attributes: String,
    /// Whether the last attribute goes on.
    open: bool,
}

impl Before {
    /// Whether the line belongs to what stands before an item.
    fn takes(&mut self, line: &str) -> bool {
        let line = line.trim();
        if let Some(doc) = line.strip_prefix("///") {
            self.doc.push(doc.trim().to_owned());
            return true;
        }
        if self.open || line.starts_with("#[") {
            self.attributes.push_str(line);
            self.attributes.push('\n');
            self.open = !line.ends_with(']');
            return true;
        }
        false
    }

    fn item(&mut self, name: &str, rest: &str) -> Item {
        let before = std::mem::take(self);
        let doc = before.doc.join(" ");
        let (name, rest) = (name.trim().to_owned(), rest.trim().to_owned());
        Item { name, rest, attributes: before.attributes, doc }
    }
}

/// What the file says of itself, its first paragraph.
pub fn about(text: &str) -> String {
    let lines = text.lines().map_while(|line| line.strip_prefix("//!")).map(str::trim);
    let lines: Vec<&str> = lines.take_while(|line| !line.is_empty()).collect();
    lines.join(" ")
}

/// The documented constants of a file, with their values.
pub fn constants(text: &str) -> Vec<Item> {
    let (mut before, mut found) = (Before::default(), Vec::new());
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if before.takes(line) {
            continue;
        }
        let Some((_, constant)) = line.split_once("const ").filter(|_| line.starts_with("pub"))
        else {
            before = Before::default();
            continue;
        };
        let mut constant = constant.to_owned();
        while !constant.ends_with(';') {
            constant.push_str(lines.next().expect("a constant ends").trim());
        }
        let (name, value) = constant.split_once(':').expect("a constant has a type");
        let (_, value) = value.split_once('=').expect("a constant has a value");
        found.push(before.item(name, value.trim_end_matches(';')));
    }
    found
}

/// The members of a struct or enum: what stands one level inside it.
pub fn members(text: &str, kind: &str, name: &str) -> Vec<Item> {
    let head = format!("pub {kind} {name} {{");
    let mut lines = text.lines().skip_while(|line| *line != head);
    assert!(lines.next().is_some(), "there is no {head}");
    let (mut before, mut found) = (Before::default(), Vec::new());
    for line in lines.take_while(|line| *line != "}") {
        let inner = line.strip_prefix("    ").unwrap_or_default();
        if inner.starts_with(' ') && !before.open {
            continue;
        }
        if before.takes(line) || inner.is_empty() || inner.starts_with('}') {
            continue;
        }
        let inner = inner.trim_start_matches("pub ").trim_end_matches(',');
        let end = inner.find([':', '(', ' ', '{']).unwrap_or(inner.len());
        let (name, rest) = inner.split_at(end);
        found.push(before.item(name, rest.trim_start_matches(':')));
    }
    found
}

/// What `#[error("…")]` says, if there is one.
pub fn message(item: &Item) -> Option<String> {
    let (_, rest) = item.attributes.split_once("#[error(")?;
    let (_, rest) = rest.split_once('"')?;
    let (text, _) = rest.rsplit_once('"')?;
    Some(text.replace("\\\"", "\""))
}

#[test]
fn constants_and_members_are_read_with_their_words() {
    let file = "//! About\n//! it.\n//!\n//! More.\n\n/// One\n/// two.\npub(crate) const A_MAX: usize =\n    4 << 20;\n";
    assert_eq!(about(file), "About it.");
    let constants = constants(file);
    assert_eq!((constants[0].name.as_str(), constants[0].rest.as_str()), ("A_MAX", "4 << 20"));
    assert_eq!(constants[0].doc, "One two.");
    let file = "pub enum Error {\n    /// Bad.\n    #[error(\n        \"bad: {0}\"\n    )]\n    Bad(String),\n    \
                /// Worse.\n    #[error(\"worse {path}\")]\n    Worse {\n        /// Where.\n        path: String,\n    },\n}\n";
    let variants = members(file, "enum", "Error");
    assert_eq!(variants.len(), 2, "{variants:?}");
    assert_eq!(message(&variants[0]).unwrap(), "bad: {0}");
    assert_eq!((variants[1].name.as_str(), variants[1].doc.as_str()), ("Worse", "Worse."));
    let file = "pub struct S {\n    /// Its kind.\n    #[serde(rename = \"type\")]\n    pub kind: String,\n}\n";
    let fields = members(file, "struct", "S");
    assert_eq!((fields[0].name.as_str(), fields[0].rest.as_str()), ("kind", "String"));
}
