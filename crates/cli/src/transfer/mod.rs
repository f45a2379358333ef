//! Sessions as files: `planaria export` and `planaria import`.

pub mod export;
mod form;
pub mod import;
mod plant;
mod renew;
mod verify;
