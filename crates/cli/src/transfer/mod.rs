//! Sessions as files: `planaria export` and `planaria import`.

pub mod export;
mod form;
pub mod import;
mod plant;
mod renew;
#[cfg(test)]
mod tests;
mod verify;
