//! A fleet in a directory of its own, run by the real binary, and everything reaped at the end.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc;
use std::time::Duration;

/// How long anything may take before the test is stuck and says so. A bound, not a measurement.
const STUCK: Duration = Duration::from_secs(60);

/// A fleet's directory with a data directory beside it.
pub struct TestFleet {
    root: tempfile::TempDir,
}

impl TestFleet {
    /// An empty fleet.
    pub fn new() -> Self {
        let root = tempfile::tempdir().expect("a temporary directory");
        fs::create_dir_all(root.path().join("fleet/agents")).unwrap();
        fs::create_dir_all(root.path().join("fleet/scripts")).unwrap();
        Self { root }
    }

    /// A fleet of one session `job` whose agent may use every tool and follows this script.
    pub fn of_one(script: &str) -> Self {
        let fleet = Self::new();
        fleet.file(
            "fleet.yaml",
            "fleet: test\nsessions:\n  job:\n    agent: worker\n    environment: local\n    prompt: go\n",
        );
        fleet.file(
            "agents/worker.md",
            "---\nname: worker\nmodel: claude-sonnet-5\ntools:\n  - type: agent_toolset_20260401\n---\nWork.\n",
        );
        fleet.file("scripts/job.yaml", script);
        fleet
    }

    /// A path beside the fleet, for ledgers and pipes.
    pub fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    /// Writes a file of the fleet.
    pub fn file(&self, name: &str, content: &str) {
        let path = self.path("fleet").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    /// The fleet's data directory.
    pub fn data(&self) -> PathBuf {
        self.path("data")
    }

    /// `planaria` with these arguments and this fleet's data directory.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = planaria();
        command.args(args).arg("--data-dir").arg(self.data()).current_dir(self.root.path());
        command
    }

    /// Runs `planaria up` on this fleet to its end.
    pub fn up(&self) -> Output {
        self.command(&["up", "fleet"]).output().unwrap()
    }

    /// Starts `planaria up` on this fleet.
    pub fn start_up(&self) -> Up {
        self.start(&["up", "fleet"])
    }

    /// Starts `planaria` with these arguments and this fleet's data directory.
    pub fn start(&self, args: &[&str]) -> Up {
        Up::start(self.command(args))
    }

    /// Runs `planaria` beside this fleet, with these arguments only.
    pub fn plain(&self, args: &[&str]) -> Output {
        planaria().args(args).current_dir(self.root.path()).output().unwrap()
    }

    /// Runs `planaria check` on this fleet.
    pub fn check(&self, more: &[&str]) -> Output {
        self.plain(&[&["check", "fleet"], more].concat())
    }

    /// The public events of a session, as JSON.
    pub fn events(&self, session: &str) -> Vec<serde_json::Value> {
        let output = self.command(&["events", session, "--output", "ndjson"]).output().unwrap();
        let text = success(&output);
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Kills every hand of this fleet with SIGKILL, and says how many there were.
    pub fn kill_hands(&self) -> usize {
        let hands = self.hands();
        for pid in &hands {
            kill_9(*pid);
        }
        hands.len()
    }

    /// Process ids of this fleet's hands.
    pub fn hands(&self) -> Vec<i32> {
        let marker = self.data().canonicalize().unwrap_or_else(|_| self.data());
        let marker = marker.to_string_lossy().into_owned();
        processes(|cmdline| {
            cmdline.get(1).is_some_and(|a| a == "hand")
                && cmdline.iter().any(|a| a.contains(&marker))
        })
    }
}

impl Drop for TestFleet {
    fn drop(&mut self) {
        self.kill_hands();
        // What hands started names the fleet's directory in its working directory.
        for pid in processes(|_| true) {
            let cwd = fs::read_link(format!("/proc/{pid}/cwd"));
            if cwd.is_ok_and(|cwd| cwd.starts_with(self.data())) {
                kill_9(pid);
            }
        }
    }
}

/// `planaria`, without anything of the environment that could change what it does.
pub fn planaria() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_planaria"));
    command
        .env_remove("PLANARIA_DATA_DIR")
        .env_remove("ANTHROPIC_API_KEY")
        .env_remove("OPENAI_API_KEY")
        .env_remove("NO_COLOR")
        .env_remove("CLICOLOR")
        .env_remove("CLICOLOR_FORCE")
        .env_remove("PLANARIA_LOG");
    command.stdin(Stdio::null());
    command
}

/// Standard output of a command that must have succeeded.
pub fn success(output: &Output) -> String {
    let (out, err) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{}\n--- stdout\n{out}\n--- stderr\n{err}", output.status);
    out.into_owned()
}

/// Process ids by their command lines; ours is not among them.
pub fn processes(matches: impl Fn(&[String]) -> bool) -> Vec<i32> {
    let entries = fs::read_dir("/proc").unwrap().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    let me = std::process::id() as i32;
    pids.filter(|pid| *pid != me)
        .filter(|pid| {
            let cmdline = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            let args: Vec<String> = cmdline
                .split(|byte| *byte == 0)
                .map(|arg| String::from_utf8_lossy(arg).into_owned())
                .collect();
            matches(&args)
        })
        .collect()
}

/// SIGKILL.
pub fn kill_9(pid: i32) {
    // It may be gone already.
    let _ = Command::new("kill").args(["-9", &pid.to_string()]).stderr(Stdio::null()).status();
}

/// A `planaria up` under way, killed when it is dropped.
pub struct Up {
    child: Child,
    lines: mpsc::Receiver<String>,
    out: mpsc::Receiver<String>,
}

impl Up {
    fn start(mut command: Command) -> Self {
        // A process group of its own, as a shell would give it.
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
        let mut child = command.spawn().unwrap();
        let (lines_in, lines) = mpsc::channel();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        std::thread::spawn(move || {
            stderr.lines().map_while(Result::ok).for_each(|line| drop(lines_in.send(line)));
        });
        let (out_in, out) = mpsc::channel();
        let mut stdout = child.stdout.take().unwrap();
        std::thread::spawn(move || {
            let mut text = String::new();
            let _ = stdout.read_to_string(&mut text);
            let _ = out_in.send(text);
        });
        Self { child, lines, out }
    }

    /// Waits for a line on stderr that contains all of these words.
    pub fn wait_for(&self, words: &[&str]) {
        let mut seen = String::new();
        loop {
            match self.lines.recv_timeout(STUCK) {
                Ok(line) if words.iter().all(|word| line.contains(word)) => return,
                Ok(line) => seen.push_str(&(line + "\n")),
                Err(_) => panic!("no line with {words:?} came; there were:\n{seen}"),
            }
        }
    }

    /// Waits for the n-th line on stderr; false if it ended before.
    pub fn wait_for_line(&self, n: usize) -> bool {
        (0..n).all(|_| self.lines.recv_timeout(STUCK).is_ok())
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// SIGKILL, to the one process.
    pub fn kill_9(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Waits for its end: exit code, stdout, the rest of stderr.
    pub fn finish(mut self) -> (Option<i32>, String, String) {
        let out = self.out.recv_timeout(STUCK).expect("it ends");
        let status = self.child.wait().unwrap();
        (status.code(), out, self.lines.try_iter().collect::<Vec<_>>().join("\n"))
    }
}

impl Drop for Up {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A named pipe on which a command of the agent and the test wait for each other.
pub struct Fifo(PathBuf);

impl Fifo {
    /// Makes it.
    pub fn new(path: PathBuf) -> Self {
        assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
        Self(path)
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Waits until the other side writes something, and returns it.
    pub fn read(&self) -> String {
        let path = self.0.clone();
        bounded("reading", &self.0, move || fs::read_to_string(path).unwrap())
    }

    /// Waits until the other side reads, and gives it this.
    pub fn write(&self, text: &str) {
        let (path, text) = (self.0.clone(), text.to_owned());
        bounded("writing", &self.0, move || {
            fs::OpenOptions::new()
                .write(true)
                .open(path)
                .unwrap()
                .write_all(text.as_bytes())
                .unwrap();
        });
    }
}

fn bounded<T: Send + 'static>(
    what: &str,
    path: &Path,
    work: impl FnOnce() -> T + Send + 'static,
) -> T {
    let (done, result) = mpsc::channel();
    std::thread::spawn(move || drop(done.send(work())));
    result.recv_timeout(STUCK).unwrap_or_else(|_| panic!("{what} {} is stuck", path.display()))
}

/// A fleet of one session whose one command writes to a ledger, says that it has begun, waits to be
/// let go with a word, and says the word.
pub struct LongCall {
    pub fleet: TestFleet,
    pub started: Fifo,
    pub release: Fifo,
}

impl LongCall {
    pub fn new() -> Self {
        let fleet = TestFleet::of_one("steps: []");
        let started = Fifo::new(fleet.path("started"));
        let release = Fifo::new(fleet.path("release"));
        let call = Self { fleet, started, release };
        call.write_script();
        call
    }

    /// Writes the script, after something else stood in its place.
    pub fn write_script(&self) {
        let ledger = self.fleet.path("ledger").display().to_string();
        let (started, release) = (self.started.path().display(), self.release.path().display());
        let command = format!(
            "echo begun >> {ledger}; echo yes > {started}; word=$(cat {release}); \
             echo ended >> {ledger}; echo \"word is $word\""
        );
        let look = format!("echo the word is $(wc -l < {ledger})");
        let script = format!(
            "steps:\n  - call: {{ bash: {{ command: {command:?} }} }}\n  \
             - expect: 'word is (\\w+)'\n    say: 'I heard ${{1}}.'\n    \
             else:\n      - expect: 'outcome is unknown'\n        \
             call: {{ bash: {{ command: {look:?} }} }}\n"
        );
        self.fleet.file("scripts/job.yaml", &script);
    }

    /// What the command wrote, line by line.
    pub fn ledger(&self) -> Vec<String> {
        let text = fs::read_to_string(self.fleet.path("ledger")).unwrap();
        text.lines().map(str::to_owned).collect()
    }
}
