//! The fenced blocks of a page.

/// A block, and what the page says about it to whoever runs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// The line of its fence.
    pub line: usize,
    /// The word behind the fence.
    pub language: String,
    /// What stands in it.
    pub text: String,
    /// The comment on the line before the fence, without its marks.
    pub note: String,
}

/// Every block of a page, in order.
pub fn blocks(page: &str) -> Vec<Block> {
    let (mut found, mut open, mut before) = (Vec::new(), None::<Block>, String::new());
    for (number, line) in (1..).zip(page.lines()) {
        match (open.take(), line.strip_prefix("```")) {
            (None, Some(language)) => {
                let language = language.to_owned();
                let note = std::mem::take(&mut before);
                open = Some(Block { line: number, language, text: String::new(), note });
            }
            (Some(block), Some(_)) => found.push(block),
            (Some(mut block), None) => {
                block.text.push_str(line);
                block.text.push('\n');
                open = Some(block);
            }
            (None, None) => before = note(line).unwrap_or_default(),
        }
    }
    assert_eq!(open, None, "a block is not closed");
    found
}

/// What a line that is a comment says.
fn note(line: &str) -> Option<String> {
    Some(line.strip_prefix("<!--")?.strip_suffix("-->")?.trim().to_owned())
}

#[test]
fn blocks_are_found_with_their_notes() {
    let page = "a\n<!-- b c -->\n```sh\nd\n```\ne\n```text\n```\n";
    let block = |line, language: &str, text: &str, note: &str| Block {
        line,
        language: language.to_owned(),
        text: text.to_owned(),
        note: note.to_owned(),
    };
    assert_eq!(blocks(page), [block(3, "sh", "d\n", "b c"), block(7, "text", "", "")]);
}
