//! The pages of docs/reference/, made from what the program and its sources say.

mod commands;
mod errors;
mod events;
mod fleet_file;
mod limits;
mod number;
mod rustdoc;
mod settings;

use expect_test::expect_file;

use super::root;

/// Columns of a paragraph.
const COLUMNS: usize = 100;

/// A page must be what is made now.
fn hold(name: &str, source: &str, body: &str) {
    let page = format!(
        "<!-- Made from {source}.\n     Do not edit: UPDATE_EXPECT=1 cargo test -p planaria-cli docs -->\n\n{}",
        filled(body)
    );
    let path = root().join("docs/reference").join(name);
    expect_file![path].assert_eq(&page);
}

/// Text whose paragraphs are broken into lines; tables, lists, headings and blocks stay as they
/// are.
fn filled(text: &str) -> String {
    let (mut filled, mut fenced) = (String::new(), false);
    for line in text.lines() {
        let fence = line.starts_with("```");
        fenced ^= fence;
        let mut column = 0;
        if fence || fenced || line.starts_with(['|', '#', '*']) {
            filled.push_str(line);
        } else {
            for word in line.split(' ') {
                let chars = word.chars().count();
                if column > 0 {
                    let breaks = column + 1 + chars > COLUMNS;
                    filled.push(if breaks { '\n' } else { ' ' });
                    column = if breaks { 0 } else { column + 1 };
                }
                filled.push_str(word);
                column += chars;
            }
        }
        filled.push('\n');
    }
    filled
}

/// A cell of a table: on one line, and no line of its own.
fn cell(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|")
}

/// A table of Markdown.
fn table(heads: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let mut text = line(heads.iter().map(|head| (*head).to_owned()).collect());
    text.push_str(&line(heads.iter().map(|_| "---".to_owned()).collect()));
    for row in rows {
        text.push_str(&line(row.iter().map(|text| cell(text)).collect()));
    }
    text
}

#[test]
fn a_cell_stays_on_its_line_and_a_paragraph_gets_several() {
    assert_eq!(cell("a |\n  b"), "a \\| b");
    let long = format!("{0} {0}\n| {0} {0} |\n", "x".repeat(60));
    assert_eq!(filled(&long).lines().count(), 3);
    assert_eq!(table(&["x"], [vec!["y".to_owned()]]), "| x |\n| --- |\n| y |\n");
}
