//! A whole runtime in the simulated world, broken in every way that the world knows.

mod mutants;
mod regress;
mod same;
mod seeds;
