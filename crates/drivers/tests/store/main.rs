//! The embedded store, from outside: the port's suite, and what it must survive.

mod conformance;
mod corruption;
mod directory;
mod faults;
mod journal;
mod kill;
mod power_cut;
mod reopen;
mod support;
