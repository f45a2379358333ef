//! The session machine.
/// What a decision knows of the outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    /// Wall-clock time in microseconds since the Unix epoch.
    pub now: u64,
    /// Seed of the ids that the decision makes.
    pub id_seed: u128,
    /// A random number for back-off.
    pub jitter: u32,
}
