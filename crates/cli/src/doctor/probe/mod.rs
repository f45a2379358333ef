//! Looking. Nothing here judges, and what cannot be seen is left open.

mod disk;
mod machine;
mod process;

use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::facts::{Facts, Terminal};
use crate::config::KEYS;
use crate::data;
use crate::limits::PROC_BYTES_MAX;
use crate::terminal;

/// Looks at everything.
pub fn look(data_dir: &Path) -> Facts {
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    Facts {
        disk: disk::look(data_dir),
        store: planaria_drivers::store::inspect(&data::journal(data_dir)),
        hands: planaria_drivers::hand::living(data_dir),
        machine: machine::look(data_dir),
        process: process::look(),
        programs: process::programs(),
        keys: KEYS.iter().map(|name| (*name, set(name))).collect(),
        terminal: Terminal {
            size: terminal::size(),
            term: std::env::var("TERM").unwrap_or_default(),
            unicode: terminal::unicode(),
        },
    }
}

/// A small text of the kernel's; `None` where it is not there.
fn text(path: impl AsRef<Path>) -> Option<String> {
    let mut text = String::new();
    File::open(path).ok()?.take(PROC_BYTES_MAX).read_to_string(&mut text).ok()?;
    Some(text)
}
