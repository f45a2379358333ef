//! The hand: a process of its own that runs the tools of one session.
