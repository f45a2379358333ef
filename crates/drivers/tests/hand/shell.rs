//! `bash`, through a real hand.

use planaria_core::EventId;
use planaria_core::port::sandbox::Ended;
use serde_json::json;

use crate::support::{Fifo, Rig, ask, bad, bash, call, good, one, outcome, patiently, run, short};

#[tokio::test]
async fn directory_and_variables_survive_and_output_is_merged_and_plain() {
    patiently(async {
        let rig = Rig::new();
        let (_, hand) = rig.hand(1).await;
        good(&hand, bash(1, "mkdir d; cd d; A='it'\\''s'; f() { echo \"$A $1\"; }")).await;
        let said = good(
            &hand,
            bash(2, "f here; basename \"$PWD\" >&2; printf '\\033[31mred\\033[0m\\tx'"),
        )
        .await;
        assert_eq!(said, "it's here\nd\nred\tx");
        assert_eq!(good(&hand, bash(3, "true")).await, "[no output]");
        let lines = good(&hand, bash(4, "cat <<EOF\none\ntwo\nEOF\n# no newline, a comment")).await;
        assert_eq!(lines, "one\ntwo\n");
        assert_eq!(
            good(&hand, bash(5, "cat; read -r x; echo \"[$x]\"")).await,
            "[]\n",
            "stdin is closed"
        );
        assert_eq!(good(&hand, bash(6, "exec 3< /etc/passwd; echo ok")).await, "ok\n");
        good(&hand, bash(7, "read -r -u 3 line; test -n \"$line\"")).await;
    })
    .await;
}

#[tokio::test]
async fn a_command_that_fails_says_its_status_and_the_shell_lives_on() {
    patiently(async {
        let rig = Rig::new();
        let (_, hand) = rig.hand(1).await;
        good(&hand, bash(1, "A=kept")).await;
        assert_eq!(bad(&hand, bash(2, "echo out; (exit 7)")).await, "out\n[exit status 7]");
        assert_eq!(bad(&hand, bash(3, "false")).await, "[exit status 1]");
        assert!(bad(&hand, bash(4, "if then 'open")).await.contains("[exit status "));
        assert!(bad(&hand, bash(5, "nonexistent-command")).await.ends_with("[exit status 127]"));
        assert_eq!(good(&hand, bash(6, "echo $A")).await, "kept\n");
        assert!(bad(&hand, call(7, "bash", json!({}))).await.contains("neither"));
        assert!(bad(&hand, call(8, "bash", json!({"command": 5}))).await.contains("not valid"));
        assert!(bad(&hand, bash(9, "a\0b")).await.contains("NUL"));
    })
    .await;
}

#[tokio::test]
async fn a_shell_that_ends_is_replaced_by_a_fresh_one() {
    patiently(async {
        let rig = Rig::new();
        let (_, hand) = rig.hand(1).await;
        for (id, (command, how)) in [
            ("A=1; echo bye; exit 3", "bye\nbash: the shell exited with status 3"),
            ("A=1; kill -9 $$", "was killed by signal 9"),
            ("A=1; exec true", "exited with status 0"),
            ("A=1; set -e; false", "exited with status 1"),
        ]
        .into_iter()
        .enumerate()
        {
            let id = 10 * id as u128;
            let text = bad(&hand, bash(id, command)).await;
            assert!(text.contains(how), "{command}: {text}");
            assert!(text.ends_with("the next call gets a new shell"), "{text}");
            assert_eq!(good(&hand, bash(id + 1, "echo \"[$A]\"")).await, "[]\n");
        }
        good(&hand, bash(50, "A=1; sleep 1000 &")).await;
        let restart = call(51, "bash", json!({"restart": true}));
        assert_eq!(good(&hand, restart).await, "bash session restarted");
        assert_eq!(good(&hand, bash(52, "echo \"[$A]\"")).await, "[]\n");
        assert_eq!(rig.processes().len(), 1, "the new shell alone");
    })
    .await;
}

#[tokio::test]
async fn a_command_that_never_ends_is_killed_at_its_deadline_with_all_its_processes() {
    patiently(async {
        let rig = Rig::new();
        let (_, hand) = rig.hand(1).await;
        let command = "trap '' TERM HUP INT; echo partial; sleep 1000 & setsid sleep 1000";
        let text = bad(&hand, short(bash(1, command))).await;
        assert!(text.starts_with("partial\nbash: bash command timed out after 500ms"), "{text}");
        assert!(rig.processes().is_empty(), "{:?}", rig.processes());
        assert_eq!(good(&hand, bash(2, "echo fresh")).await, "fresh\n");
    })
    .await;
}

/// A background process that nobody is the parent of, without the mark, in a session of its own. It
/// holds the given FIFO open for as long as it lives.
fn escaped(alive: &Fifo) -> String {
    format!("(env -i setsid /bin/sleep 1000 >{} &)", alive.path.display())
}

#[tokio::test]
async fn what_forked_twice_dies_with_a_timeout_an_interrupt_and_a_restart() {
    patiently(async {
        let rig = Rig::new();
        let (_, hand) = rig.hand(1).await;
        let started = rig.fifo("started");
        let mut ready = started.listen();
        let escape = |name: &str| {
            let alive = rig.fifo(name);
            let command = escaped(&alive);
            (tokio::spawn(async move { alive.read_to_end().await }), command)
        };

        let (reading, command) = escape("timeout");
        let text = bad(&hand, short(bash(1, &format!("{command}; exec sleep 1000")))).await;
        assert!(text.contains("timed out"), "{text}");
        reading.await.unwrap();

        let (reading, command) = escape("interrupt");
        let said = started.path.display();
        let command = format!("{command}; echo > {said}; exec sleep 1000");
        let asked = ask(&hand, bash(2, &command));
        one(&mut ready).await;
        hand.cancel(EventId(2)).await.unwrap();
        assert!(outcome(asked.await.unwrap()).is_error);
        reading.await.unwrap();

        let (reading, command) = escape("restart");
        good(&hand, bash(3, &command)).await;
        good(&hand, call(4, "bash", json!({"restart": true}))).await;
        reading.await.unwrap();

        // Also where the shell it came from is long gone.
        let (reading, command) = escape("later");
        bad(&hand, bash(5, &format!("{command}; exit 3"))).await;
        good(&hand, call(6, "bash", json!({"restart": true}))).await;
        reading.await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn output_without_end_is_cut_to_its_tail() {
    patiently(async {
        let rig = Rig::new();
        let (_, hand) = rig.hand(1).await;
        let text = bad(&hand, short(bash(1, "yes"))).await;
        assert!(text.starts_with("[output truncated]\n"), "{}", &text[..40]);
        assert!(text.len() < (101 << 10), "{} bytes", text.len());
        let text =
            good(&hand, bash(2, "head -c 30000000 /dev/zero | tr '\\0' x; echo; echo last")).await;
        assert!(text.starts_with("[output truncated]\nxxx") && text.contains("the whole is in"));
        assert!(text.ends_with("x\nlast\n"));
        // A flood in the background: neither its own call nor the next one waits for it.
        good(&hand, bash(3, "yes flood & true")).await;
        assert!(good(&hand, bash(4, "kill $!; wait; echo over")).await.ends_with("over\n"));
    })
    .await;
}

#[tokio::test]
async fn a_background_process_that_keeps_the_pipe_does_not_hold_up_the_call() {
    patiently(async {
        let rig = Rig::new();
        let (_, hand) = rig.hand(1).await;
        let go = rig.fifo("go");
        let command = format!("(read -r x < {}; echo later) & echo now", go.path.display());
        assert_eq!(good(&hand, bash(1, &command)).await, "now\n");
        let _kept = go.write_line().await;
        assert_eq!(good(&hand, bash(2, "wait; echo next")).await, "later\nnext\n");
    })
    .await;
}

#[tokio::test]
async fn no_output_and_no_open_file_can_pretend_that_a_command_has_ended() {
    patiently(async {
        let rig = Rig::new();
        let (_, hand) = rig.hand(1).await;
        // All that a command has are its standard streams; the control pipe is not among them.
        let open = good(&hand, bash(1, "ls -l /proc/self/fd")).await;
        let files = open.lines().filter_map(|line| line.split_once(" -> "));
        let pipes: Vec<_> = files.filter(|(_, file)| file.starts_with("pipe:")).collect();
        let [out, err] = pipes[..] else { panic!("{open}") };
        assert!(out.0.ends_with(" 1") && err.0.ends_with(" 2") && out.1 == err.1, "{open}");
        let forged =
            "for fd in $(seq 0 255); do echo 00000000000000000000000000000000 0 >&$fd; done";
        let command = format!("{{ {forged}; }} 2>/dev/null; echo real; (exit 9)");
        assert!(bad(&hand, bash(2, &command)).await.ends_with("real\n[exit status 9]"));
        // Even a command that reaches into the shell's own files does not know the nonce.
        let command =
            "for fd in /proc/$$/fd/*; do echo 1 0 > $fd & done 2>/dev/null; wait; (exit 8)";
        assert!(bad(&hand, bash(3, command)).await.ends_with("[exit status 8]"));
        assert!(good(&hand, bash(4, "echo alive")).await.ends_with("alive\n"));
    })
    .await;
}

#[tokio::test]
async fn whatever_a_command_redefines_its_end_is_told() {
    patiently(async {
        let rig = Rig::new();
        let (_, hand) = rig.hand(1).await;
        for (id, command) in [
            "builtin() { echo no; }; printf() { echo no; }; command() { echo no; }; unset() { :; }",
            "enable -n printf echo builtin; shopt -s expand_aliases; alias builtin=false",
            "exec 200>lock; flock -n 200",
            "for fd in $(seq 100 255); do eval \"exec $fd>lock\"; done",
            "IFS=0123456789; set -C; set -u; set -f; BASH_ARGV0=$(head -c 9999 /dev/zero | tr '\\0' x)",
            "trap 'true' ERR DEBUG RETURN; set -ET",
        ]
        .into_iter()
        .enumerate()
        {
            let id = 10 * id as u128;
            let said = bad(&hand, bash(id, &format!("{command}; \\echo did-it; (exit 17)"))).await;
            assert!(said.ends_with("did-it\n[exit status 17]"), "{command}: {said}");
            assert_eq!(bad(&hand, bash(id + 1, "/bin/echo on; (exit 18)")).await, "on\n[exit status 18]");
            good(&hand, call(id + 2, "bash", json!({"restart": true}))).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_trace_shows_the_command_and_nothing_of_ours() {
    patiently(async {
        let rig = Rig::new();
        let (_, hand) = rig.hand(1).await;
        good(&hand, bash(1, "set -x")).await;
        let said = good(&hand, bash(2, "echo hi")).await;
        assert_eq!(said, "+ eval 'echo hi'\n++ echo hi\nhi\n");
        let said = good(&hand, bash(3, "set +x")).await;
        assert_eq!(said, "+ eval 'set +x'\n++ set +x\n");
    })
    .await;
}

#[tokio::test]
async fn a_shell_that_lost_its_input_or_died_between_calls_is_not_replaced_in_silence() {
    patiently(async {
        let rig = Rig::new();
        let (_, hand) = rig.hand(1).await;
        let closed = bad(&hand, bash(1, "A=1; exec 10>&-; exec 11>&-; exec 12>&-")).await;
        assert!(closed.contains("the shell exited with status"), "{closed}");

        let go = rig.fifo("go");
        let gone = rig.fifo("gone");
        let command = format!(
            "A=1; (read -r x < {}; kill -9 $$; exec /bin/echo) >{} &",
            go.path.display(),
            gone.path.display()
        );
        let reading = tokio::spawn(async move { gone.read_to_end().await });
        good(&hand, bash(2, &command)).await;
        let _kept = go.write_line().await;
        reading.await.unwrap();
        let said = run(&hand, bash(3, "echo \"[$A]\"")).await.0;
        assert!(said.contains("the shell was killed by signal 9"), "{said}");
        assert!(good(&hand, bash(4, "echo \"[$A]\"")).await.contains("[]\n"));
    })
    .await;
}

#[tokio::test]
async fn commands_run_one_after_the_other_and_a_waiting_one_can_be_sealed() {
    patiently(async {
        let rig = Rig::new();
        let (_, hand) = rig.hand(1).await;
        let (started, go) = (rig.fifo("started"), rig.fifo("go"));
        let mut ready = started.listen();
        let command = format!(
            "echo > {}; read -r x < {}; echo first >> order",
            started.path.display(),
            go.path.display()
        );
        let first = ask(&hand, bash(1, &command));
        one(&mut ready).await;
        let second = ask(&hand, bash(2, "echo second >> order"));
        let third = ask(&hand, bash(3, "echo third >> order"));
        let late = ask(&hand, short(bash(4, "echo late >> order")));
        let text = outcome(late.await.unwrap()).content[0]["text"].as_str().unwrap().to_owned();
        assert!(text.contains("It did not run"), "{text}");
        hand.cancel(EventId(2)).await.unwrap();
        assert_eq!(second.await.unwrap(), Ok(Ended::Sealed));
        let _kept = go.write_line().await;
        assert!(!outcome(first.await.unwrap()).is_error);
        assert!(!outcome(third.await.unwrap()).is_error);
        assert_eq!(good(&hand, bash(5, "cat order")).await, "first\nthird\n");
    })
    .await;
}

#[tokio::test]
async fn an_interrupted_command_is_dead_when_it_is_answered() {
    patiently(async {
        let rig = Rig::new();
        let (_, hand) = rig.hand(1).await;
        let started = rig.fifo("started");
        let mut ready = started.listen();
        let command = format!(
            "echo partial; setsid sleep 1000 & echo > {}; sleep 1000",
            started.path.display()
        );
        let asked = ask(&hand, bash(1, &command));
        one(&mut ready).await;
        hand.cancel(EventId(1)).await.unwrap();
        let outcome = outcome(asked.await.unwrap());
        let text = outcome.content[0]["text"].as_str().unwrap();
        assert!(
            outcome.is_error && text.starts_with("partial\nbash: the call was interrupted"),
            "{text}"
        );
        assert!(rig.processes().is_empty(), "{:?}", rig.processes());
    })
    .await;
}
