//! The figures of supervision. Plain loops: a floor is measured beside what it is the floor of,
//! turn by turn in the same process, which bench harnesses do not do.

pub mod family;
pub mod figure;
mod fleet;
mod measure;
pub mod restart;
pub mod stop;
pub mod storm;
mod subject;
