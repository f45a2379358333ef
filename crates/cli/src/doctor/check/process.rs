//! This process: limits, what started it, programs, keys, terminal.

use crate::doctor::facts::{Facts, Program, Terminal};
use crate::doctor::finding::Finding;

/// Files that a fleet of some size has open: a socket per hand, and the store's tables.
const OPEN_FILES_MIN: u64 = 1_024;
/// The mode in which systemd leaves the hands alone.
const LEAVES_HANDS: &str = "process";

pub fn open_files(Facts { process, .. }: &Facts) -> Vec<Finding> {
    let check = "open files";
    let (soft, hard) = process.open_files;
    let shown =
        |limit: Option<u64>| limit.map_or_else(|| "unlimited".to_owned(), |n| n.to_string());
    let found = format!("{}, at most {}", shown(soft), shown(hard));
    vec![if soft.is_some_and(|soft| soft < OPEN_FILES_MIN) {
        Finding::warn(check, found, format!("raise it: `ulimit -n {}`", shown(hard)))
    } else {
        Finding::ok(check, found)
    }]
}

/// Whether the hands outlive this process, as they are meant to.
pub fn survival(Facts { process, .. }: &Facts) -> Vec<Finding> {
    let check = "hands outlive us";
    if let Some(service) = &process.service {
        let unit = &service.unit;
        return vec![match service.kill_mode.as_deref() {
            Some(LEAVES_HANDS) => Finding::ok(check, format!("{unit} leaves them alone")),
            mode => Finding::warn(
                check,
                format!(
                    "{unit} kills them when it stops or restarts (KillMode={})",
                    mode.unwrap_or("not shown; control-group by default")
                ),
                format!("set KillMode={LEAVES_HANDS} (systemctl edit {unit})"),
            ),
        }];
    }
    vec![if process.is_first {
        Finding::warn(
            check,
            "we are the first process of a container, which ends with us",
            "start it with an init (docker run --init), and keep the container when we restart",
        )
    } else if process.container {
        Finding::warn(
            check,
            "in a container they live as long as its first process",
            "let planaria restart inside the container instead of restarting the container",
        )
    } else {
        Finding::ok(check, "nothing here kills them with us")
    }]
}

pub fn programs(facts: &Facts) -> Vec<Finding> {
    facts.programs.iter().map(program).collect()
}

fn program(Program { name, purpose, must, version }: &Program) -> Finding {
    let mend = format!("install {name}: {purpose}");
    match version {
        Some(version) => Finding::ok(name, version.clone()),
        None if *must => Finding::fail(name, "it is missing", mend),
        None => Finding::warn(name, "it is missing", mend),
    }
}

/// Without a key the scripted model answers, so none is needed.
pub fn keys(facts: &Facts) -> Vec<Finding> {
    let word = |set: bool| if set { "set" } else { "not set" };
    let keys = facts.keys.iter().map(|(name, set)| format!("{name} {}", word(*set)));
    vec![Finding::ok("keys", keys.collect::<Vec<_>>().join(", "))]
}

pub fn terminal(Facts { terminal, .. }: &Facts) -> Vec<Finding> {
    let Terminal { size, term, unicode } = terminal;
    let size = match size {
        Some((columns, rows)) => format!("{columns}x{rows}"),
        None => "stdout is none".to_owned(),
    };
    let letters = if *unicode { "UTF-8" } else { "ASCII" };
    let term = if term.is_empty() { "not set" } else { term };
    vec![Finding::ok("terminal", format!("{size}, TERM {term}, {letters}"))]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::check::data::tests::good;
    use crate::doctor::facts::Service;
    use crate::doctor::finding::Level;

    #[test]
    fn whatever_kills_the_hands_with_us_is_warned_of() {
        let service = |mode: Option<&str>| {
            let mut facts = good();
            let kill_mode = mode.map(str::to_owned);
            facts.process.service =
                Some(Service { unit: "planaria.service".to_owned(), kill_mode });
            survival(&facts).remove(0)
        };
        assert_eq!(service(Some("process")).level, Level::Ok);
        for mode in [Some("control-group"), Some("mixed"), None] {
            let finding = service(mode);
            assert_eq!(finding.level, Level::Warn, "{mode:?}");
            assert!(finding.mend.is_some_and(|mend| mend.contains("KillMode=process")));
        }
        let mut facts = good();
        facts.process.container = true;
        assert_eq!(survival(&facts)[0].level, Level::Warn);
        facts.process.is_first = true;
        assert!(survival(&facts)[0].mend.as_ref().is_some_and(|mend| mend.contains("--init")));
    }

    #[test]
    fn a_program_that_must_be_there_fails_and_another_is_warned_of() {
        let mut facts = good();
        let missing = |must| Program { name: "x", purpose: "y", must, version: None };
        facts.programs = vec![missing(true), missing(false)];
        let levels: Vec<Level> = programs(&facts).iter().map(|finding| finding.level).collect();
        assert_eq!(levels, [Level::Fail, Level::Warn]);
    }

    #[test]
    fn few_open_files_are_warned_of_and_no_limit_is_fine() {
        let mut facts = good();
        facts.process.open_files = (Some(256), Some(4_096));
        assert!(open_files(&facts)[0].mend.as_ref().is_some_and(|m| m.contains("ulimit -n 4096")));
        facts.process.open_files = (None, None);
        assert_eq!(open_files(&facts)[0].level, Level::Ok);
    }
}
