//! Sandbox drivers: they start hands and find them again.
