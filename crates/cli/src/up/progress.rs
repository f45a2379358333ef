//! Live progress: one line per session. On a terminal the lines are rewritten; elsewhere a line is
//! printed when a session's state changes.

use std::collections::BTreeMap;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use crate::output::say;

/// What a line shows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Line {
    /// `running`, `idle`, …
    pub state: String,
    /// Tool results so far.
    pub step: u64,
    /// Tokens so far.
    pub tokens: u64,
    /// Restarts of its actors so far.
    pub restarts: u64,
}

impl Line {
    /// A line that says only this; the numbers stay what they were.
    pub fn of(state: &str) -> Self {
        Self { state: state.to_owned(), ..Self::default() }
    }
}

/// The lines of all sessions.
pub struct Progress {
    live: Option<MultiProgress>,
    bars: BTreeMap<String, ProgressBar>,
    last: BTreeMap<String, Line>,
    width: usize,
}

impl Progress {
    /// For these sessions, live if stderr is a terminal and nobody objects.
    pub fn new(names: &[String], live: bool) -> Self {
        use std::io::IsTerminal;
        let live = (live && std::io::stderr().is_terminal()).then(MultiProgress::new);
        let width = names.iter().map(|n| n.chars().count()).max().unwrap_or(0);
        let bars = match &live {
            Some(multi) => names.iter().map(|n| (n.clone(), bar(multi))).collect(),
            None => BTreeMap::new(),
        };
        Self { live, bars, last: BTreeMap::new(), width }
    }

    /// Shows a session as it is now.
    pub fn show(&mut self, name: &str, line: Line) {
        let last = self.last.insert(name.to_owned(), line.clone());
        let text = format!(
            "{name:<width$}  {state:<12} step {step:<4} tokens {tokens:<7} restarts {restarts}",
            width = self.width,
            state = line.state,
            step = line.step,
            tokens = line.tokens,
            restarts = line.restarts,
        );
        if let Some(bar) = self.bars.get(name) {
            bar.set_message(text);
        } else if last.is_none_or(|last| (last.state, last.step) != (line.state, line.step)) {
            say(&text);
        }
    }

    /// Says something beside the lines.
    pub fn note(&self, text: &str) {
        match &self.live {
            // A terminal that does not take it takes nothing else either.
            Some(multi) => drop(multi.println(text)),
            None => say(text),
        }
    }

    /// Leaves the lines as they are.
    pub fn finish(&self) {
        for bar in self.bars.values() {
            bar.finish();
        }
    }
}

fn bar(multi: &MultiProgress) -> ProgressBar {
    let style = ProgressStyle::with_template("{msg}").expect("a fixed template");
    multi.add(ProgressBar::new_spinner().with_style(style))
}
