//! Given a session, when something happens, expect these records and these effects.

use expect_test::Expect;
use planaria_core::session::Rejection;

use super::{World, records};

/// Compares what `when` adds to the log, and what must be in flight afterwards.
pub fn check<T>(
    mut given: World,
    when: impl FnOnce(&mut World) -> Result<T, Rejection>,
    expect: Expect,
) {
    let (before, state) = (given.log.len(), given.state.clone());
    let outcome = when(&mut given);
    let mut text = String::new();
    if let Err(rejection) = outcome {
        assert_eq!(given.state, state, "a refused command must not change anything");
        text = format!("{}: {rejection}\n", rejection.api_type());
    }
    text.push_str(&records(&given, before));
    expect.assert_eq(&super::name_ids(&given, &text));
}
