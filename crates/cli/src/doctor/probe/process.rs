//! This process, what started it, and the programs around it.

use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use rustix::process::{Resource, getrlimit};

use super::text;
use crate::doctor::facts::{Process, Program, Service};
use crate::limits::{PROBE_WAIT, PROC_BYTES_MAX};

pub fn look() -> Process {
    let files = getrlimit(Resource::Nofile);
    let marks = ["/.dockerenv", "/run/.containerenv"];
    Process {
        open_files: (files.current, files.maximum),
        service: service(),
        container: marks.iter().any(|path| Path::new(path).exists()),
        is_first: std::process::id() == 1,
    }
}

/// The service that we are, if systemd started us as one. Shells of a desktop are not.
fn service() -> Option<Service> {
    std::env::var_os("INVOCATION_ID")?;
    let (unit, user) = unit(&text("/proc/self/cgroup")?)?;
    let mut args = vec!["show", "--property=KillMode", "--value", unit.as_str()];
    if user {
        args.insert(0, "--user");
    }
    let kill_mode = ask("systemctl", &args).filter(|mode| !mode.is_empty());
    Some(Service { unit, kill_mode })
}

/// The unit in a text of `/proc/self/cgroup`, and whether it is one of the user's own manager.
fn unit(cgroup: &str) -> Option<(String, bool)> {
    let path = cgroup.lines().find_map(|line| line.strip_prefix("0::"))?;
    let unit = path.rsplit('/').next().filter(|unit| unit.ends_with(".service"))?;
    (!unit.starts_with("user@")).then(|| (unit.to_owned(), path.contains("/user@")))
}

/// The programs that tools need.
pub fn programs() -> Vec<Program> {
    let known = [
        ("bash", "every hand is started by it, and commands run in it", true),
        ("git", "workspaces that are copies of a repository take what it tracks", false),
    ];
    let look = |(name, purpose, must)| {
        let version = ask(name, &["--version"]);
        Program { name, purpose, must, version }
    };
    known.into_iter().map(look).collect()
}

/// The first line that a program prints, if it ends well and in time.
fn ask(program: &str, args: &[&str]) -> Option<String> {
    let mut command = Command::new(program);
    command.args(args).stdin(Stdio::null()).stderr(Stdio::null()).stdout(Stdio::piped());
    let mut child = command.spawn().ok()?;
    let until = Instant::now() + PROBE_WAIT;
    let status = loop {
        match child.try_wait().ok()? {
            Some(status) => break status,
            None if Instant::now() >= until => {
                // It hangs, and must not keep us.
                let _ = child.kill();
                break child.wait().ok()?;
            }
            None => std::thread::sleep(std::time::Duration::from_millis(5)),
        }
    };
    let mut out = String::new();
    child.stdout.take()?.take(PROC_BYTES_MAX).read_to_string(&mut out).ok()?;
    status.success().then(|| out.lines().next().unwrap_or_default().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_unit_is_found_where_there_is_one() {
        let of = |text: &str| unit(text);
        let system = of("0::/system.slice/planaria.service\n");
        assert_eq!(system, Some(("planaria.service".to_owned(), false)));
        let user = of("0::/user.slice/user-1.slice/user@1.service/app.slice/planaria.service\n");
        assert_eq!(user, Some(("planaria.service".to_owned(), true)));
        assert_eq!(of("0::/user.slice/user-1.slice/session-2.scope\n"), None);
        assert_eq!(of("0::/user.slice/user-1.slice/user@1.service\n"), None);
        assert_eq!(of("0::/\n"), None);
    }

    #[test]
    fn a_program_that_is_missing_or_fails_says_nothing() {
        assert!(ask("bash", &["--version"]).is_some_and(|version| version.contains("bash")));
        assert_eq!(ask("planaria-no-such-program", &[]), None);
        assert_eq!(ask("bash", &["-c", "echo no; exit 1"]), None);
    }
}
