//! Rust source without its comments and literals, so that rules see code and nothing else.

/// What stands in code for each byte of a string or character.
pub const LITERAL: u8 = b'"';

/// The text with every comment replaced by spaces, and every string and character by [`LITERAL`].
/// Lines and byte offsets stay as they are.
pub fn blank(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut code = bytes.to_vec();
    let mut at = 0;
    while at < bytes.len() {
        match end_of_silence(bytes, at) {
            Some(end) => {
                let filler = if bytes[at] == b'/' { b' ' } else { LITERAL };
                code[at..end].iter_mut().filter(|b| **b != b'\n').for_each(|b| *b = filler);
                at = end;
            }
            None => at += 1,
        }
    }
    String::from_utf8(code).expect("whole comments and literals were replaced by spaces")
}

/// Whether a byte can be part of a name.
pub fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

/// Where the comment or literal that begins at `at` ends; `None` if none begins there.
fn end_of_silence(bytes: &[u8], at: usize) -> Option<usize> {
    let rest = &bytes[at..];
    match rest[0] {
        b'/' if rest.starts_with(b"//") => Some(find(bytes, at, b"\n")),
        b'/' if rest.starts_with(b"/*") => Some(block_comment(bytes, at)),
        b'"' => Some(string(bytes, at)),
        b'\'' => character(bytes, at),
        b'r' | b'b' | b'c' if at == 0 || !is_name(bytes[at - 1]) => raw_string(bytes, at),
        _ => None,
    }
}

/// Where `needle` stands at or behind `from`; the end of the text if nowhere.
fn find(bytes: &[u8], from: usize, needle: &[u8]) -> usize {
    let found = bytes[from..].windows(needle.len()).position(|window| window == needle);
    found.map_or(bytes.len(), |found| from + found)
}

fn block_comment(bytes: &[u8], at: usize) -> usize {
    let (mut depth, mut at) = (0_usize, at);
    while at < bytes.len() {
        if bytes[at..].starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if bytes[at..].starts_with(b"*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    bytes.len()
}

fn string(bytes: &[u8], at: usize) -> usize {
    let mut at = at + 1;
    while at < bytes.len() {
        match bytes[at] {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    bytes.len()
}

fn raw_string(bytes: &[u8], at: usize) -> Option<usize> {
    let after_kind = if bytes[at] == b'r' { at } else { at + 1 };
    if bytes.get(after_kind) != Some(&b'r') {
        return None;
    }
    let hashes = bytes[after_kind + 1..].iter().take_while(|byte| **byte == b'#').count();
    let quote = after_kind + 1 + hashes;
    if bytes.get(quote) != Some(&b'"') {
        return None;
    }
    let close = [&b"\""[..], &vec![b'#'; hashes]].concat();
    Some((find(bytes, quote + 1, &close) + close.len()).min(bytes.len()))
}

/// A character, as opposed to a lifetime.
fn character(bytes: &[u8], at: usize) -> Option<usize> {
    let first = *bytes.get(at + 1)?;
    if first == b'\\' {
        return Some((find(bytes, (at + 3).min(bytes.len()), b"'") + 1).min(bytes.len()));
    }
    let length = match first {
        0..0x80 => 1,
        0x80..0xE0 => 2,
        0xE0..0xF0 => 3,
        _ => 4,
    };
    let close = at + 1 + length;
    (first != b'\'' && bytes.get(close) == Some(&b'\'')).then_some(close + 1)
}

#[test]
fn comments_become_spaces_literals_become_quotes_and_code_stays() {
    for (text, code) in [
        ("a // b\nc", "a     \nc"),
        ("a /* b /* c */ d */ e", "a                   e"),
        (r#"f("a // \" b", 'c')"#, r#"f(""""""""""", """)"#),
        (r##"r#"a " b"# c"##, r#""""""""""" c"#),
        (r#"br"a\" b"#, r#""""""" b"#),
        (r"x<'a>('\'', '{', '\u{e9}')", r#"x<'a>("""", """, """""""")"#),
        ("('\u{e9}', \"\u{e9}\")", r#"("""", """")"#),
        ("r#fn and for", "r#fn and for"),
        ("\"open", r#"""""""#),
        ("\"a\nb\"", "\"\"\n\"\""),
    ] {
        assert_eq!(blank(text), code, "{text:?}");
    }
}
