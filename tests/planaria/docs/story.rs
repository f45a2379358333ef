//! A page whose blocks are executed in their order, in a directory of their own.
//!
//! `sh` blocks are run by bash. Blocks of files name the file in their first line (`# NAME`) or in
//! the note before them (`<!-- file: NAME -->`) and are written there. `text` is only shown, and
//! Rust is tested with the library. The notes of `sh` blocks:
//!
//! * `<!-- keeps running until: WORDS -->`: a command that people leave alone in its terminal. The
//!   next block begins when it has printed the words; at the end of the page it gets Ctrl-C.
//! * `<!-- exits with: N -->`: the exit code that the page speaks of.
//! * `<!-- says: WORDS -->`: what the page says that it prints.
//!
//! A stand-in for cargo runs what is built already and says of the rest that it is not run.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::endpoints::Endpoints;
use super::fences::{Block, blocks};
use super::{page, root};
use crate::support::{kill_9, processes};

/// How long a block may take before the test is stuck and says so. A bound, not a measurement.
const STUCK: Duration = Duration::from_secs(240);
/// Between two looks at what a block does.
const LOOK: Duration = Duration::from_millis(20);

/// Not run: what builds or tests the repository itself, which is what runs this.
const CARGO: &str = r#"#!/usr/bin/env bash
case "$*" in
  "run --release -- "*) shift 3; exec planaria "$@" ;;
  "run --example "*" -p planaria")
    [[ -x "$EXAMPLES/$3" ]] || { echo "example $3 is not built: cargo build --examples -p planaria" >&2; exit 1; }
    exec "$EXAMPLES/$3" ;;
  test* | install* | build*) echo "not run here: cargo $*" >&2 ;;
  *) echo "the pages' tests know no: cargo $*" >&2; exit 2 ;;
esac
"#;

/// Notes that a block may have; the last ones are for whoever runs the README's commands.
const NOTES: &[&str] = &[
    "exits with: ",
    "file: ",
    "keeps running until: ",
    "says: ",
    "chaos-command",
    "run-command",
    "test-command",
];

/// A page under way.
pub struct Story {
    path: &'static str,
    directory: tempfile::TempDir,
    endpoints: Endpoints,
    /// What runs in other terminals, with the file of its output.
    running: Vec<(Child, PathBuf)>,
}

impl Story {
    /// Executes all blocks of a page.
    ///
    /// # Panics
    /// At the first that does not do what the page says.
    pub fn play(path: &'static str) {
        let mut story = Self::begin(path);
        for block in blocks(&page(path)) {
            let known = NOTES.iter().any(|note| block.note.starts_with(note));
            assert!(known || block.note.is_empty(), "{}: {}", story.place(&block), block.note);
            match block.language.as_str() {
                "sh" => story.run(&block),
                "text" | "rust" => {}
                _ => story.write(&block),
            }
        }
        story.end();
    }

    fn begin(path: &'static str) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let bin = directory.path().join("bin");
        fs::create_dir(&bin).unwrap();
        fs::create_dir(directory.path().join("out")).unwrap();
        let here = directory.path().join("page");
        fs::create_dir(&here).unwrap();
        symlink(env!("CARGO_BIN_EXE_planaria"), bin.join("planaria")).unwrap();
        fs::write(bin.join("cargo"), CARGO).unwrap();
        fs::set_permissions(bin.join("cargo"), fs::Permissions::from_mode(0o755)).unwrap();
        for ours in ["examples", "config"] {
            symlink(root().join(ours), here.join(ours)).unwrap();
        }
        Self { path, directory, endpoints: Endpoints::start(), running: Vec::new() }
    }

    fn place(&self, block: &Block) -> String {
        format!("{}:{}", self.path, block.line)
    }

    /// Where the page's commands run.
    fn here(&self) -> PathBuf {
        self.directory.path().join("page")
    }

    /// A block that is a file.
    fn write(&self, block: &Block) {
        let first = block.text.lines().next().unwrap_or_default();
        let noted = block.note.strip_prefix("file: ");
        let name = noted.or_else(|| first.strip_prefix("# ")).unwrap_or_default();
        let place = self.place(block);
        assert!(
            name.contains('.') && !name.contains(' ') && !name.starts_with(['/', '.']),
            "{place}: a block of {} begins with the name of its file",
            block.language
        );
        let path = self.here().join(name);
        fs::create_dir_all(path.parent().expect("it lies in a directory")).unwrap();
        fs::write(&path, self.endpoints.named_in(&block.text)).unwrap();
    }

    fn start(&self, block: &Block) -> (Child, PathBuf) {
        let out = self.directory.path().join("out").join(block.line.to_string());
        let file = fs::File::create(&out).unwrap();
        let path = std::env::var("PATH").unwrap_or_default();
        let bin = self.directory.path().join("bin");
        let (base, address) = self.endpoints.variable();
        let mut command = Command::new("bash");
        command.args(["-euo", "pipefail", "-c", &self.endpoints.named_in(&block.text)]);
        command.current_dir(self.here()).stdin(Stdio::null()).process_group(0);
        command.stdout(file.try_clone().unwrap()).stderr(file);
        command.env("PATH", format!("{}:{path}", bin.display())).env("EXAMPLES", examples());
        command.env(base, address).env("HOME", self.directory.path());
        for name in ["PLANARIA_DATA_DIR", "PLANARIA_LOG", "ANTHROPIC_API_KEY", "OPENAI_API_KEY"] {
            command.env_remove(name);
        }
        (command.spawn().expect("there is bash"), out)
    }

    /// A block of commands.
    fn run(&mut self, block: &Block) {
        let place = self.place(block);
        let (mut child, out) = self.start(block);
        let wanted = block.note.strip_prefix("exits with: ").map_or(0, |code| {
            code.parse::<i32>().unwrap_or_else(|_| panic!("{place}: no exit code: {code}"))
        });
        let until = block.note.strip_prefix("keeps running until: ");
        let begun = Instant::now();
        loop {
            let ended = child.try_wait().expect("our own child");
            let said = fs::read_to_string(&out).unwrap_or_default();
            match (ended, until) {
                (Some(status), None) if status.code() == Some(wanted) => {
                    let words = block.note.strip_prefix("says: ").unwrap_or_default();
                    return assert!(said.contains(words), "{place}: no `{words}` in\n{said}");
                }
                (Some(status), _) => panic!("{place}: {status}\n{said}"),
                (None, Some(words)) if said.contains(words) => {
                    return self.running.push((child, out));
                }
                (None, _) => {}
            }
            if begun.elapsed() > STUCK {
                interrupt(&child, "KILL");
                panic!("{place}: it is stuck\n{said}");
            }
            std::thread::park_timeout(LOOK);
        }
    }

    /// Ctrl-C in every terminal that is still open.
    fn end(&mut self) {
        for (mut child, out) in self.running.drain(..) {
            interrupt(&child, "INT");
            let begun = Instant::now();
            let status = loop {
                if let Some(status) = child.try_wait().expect("our own child") {
                    break status;
                }
                assert!(begun.elapsed() < STUCK, "{}: it does not end by Ctrl-C", self.path);
                std::thread::park_timeout(LOOK);
            };
            let said = fs::read_to_string(&out).unwrap_or_default();
            assert_eq!(status.code(), Some(130), "{}: {said}", self.path);
        }
        let (anthropic, openai) = self.endpoints.asked();
        let text = page(self.path);
        let names = |word: &str| blocks(&text).iter().any(|block| block.text.contains(word));
        assert_eq!(anthropic > 0, names("--provider anthropic"), "{}: who was asked", self.path);
        assert_eq!(openai > 0, names("driver: openai"), "{}: who was asked", self.path);
    }
}

impl Drop for Story {
    fn drop(&mut self) {
        for (child, _) in &mut self.running {
            interrupt(child, "KILL");
            let _ = child.wait();
        }
        // Hands outlive who started them; ours name the page's directory.
        let marker = self.directory.path().display().to_string();
        let ours = |args: &[String]| args.iter().any(|arg| arg.contains(&marker));
        processes(ours).into_iter().for_each(kill_9);
        for pid in processes(|_| true) {
            let cwd = fs::read_link(format!("/proc/{pid}/cwd"));
            if cwd.is_ok_and(|cwd| cwd.starts_with(self.directory.path())) {
                kill_9(pid);
            }
        }
    }
}

/// Sends a signal to the process group of a block.
fn interrupt(child: &Child, signal: &str) {
    // It may have ended already.
    let group = format!("-{}", child.id());
    let _ = Command::new("kill").args(["-s", signal, "--", &group]).stderr(Stdio::null()).status();
}

/// Where cargo puts the examples: beside the directory of the tests.
fn examples() -> PathBuf {
    let test = std::env::current_exe().expect("a test is a file");
    let target = test.parent().and_then(Path::parent).expect("it lies in target/debug/deps");
    target.join("examples")
}
