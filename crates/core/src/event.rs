//! Client events.
