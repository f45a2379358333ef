//! Results that are too long for the log go to a file that the result names.

use std::fs;
use std::path::Path;

use planaria_core::EventId;
use planaria_core::tool::{Outcome, head_and_tail, text_block};
use serde_json::Value;

/// The directory of such files, in the workspace, so that the tools can read them.
pub(super) const RESULTS: &str = ".planaria-results";
/// Characters of an error in the note.
const WHY_CHARS: usize = 300;

/// The outcome with every text short enough for the log.
pub(super) fn fit(mut outcome: Outcome, workspace: &Path, call: EventId) -> Outcome {
    for (index, block) in outcome.content.iter_mut().enumerate() {
        let Some(text) = block.get("text").and_then(Value::as_str) else { continue };
        let name = format!("{RESULTS}/{call}-{index}.txt");
        if let Some(cut) = head_and_tail(text, || written(workspace, &name, text)) {
            *block = text_block(&cut);
        }
    }
    outcome
}

fn written(workspace: &Path, name: &str, text: &str) -> String {
    let path = workspace.join(name);
    let parent = fs::create_dir_all(workspace.join(RESULTS));
    match parent.and_then(|()| fs::write(&path, text)) {
        Ok(()) => format!("the whole is in {name}"),
        Err(error) => {
            let why = error.to_string().chars().take(WHY_CHARS).collect::<String>();
            format!("the rest is lost, because {name} could not be written: {why}")
        }
    }
}

#[cfg(test)]
mod tests {
    use planaria_core::limits::RESULT_CHARS_MAX;

    use super::*;

    #[test]
    fn a_long_text_is_kept_whole_in_a_file_and_cut_in_the_result() {
        let directory = tempfile::tempdir().unwrap();
        let text = "ä".repeat(RESULT_CHARS_MAX + 1);
        let cut = fit(Outcome::text(&*text), directory.path(), EventId(5));
        let shown = cut.content[0]["text"].as_str().unwrap();
        assert!(shown.chars().count() <= RESULT_CHARS_MAX);
        let name = format!("{RESULTS}/{}-0.txt", EventId(5));
        assert!(shown.contains(&name), "{}", &shown[shown.len() - 200..]);
        assert_eq!(fs::read_to_string(directory.path().join(name)).unwrap(), text);
    }

    #[test]
    fn where_no_file_can_be_written_the_result_says_so() {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join(RESULTS), "in the way").unwrap();
        let cut = fit(Outcome::text("x".repeat(200_000)), directory.path(), EventId(5));
        let shown = cut.content[0]["text"].as_str().unwrap();
        assert!(shown.contains("could not be written"));
    }

    #[test]
    fn a_result_of_just_the_allowed_length_stays_as_it_is() {
        let outcome = Outcome::text("x".repeat(RESULT_CHARS_MAX));
        assert_eq!(fit(outcome.clone(), Path::new("/nowhere"), EventId(5)), outcome);
    }
}
