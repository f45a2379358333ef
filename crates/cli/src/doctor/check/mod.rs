//! The checks, in the order in which they are shown.

mod data;
mod machine;
mod process;

use super::facts::Facts;
use super::finding::Finding;

/// Every check. A new one is a function and a line here.
pub const CHECKS: &[fn(&Facts) -> Vec<Finding>] = &[
    data::directory,
    data::filesystem,
    data::syncs,
    data::free,
    data::store,
    data::hands,
    machine::kernel,
    machine::isolation,
    machine::clock,
    process::open_files,
    process::survival,
    process::programs,
    process::keys,
    process::terminal,
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::finding::Level;

    #[test]
    fn a_good_machine_has_nothing_to_mend_and_every_check_says_something() {
        let facts = crate::doctor::check::data::tests::good();
        for check in CHECKS {
            let findings = check(&facts);
            assert!(!findings.is_empty());
            assert!(
                findings.iter().all(|f| f.level == Level::Ok && f.mend.is_none()),
                "{findings:?}"
            );
        }
    }
}
