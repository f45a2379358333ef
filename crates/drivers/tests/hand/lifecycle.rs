//! Births and deaths of hands.

use std::fs;
use std::os::fd::AsRawFd;

use planaria_core::port::sandbox::{Driver, Ended, Error, Locator, Spec};

use crate::support::{Rig, ask, bad, bash, dead, good, kill, one, patiently, pid};

#[tokio::test]
async fn a_killed_hand_leaves_nothing_running_and_its_call_is_lost() {
    patiently(async {
        let rig = Rig::new();
        let (locator, hand) = rig.hand(1).await;
        let (alive, started) = (rig.fifo("alive"), rig.fifo("started"));
        let mut started = started.listen();
        // One in the group, one in a session of its own, one that nobody is the parent of.
        let command = format!(
            "exec 9> {alive}; sleep 1000 & setsid sleep 1000 & (setsid sleep 1000 &) ; \
             echo ran >> ledger; echo > {started}; sleep 1000",
            alive = alive.path.display(),
            started = rig.directory.path().join("started").display(),
        );
        let reading = tokio::spawn(async move { alive.read_to_end().await });
        let asked = ask(&hand, bash(1, &command));
        one(&mut started).await;
        kill(&locator);
        assert!(matches!(asked.await.unwrap(), Err(Error::Disconnected(_))));
        // No attaching in between: starting the next one must be enough.
        let (_, next) = rig.hand(2).await;
        assert!(rig.processes().is_empty(), "{:?}", rig.processes());
        reading.await.unwrap();
        assert_eq!(next.ensure(bash(1, &command)).await, Ok(Ended::Lost));
        assert_eq!(good(&next, bash(2, "cat ledger")).await, "ran\n");
        assert!(matches!(rig.driver().attach(locator, 1).await, Err(Error::Dead { .. })));
        assert_eq!(good(&next, bash(3, "echo alive")).await, "alive\n", "the next one is unhurt");
    })
    .await;
}

#[tokio::test]
async fn a_dead_hand_is_only_called_dead_when_its_calls_run_no_more() {
    patiently(async {
        let rig = Rig::new();
        let (locator, hand) = rig.hand(1).await;
        good(&hand, bash(1, "setsid sleep 1000 & sleep 1000 &")).await;
        assert!(!rig.processes().is_empty());
        kill(&locator);
        dead(&rig, &locator).await;
        assert!(rig.processes().is_empty(), "{:?}", rig.processes());
    })
    .await;
}

/// Background processes that have left things behind, each alone: the mark; all of the environment
/// but one entry; group and session too; and the workspace and all files of it too.
const ESCAPES: &[&str] = &[
    "env -u PLANARIA_WORKSPACE sleep 1000 &",
    "env -i PATH=$PATH sleep 1000 &",
    "(env -i PATH=$PATH setsid sleep 1000 &)",
    "(cd /; env -i PATH=$PATH setsid sleep 1000 </dev/null 2>/dev/null &)",
];

/// Runs the command, kills the hand, and waits until nobody holds the FIFO open that the command
/// gave to what it started.
async fn outlives_no_killed_hand(escape: &str, after: &str) {
    let rig = Rig::new();
    let (locator, hand) = rig.hand(1).await;
    let alive = rig.fifo("alive");
    let to = alive.path.display();
    let command = format!("{{ {escape}\n}} >{to}; {after}");
    let reading = tokio::spawn(async move { alive.read_to_end().await });
    let _ = hand.ensure(bash(1, &command)).await.unwrap();
    assert!(!reading.is_finished(), "{command}");
    kill(&locator);
    let _next = rig.hand(2).await;
    reading.await.unwrap();
}

#[tokio::test]
async fn what_left_its_mark_behind_does_not_outlive_a_killed_hand() {
    patiently(async {
        for escape in ESCAPES {
            // With a shell that is idle, and with one that is dead.
            outlives_no_killed_hand(escape, "true").await;
            outlives_no_killed_hand(escape, "exit 0").await;
        }
    })
    .await;
}

#[tokio::test]
async fn what_a_running_command_started_is_recorded_while_it_runs() {
    patiently(async {
        let rig = Rig::new();
        let (locator, hand) = rig.hand(1).await;
        let alive = rig.fifo("alive");
        let command = format!("{{ {}\n}} >{}; sleep 1000", ESCAPES[3], alive.path.display());
        let reading = tokio::spawn(async move { alive.read_to_end().await });
        let asked = ask(&hand, bash(1, &command));
        let recorded = || -> Vec<serde_json::Value> {
            let text = fs::read(rig.state().join("processes")).unwrap_or_default();
            serde_json::from_slice(&text).unwrap_or_default()
        };
        let sleeps = |process: &&serde_json::Value| {
            let name = fs::read_to_string(format!("/proc/{}/comm", process["pid"]));
            name.is_ok_and(|name| name == "sleep\n")
        };
        // The one in front and the one that nobody is the parent of.
        while recorded().iter().filter(sleeps).count() < 2 {
            tokio::task::yield_now().await;
        }
        kill(&locator);
        let _next = rig.hand(2).await;
        reading.await.unwrap();
        assert!(asked.await.unwrap().is_err());
    })
    .await;
}

#[tokio::test]
async fn a_dead_shell_stays_recorded_until_its_group_is_empty() {
    patiently(async {
        let rig = Rig::new();
        let (_, hand) = rig.hand(1).await;
        let recorded = |pid: i64| {
            let text = fs::read(rig.state().join("processes")).unwrap();
            let all: Vec<serde_json::Value> = serde_json::from_slice(&text).unwrap();
            all.iter().any(|process| process["pid"] == pid)
        };
        let said = bad(&hand, bash(1, "echo $$; sleep 1000 & exit 3")).await;
        let shell = said.lines().next().unwrap().parse().unwrap();
        assert!(recorded(shell));
        good(&hand, bash(2, "true")).await;
        assert!(recorded(shell), "by its number the group is known");
        good(&hand, bash(3, &format!("kill -9 -{shell}"))).await;
        // The kernel may take its time with the killed ones.
        let mut id = 4;
        while recorded(shell) {
            good(&hand, bash(id, "true")).await;
            id += 1;
        }
    })
    .await;
}

#[tokio::test]
async fn a_hand_that_nobody_comes_to_ends_with_everything_it_started() {
    patiently(async {
        let mut rig = Rig::new();
        rig.options.orphan_seconds = 1;
        let (locator, hand) = rig.hand(1).await;
        let alive = rig.fifo("alive");
        let command = format!(
            "echo kept > file; (exec setsid sleep 1000) > {} & disown; sleep 1000",
            alive.path.display()
        );
        let asked = ask(&hand, bash(1, &command));
        let reading = tokio::spawn(async move { alive.read_to_end().await });
        while !rig.workspace().join("file").exists() {
            tokio::task::yield_now().await;
        }
        asked.abort();
        let _ = asked.await;
        drop(hand);
        // Ends when the last holder of the other end is dead.
        reading.await.unwrap();
        dead_without_attaching(&locator).await;
        assert!(rig.processes().is_empty());
        let kept = fs::read_to_string(rig.workspace().join("file")).unwrap();
        assert_eq!(kept, "kept\n", "the workspace stays");
    })
    .await;
}

fn parent(pid: i32) -> i32 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let fields = stat.rsplit(')').next().and_then(|fields| fields.split_whitespace().nth(1));
    fields.map_or(0, |parent| parent.parse().unwrap())
}

/// Attaching would be a connection.
async fn dead_without_attaching(locator: &Locator) {
    let stat = format!("/proc/{}/stat", pid(locator));
    while fs::read_to_string(&stat).is_ok_and(|stat| !stat.contains(") Z ")) {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_hand_is_nobodys_child_and_gets_no_more_of_the_environment_than_it_needs() {
    patiently(async {
        let rig = Rig::new();
        let (locator, hand) = rig.hand(1).await;
        let stat = fs::read_to_string(format!("/proc/{}/stat", pid(&locator))).unwrap();
        let fields: Vec<&str> = stat[stat.rfind(')').unwrap()..].split(' ').collect();
        let me = std::process::id().to_string();
        assert_ne!(fields[2], me, "our child");
        assert_eq!(fields[4], pid(&locator).to_string(), "a session of its own");
        let environment = good(
            &hand,
            bash(1, "env -0 | tr '\\0' '\\n'; cat /proc/$PPID/environ | tr '\\0' '\\n'"),
        )
        .await;
        let known = [
            "PATH",
            "HOME",
            "LANG",
            "TERM",
            "TMPDIR",
            "USER",
            "RUSTUP_HOME",
            "CARGO_HOME",
            "PLANARIA_WORKSPACE",
            "PWD",
            "OLDPWD",
            "SHLVL",
            "_",
        ];
        for line in environment.lines() {
            let name = line.split('=').next().unwrap();
            assert!(known.contains(&name) || name.starts_with("LC_"), "{name}");
        }
        assert!(environment.contains("TERM=dumb\n"));
        let workspace = format!("PLANARIA_WORKSPACE={}\n", rig.workspace().display());
        assert!(environment.contains(&workspace));
    })
    .await;
}

#[tokio::test]
async fn a_hand_keeps_no_file_open_that_its_server_inherited() {
    patiently(async {
        let rig = Rig::new();
        let (reader, writer) = std::io::pipe().unwrap();
        rustix::io::fcntl_setfd(&writer, rustix::io::FdFlags::empty()).unwrap();
        let ours = fs::read_link(format!("/proc/self/fd/{}", reader.as_raw_fd())).unwrap();
        let locator = rig.provision(1).await;
        let files = fs::read_dir(format!("/proc/{}/fd", pid(&locator))).unwrap();
        let files: Vec<_> =
            files.map(|file| fs::read_link(file.unwrap().path()).unwrap()).collect();
        assert!(!files.contains(&ours), "{files:?}");
    })
    .await;
}

#[tokio::test]
async fn a_destroyed_hand_takes_along_what_hid_from_group_session_and_environment() {
    patiently(async {
        let rig = Rig::new();
        let (locator, hand) = rig.hand(1).await;
        let alive = rig.fifo("alive");
        let command = format!("(env -i setsid sleep 1000 &) > {}", alive.path.display());
        let reading = tokio::spawn(async move { alive.read_to_end().await });
        good(&hand, bash(1, &command)).await;
        assert!(!reading.is_finished());
        rig.driver().destroy(locator).await.unwrap();
        reading.await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn what_commands_leave_behind_is_reaped() {
    patiently(async {
        let rig = Rig::new();
        let (locator, hand) = rig.hand(1).await;
        good(&hand, bash(1, "for i in $(seq 50); do (true &); done; wait")).await;
        let shell_alone = || {
            let tasks = fs::read_dir(format!("/proc/{}/task", pid(&locator))).unwrap();
            let lists = tasks.map(|task| task.unwrap().path().join("children"));
            let lists = lists.map(|list| fs::read_to_string(list).unwrap());
            lists.map(|list| list.split_whitespace().count()).sum::<usize>() == 1
        };
        while !shell_alone() {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_workspace_has_one_hand_and_it_is_that_of_the_newest_server() {
    patiently(async {
        let rig = Rig::new();
        let unbound = rig.try_provision(1, 4).await.unwrap();
        let bound = rig.try_provision(1, 5).await.unwrap();
        dead(&rig, &unbound).await;
        let hand = rig.driver().attach(bound.clone(), 7).await.unwrap();
        for (generation, epoch) in [(2, 6), (2, 4)] {
            let refused = rig.try_provision(generation, epoch).await;
            assert!(matches!(refused, Err(Error::Fenced(_))), "{refused:?}");
        }
        assert_eq!(good(&hand, bash(1, "echo alive")).await, "alive\n");
        kill(&bound);
        let refused = rig.try_provision(2, 6).await;
        assert!(matches!(refused, Err(Error::Fenced(_))), "also after its death: {refused:?}");
        rig.try_provision(2, 7).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_hand_that_nobody_waits_for_any_more_does_not_stay() {
    patiently(async {
        let rig = Rig::new();
        let driver = rig.driver();
        // A journal that it waits to read keeps the hand from ever listening.
        fs::create_dir_all(rig.state()).unwrap();
        let journal = rig.fifo("journal");
        fs::rename(&journal.path, rig.state().join("calls")).unwrap();
        let spec = Spec { session: crate::support::SESSION, epoch: 1, generation: 1 };
        let mut provisioning = driver.provision(spec);
        let hand = loop {
            assert!(futures_util::poll!(&mut provisioning).is_pending());
            tokio::task::yield_now().await;
            let text = fs::read(rig.state().join("lock")).unwrap_or_default();
            if let Ok(holder) = serde_json::from_slice::<serde_json::Value>(&text) {
                break holder["process"].clone();
            }
        };
        let session = crate::support::SESSION;
        let address = hand.to_string();
        let locator = Locator { driver: "local".to_owned(), generation: 1, session, address };
        // Until what started it has said so and ended, and we have heard of it.
        while parent(parent(pid(&locator))) == std::process::id().cast_signed() {
            assert!(futures_util::poll!(&mut provisioning).is_pending());
            tokio::task::yield_now().await;
        }
        for _ in 0..100 {
            assert!(futures_util::poll!(&mut provisioning).is_pending());
            tokio::task::yield_now().await;
        }
        drop(provisioning);
        dead_without_attaching(&locator).await;
    })
    .await;
}

#[tokio::test]
async fn a_command_that_cannot_become_a_hand_is_a_clear_error() {
    patiently(async {
        let mut rig = Rig::new();
        for (command, expected) in [
            (vec!["/nonexistent/planaria".into()], "No such file"),
            (vec!["false".into()], "ended without a word"),
            (Vec::new(), "no command"),
        ] {
            rig.options.hand_command = command;
            match rig.try_provision(1, 1).await {
                Err(Error::Start(problem)) => assert!(problem.contains(expected), "{problem}"),
                other => panic!("{other:?}"),
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_locator_of_another_driver_or_without_an_address_is_refused() {
    let rig = Rig::new();
    let session = crate::support::SESSION;
    for (driver, address) in [("docker", "{}"), ("local", "nonsense")] {
        let locator = Locator {
            driver: driver.to_owned(),
            generation: 1,
            session,
            address: address.to_owned(),
        };
        let attached = rig.driver().attach(locator.clone(), 1).await.err();
        assert!(matches!(attached, Some(Error::Refused(_))), "{attached:?}");
        let destroyed = rig.driver().destroy(locator).await;
        assert!(matches!(destroyed, Err(Error::Refused(_))), "{destroyed:?}");
    }
}
