//! Adapters of the ports: everything that touches the outside.

pub mod store;
