//! The file tools, through a real hand.

use std::ffi::OsString;

use serde_json::json;

use crate::support::{Rig, bad, bash, call, good, hand_command, patiently};

#[tokio::test]
async fn files_are_written_edited_found_and_read_in_the_workspace() {
    patiently(async {
        let rig = Rig::new();
        let (_, hand) = rig.hand(1).await;
        good(&hand, bash(1, "mkdir elsewhere; cd elsewhere")).await;
        let content = "fn one() {}\nfn two() {}\n";
        let wrote =
            good(&hand, call(2, "write", json!({"file_path": "src/a.rs", "content": content})))
                .await;
        assert_eq!(wrote, "wrote 24 bytes to src/a.rs");
        let edit = json!({"file_path": "src/a.rs", "old_string": "two", "new_string": "three"});
        assert_eq!(good(&hand, call(3, "edit", edit)).await, "edited src/a.rs (1 replacement(s))");
        let found = good(&hand, call(4, "grep", json!({"pattern": "t[a-z]+e"}))).await;
        assert_eq!(found, "src/a.rs:2:fn three() {}\n");
        assert_eq!(good(&hand, call(5, "glob", json!({"pattern": "**/*.rs"}))).await, "src/a.rs");
        let range = json!({"file_path": "src/a.rs", "view_range": [2, 2]});
        assert_eq!(good(&hand, call(6, "read", range)).await, "fn three() {}\n");
        let absolute = rig.workspace().join("src/a.rs");
        assert!(good(&hand, call(7, "read", json!({"file_path": absolute}))).await.contains("one"));
    })
    .await;
}

#[tokio::test]
async fn a_file_that_there_is_no_room_for_keeps_its_old_content() {
    patiently(async {
        let mut rig = Rig::new();
        // Files of this hand end at 100 KiB, as on a disk that is full.
        let words = ["/bin/bash", "-c", "trap '' XFSZ; ulimit -f 100; exec \"$@\"", "bash"];
        let limited = words.map(OsString::from).into_iter();
        rig.options.hand_command = limited.chain(hand_command()).collect();
        let (_, hand) = rig.hand(1).await;
        let old = "old\n".repeat(1_000);
        good(&hand, bash(1, "yes old | head -1000 | tee one > two; ln two three")).await;
        for (id, name) in [(10, "one"), (11, "two")] {
            let new = json!({"file_path": name, "content": "x".repeat(200_000)});
            assert!(bad(&hand, call(id, "write", new)).await.contains("too large"));
            let path = rig.workspace().join(name);
            assert!(std::fs::read_to_string(path).unwrap() == old, "{name} is not as it was");
        }
        let edit = json!({"file_path": "one", "old_string": "old\n", "replace_all": true,
                          "new_string": "x".repeat(200)});
        assert!(bad(&hand, call(20, "edit", edit)).await.contains("too large"));
        let fresh = json!({"file_path": "four", "content": "x".repeat(200_000)});
        bad(&hand, call(21, "write", fresh)).await;
        let left = good(&hand, bash(22, "cmp one two && ls -A")).await;
        assert_eq!(left, "one\nthree\ntwo\n");
    })
    .await;
}

#[tokio::test]
async fn each_tool_says_what_is_wrong_with_a_call() {
    patiently(async {
        let rig = Rig::new();
        let (_, hand) = rig.hand(1).await;
        rig.fifo("fifo");
        let fifo = rig.directory.path().join("fifo");
        for (id, (name, input, expected)) in [
            ("read", json!({"file_path": "none"}), "read: none does not exist"),
            (
                "read",
                json!({"path": "none"}),
                "read: the input is not valid: missing field `file_path`",
            ),
            ("read", json!({"file_path": fifo}), "is not a regular file"),
            ("write", json!({"file_path": fifo, "content": ""}), "is not a regular file"),
            (
                "edit",
                json!({"file_path": fifo, "old_string": "a", "new_string": "b"}),
                "is not a regular file",
            ),
            (
                "edit",
                json!({"file_path": "none", "old_string": "a", "new_string": "b"}),
                "edit: none does not exist",
            ),
            ("write", json!({"file_path": "x"}), "missing field `content`"),
            ("glob", json!({"pattern": "../*"}), "glob: the pattern ../* must be relative"),
            ("grep", json!({"pattern": "("}), "grep: regex parse error"),
            ("grep", json!({"pattern": "x", "path": fifo}), "is not a regular file"),
            ("fly", json!({}), "There is no tool `fly` here; there are bash, read"),
        ]
        .into_iter()
        .enumerate()
        {
            let text = bad(&hand, call(id as u128, name, input)).await;
            assert!(text.contains(expected), "{name}: {text}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_file_that_is_longer_than_a_result_may_be_is_cut_and_kept_whole() {
    patiently(async {
        let rig = Rig::new();
        let (_, hand) = rig.hand(1).await;
        let content = "0123456789\n".repeat(20_000);
        good(&hand, call(1, "write", json!({"file_path": "long", "content": content}))).await;
        let text = good(&hand, call(2, "read", json!({"file_path": "long"}))).await;
        assert!(text.chars().count() <= planaria_core::limits::RESULT_CHARS_MAX);
        let name = text.split("the whole is in ").nth(1).unwrap().split(']').next().unwrap();
        assert_eq!(std::fs::read_to_string(rig.workspace().join(name)).unwrap(), content);
    })
    .await;
}
