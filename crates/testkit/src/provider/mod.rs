//! The provider port: a scripted model and the conformance suite.
