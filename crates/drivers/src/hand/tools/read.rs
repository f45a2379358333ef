//! `read`: a text file or a range of its lines, an image, a PDF.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use planaria_core::tool::Outcome;
use serde::Deserialize;
use serde_json::{Value, json};

use super::desk::{Desk, decoded, input, open, said, text};
use super::media::Media;
use crate::hand::limits::{MEDIA_BYTES_MAX, SIDE_MAX, SNIFF_BYTES, TEXT_BYTES_MAX};

#[derive(Debug, Deserialize)]
struct Input {
    file_path: String,
    view_range: Option<(i64, i64)>,
}

pub(super) fn run(desk: &Desk, given: Value) -> Result<Outcome, String> {
    let Input { file_path: named, view_range } = input(given)?;
    let path = desk.path(&named)?;
    let mut head = Vec::new();
    let sniffed = open(&path, &named)?.take(SNIFF_BYTES as u64).read_to_end(&mut head);
    sniffed.map_err(|error| said(&named, &error))?;
    let claimed = Media::claimed(&head);
    if let Some(media) = claimed
        && let Some(outcome) = picture(open(&path, &named)?, &named, media, view_range.is_some())?
    {
        return Ok(outcome);
    }
    let text = match view_range {
        None => text(&path, &named, "; name a view_range, or use grep"),
        Some((first, last)) => lines(desk, open(&path, &named)?, &named, first, last),
    };
    let text = text.map_err(|problem| match claimed {
        Some(media) => {
            format!("{problem}; it begins like {} and is damaged or cut short", media.block().1)
        }
        None => problem,
    })?;
    Ok(Outcome::text(if text.is_empty() { "[empty]".to_owned() } else { text }))
}

/// The block of an image or document that is whole. Where it is not, the file may still be a text;
/// where a range of lines is wanted, also one that is too large.
fn picture(file: File, named: &str, media: Media, ranged: bool) -> Result<Option<Outcome>, String> {
    let mut bytes = Vec::new();
    let read = file.take(MEDIA_BYTES_MAX as u64 + 1).read_to_end(&mut bytes);
    read.map_err(|error| said(named, &error))?;
    if bytes.len() > MEDIA_BYTES_MAX {
        if ranged {
            return Ok(None);
        }
        return Err(format!(
            "{named} is larger than {} KiB, which is too much for an image or a document here; \
             make it smaller first",
            MEDIA_BYTES_MAX >> 10
        ));
    }
    let Some(size) = media.whole(&bytes) else { return Ok(None) };
    if let Some((width, height)) = size.filter(|(width, height)| width.max(height) > &SIDE_MAX) {
        return Err(format!(
            "{named} has {width} x {height} pixels, and models take {SIDE_MAX} a side at most; \
             make it smaller first"
        ));
    }
    let (block, media_type) = media.block();
    let source =
        json!({ "type": "base64", "media_type": media_type, "data": STANDARD.encode(bytes) });
    let content = vec![json!({ "type": block, "source": source })];
    Ok(Some(Outcome { content, is_error: false }))
}

/// Lines from `first` to `last`, from 1, both included; a `last` of 0 or less is the end.
fn lines(desk: &Desk, file: File, named: &str, first: i64, last: i64) -> Result<String, String> {
    if first < 1 || (last > 0 && last < first) {
        return Err(format!(
            "view_range [{first}, {last}] is not valid: lines count from 1, and the end comes \
             after the beginning"
        ));
    }
    let last = if last <= 0 { i64::MAX } else { last };
    let mut reader = BufReader::new(file);
    let (mut kept, mut number, mut newline) = (Vec::new(), 1, true);
    while number <= last {
        desk.check()?;
        let chunk = reader.fill_buf().map_err(|error| said(named, &error))?;
        if chunk.is_empty() {
            break;
        }
        let end = chunk.iter().position(|byte| *byte == b'\n');
        let taken = end.map_or(chunk.len(), |end| end + 1);
        if number >= first {
            kept.extend_from_slice(&chunk[..taken]);
            if kept.len() > TEXT_BYTES_MAX {
                let limit = TEXT_BYTES_MAX >> 10;
                return Err(format!("the range has more than {limit} KiB; name a smaller one"));
            }
        }
        reader.consume(taken);
        newline = end.is_some();
        number += i64::from(newline);
    }
    let lines = number - i64::from(newline);
    if first > lines.max(1) {
        return Err(format!("{named} has {lines} lines only"));
    }
    decoded(kept, named)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use tokio_util::sync::CancellationToken;

    use super::super::media::tests::samples;
    use super::*;

    fn desk() -> (tempfile::TempDir, Desk) {
        let directory = tempfile::tempdir().unwrap();
        let workspace = directory.path().to_owned();
        (directory, Desk { workspace, halt: CancellationToken::new() })
    }

    fn read(desk: &Desk, given: Value) -> Result<String, String> {
        let outcome = run(desk, given)?;
        Ok(outcome.content[0]["text"].as_str().unwrap().to_owned())
    }

    #[test]
    fn ranges_are_inclusive_and_end_where_the_file_does() {
        let (_directory, desk) = desk();
        fs::write(desk.workspace.join("a"), "one\ntwo\nthree").unwrap();
        let range =
            |first, last| read(&desk, json!({"file_path": "a", "view_range": [first, last]}));
        assert_eq!(range(1, 1).unwrap(), "one\n");
        assert_eq!(range(2, 3).unwrap(), "two\nthree");
        assert_eq!(range(3, -1).unwrap(), "three");
        assert_eq!(range(2, 99).unwrap(), "two\nthree");
        assert!(range(4, 9).unwrap_err().contains("has 3 lines"));
        assert!(range(0, 2).unwrap_err().contains("not valid"));
        assert!(range(3, 2).unwrap_err().contains("not valid"));
        assert_eq!(read(&desk, json!({"file_path": "a"})).unwrap(), "one\ntwo\nthree");
    }

    #[test]
    fn a_range_of_a_file_that_is_too_large_as_a_whole_can_be_read() {
        let (_directory, desk) = desk();
        fs::write(desk.workspace.join("a"), "0123456789\n".repeat(30_000)).unwrap();
        assert!(read(&desk, json!({"file_path": "a"})).unwrap_err().contains("view_range"));
        let range =
            |first, last| read(&desk, json!({"file_path": "a", "view_range": [first, last]}));
        assert_eq!(range(29_999, 30_000).unwrap(), "0123456789\n0123456789\n");
        assert!(range(1, 0).unwrap_err().contains("smaller"));
    }

    #[test]
    fn images_and_documents_are_blocks_and_other_binaries_are_refused() {
        let (_directory, desk) = desk();
        for (media, bytes) in samples() {
            fs::write(desk.workspace.join("a"), &bytes).unwrap();
            let outcome = run(&desk, json!({"file_path": "a"})).unwrap();
            let (block, media_type) = media.block();
            assert_eq!(outcome.content[0]["type"], block);
            assert_eq!(outcome.content[0]["source"]["media_type"], media_type);
            assert_eq!(outcome.content[0]["source"]["data"], STANDARD.encode(bytes));
        }
        for bytes in [&b"\x7fELF\0\0"[..], b"\xff\xfe"] {
            fs::write(desk.workspace.join("a"), bytes).unwrap();
            assert!(read(&desk, json!({"file_path": "a"})).unwrap_err().contains("binary"));
        }
    }

    #[test]
    fn what_only_begins_like_an_image_is_a_text_or_said_to_be_damaged() {
        let (_directory, desk) = desk();
        let text = "GIF89a is a format\nof images\n";
        fs::write(desk.workspace.join("a"), text).unwrap();
        assert_eq!(read(&desk, json!({"file_path": "a"})).unwrap(), text);
        let range = json!({"file_path": "a", "view_range": [2, 2]});
        assert_eq!(read(&desk, range).unwrap(), "of images\n");
        let (_, png) = samples().remove(0);
        fs::write(desk.workspace.join("a"), &png[..png.len() - 1]).unwrap();
        let problem = read(&desk, json!({"file_path": "a"})).unwrap_err();
        assert!(problem.contains("binary") && problem.contains("image/png"), "{problem}");
        let mut wide = png.clone();
        wide[16..20].copy_from_slice(&(SIDE_MAX + 1).to_be_bytes());
        fs::write(desk.workspace.join("a"), wide).unwrap();
        let problem = read(&desk, json!({"file_path": "a"})).unwrap_err();
        assert!(problem.contains("8001 x 3 pixels"), "{problem}");
    }

    #[test]
    fn an_image_that_no_record_can_hold_is_a_clear_error() {
        let (_directory, desk) = desk();
        let (_, mut bytes) = samples().remove(1);
        bytes.resize(MEDIA_BYTES_MAX, 0);
        fs::write(desk.workspace.join("a"), &bytes).unwrap();
        let outcome = run(&desk, json!({"file_path": "a"})).unwrap();
        let bytes_of_record = serde_json::to_vec(&outcome).unwrap().len();
        assert!(bytes_of_record <= crate::hand::limits::RESULT_BYTES_MAX);
        bytes.push(0);
        fs::write(desk.workspace.join("a"), &bytes).unwrap();
        assert!(run(&desk, json!({"file_path": "a"})).unwrap_err().contains("smaller"));
    }

    #[test]
    fn what_is_no_regular_file_is_refused_at_once() {
        let (_directory, desk) = desk();
        for (path, why) in
            [("/dev/zero", "regular"), (".", "directory"), ("none", "exist"), ("", "not a path")]
        {
            let problem = read(&desk, json!({ "file_path": path })).unwrap_err();
            assert!(problem.contains(why), "{path}: {problem}");
        }
        assert!(read(&desk, json!({})).unwrap_err().contains("file_path"));
        fs::write(desk.workspace.join("a"), "").unwrap();
        assert_eq!(read(&desk, json!({"file_path": "a"})).unwrap(), "[empty]");
    }
}
