//! One measured number.

/// A number, what it is compared with, and what it is to reach.
#[derive(Debug, Clone)]
pub struct Figure {
    /// What belongs together on a page.
    #[allow(dead_code, reason = "for pages; a bare print has one group")]
    pub group: String,
    /// What was measured.
    pub name: String,
    /// The number.
    pub value: f64,
    /// In what it is counted.
    pub unit: &'static str,
    /// The same done with nothing between it and the machine, measured in the same run.
    pub floor: Option<f64>,
    /// The number is to be at most this many times the floor; at most this where there is none.
    pub goal: Option<f64>,
    /// How it was measured, and how far the runs lay apart.
    pub note: String,
}

impl Figure {
    /// The number in floors.
    pub fn ratio(&self) -> Option<f64> {
        self.floor.map(|floor| self.value / floor)
    }

    /// Whether it reaches its goal; `None` where there is none.
    pub fn met(&self) -> Option<bool> {
        Some(self.ratio().unwrap_or(self.value) <= self.goal?)
    }
}
