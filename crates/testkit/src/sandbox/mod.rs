//! The sandbox port: simulated hands and the conformance suite.
