//! Numbers out of many samples.

use std::time::Duration;

/// What is measured, round by round, and its floor of the same round.
///
/// Half of the rounds count: those with the lowest floors. In the others somebody else was at work
/// on the machine. A floor that was low by chance makes its ratio worse, so this flatters nobody.
#[derive(Debug, Default)]
pub struct Pairs(Vec<(f64, f64)>);

impl Pairs {
    /// Adds a round.
    pub fn push(&mut self, value: f64, floor: f64) {
        self.0.push((value, floor));
    }

    fn quiet(&self) -> Vec<(f64, f64)> {
        let mut rounds = self.0.clone();
        rounds.sort_by(|(_, one), (_, other)| one.total_cmp(other));
        rounds.truncate(rounds.len().div_ceil(2));
        rounds
    }

    /// The middle round's number.
    pub fn value(&self) -> f64 {
        middle(&self.quiet().iter().map(|(value, _)| *value).collect::<Vec<_>>())
    }

    /// The middle round's floor.
    pub fn floor(&self) -> f64 {
        middle(&self.quiet().iter().map(|(_, floor)| *floor).collect::<Vec<_>>())
    }

    /// How far the rounds lay apart, in ratios.
    pub fn spread(&self) -> String {
        let ratios: Vec<f64> = self.quiet().iter().map(|(value, floor)| value / floor).collect();
        let ratios = sorted(ratios);
        let (low, high) = (quantile(&ratios, 0.25), quantile(&ratios, 0.75));
        format!("half of {} quiet rounds within {low:.2}x to {high:.2}x", ratios.len())
    }
}

/// Microseconds.
pub fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

/// The value that this part of the samples does not exceed.
pub fn quantile(sorted: &[f64], part: f64) -> f64 {
    assert!(!sorted.is_empty(), "nothing was measured");
    sorted[((sorted.len() - 1) as f64 * part).round() as usize]
}

/// The median.
pub fn middle(samples: &[f64]) -> f64 {
    quantile(&sorted(samples.to_vec()), 0.5)
}

/// The samples in order.
pub fn sorted(mut samples: Vec<f64>) -> Vec<f64> {
    samples.sort_by(f64::total_cmp);
    samples
}
